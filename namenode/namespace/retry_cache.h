// Exactly once: which remembered calls are running, and what the finished ones answered.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "common/clock.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"
#include "namenode/namespace/caller.h"

namespace cairn::namenode {

class OpTask;

// Thread-compatible: guarded by the namespace lock. Only calls with CallId::remembered() may be
// given. An entry lives `expiry_ms` of monotonic time, less when there are more than `max_entries`.
class RetryCache {
 public:
  enum class State { kUnknown, kRunning, kFinished };
  // A call as the cache knows it.
  struct Seen {
    State state = State::kUnknown;
    Txid txid = 0;      // finished: the reply may leave once this is durable
    std::string reply;  // finished: encoded result
  };

  // `clock` must outlive this.
  RetryCache(const Clock& clock, int64_t expiry_ms, int64_t max_entries)
      : clock_(clock), expiry_ms_(expiry_ms), max_entries_(max_entries) {}

  Seen Look(const CallId& call) const;
  // The call goes on without the lock; duplicates wait from now on.
  void Start(const CallId& call);
  // `task` is a duplicate of a running call: it is handed back when that ends.
  void Wait(const CallId& call, std::shared_ptr<OpTask> task);
  // The call has succeeded. `stored`: its reply is in a row of transaction `txid`. Returns the
  // duplicates that waited.
  std::vector<std::shared_ptr<OpTask>> Finish(const CallId& call, Txid txid, bool stored,
                                              std::string reply);
  // The call has failed and is forgotten. Returns the duplicates that waited.
  std::vector<std::shared_ptr<OpTask>> Fail(const CallId& call);
  // All duplicates that wait; they are no longer waited for.
  std::vector<std::shared_ptr<OpTask>> TakeWaiters();

  // An entry of the table, at start, in order of txid. It lives as long as a new one: how old it is
  // only the wall clock could tell, which may have jumped.
  void Restore(Txid txid, RetryRow row);
  // Forgets entries that expired or are over the cap; up to `limit` transactions whose rows are to
  // be deleted. Those not taken are returned by the next call.
  std::vector<Txid> TakeExpired(size_t limit);

  size_t size() const { return calls_.size(); }

 private:
  struct Key {
    std::array<uint64_t, ClientId::kBytes / sizeof(uint64_t)> client_id;
    int64_t call_id;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.client_id[0], key.client_id[1], key.call_id);
    }
  };
  struct Call {
    bool finished = false;
    Txid txid = 0;
    std::string reply;
    std::vector<std::shared_ptr<OpTask>> waiters;
  };
  struct Expiry {
    int64_t at_ms;
    Key key;
    Txid txid;
    bool stored;
  };

  static Key KeyOf(std::string_view client_id, int64_t call_id);
  static Key KeyOf(const CallId& call) { return KeyOf(call.client_id.bytes(), call.call_id); }
  void ForgetFront();

  const Clock& clock_;
  const int64_t expiry_ms_;
  const int64_t max_entries_;
  absl::node_hash_map<Key, Call> calls_;  // nodes: growing moves pointers only
  std::deque<Expiry> order_;              // finished calls, oldest first
  std::deque<Txid> expired_rows_;         // forgotten, their rows not yet deleted
};

}  // namespace cairn::namenode
