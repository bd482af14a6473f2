// What one DfsClient shares with its streams: options, the way to the NameNode with retries, idle
// DataNode connections, leases.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "client/base/connection_cache.h"
#include "client/base/lease_renewer.h"
#include "client/base/retry_policy.h"
#include "client/client_options.h"
#include "client/namenode_stub.h"
#include "common/clock.h"
#include "common/random.h"

namespace cairn::client {

// The outside of a client, injected.
struct ClientEnvironment {
  const Clock* clock = nullptr;    // must outlive the client
  std::shared_ptr<Random> random;  // shared with the test that repeats a seed
  // Pauses the calling thread; tests replace it.
  std::function<void(int64_t ms)> sleep;
  // Whether a numeric address is one of this machine's.
  std::function<bool(const std::string& ip)> is_local_address;
  // Asks a DataNode how many bytes of its replica readers may see. kReplicaNotFound: it has none.
  // Null: nobody can be asked, and readers see what the NameNode knows.
  std::function<absl::StatusOr<int64_t>(const DatanodeId&, const ExtendedBlock&)> visible_length;

  // The machine's clock, a new random source and real sleep.
  static ClientEnvironment Real();
};

// How a call is retried.
enum class RetryMode {
  kPlain,         // safe mode is an error at once
  kOnOpenFile,    // safe mode is waited for as well: the file is already being written
  kSingleAttempt  // background work that comes again by itself
};

// Thread-safe.
class ClientContext {
 public:
  ClientContext(ClientOptions options, std::unique_ptr<NamenodeStub> stub,
                ClientEnvironment environment);
  ~ClientContext();

  const ClientOptions& options() const { return options_; }
  const std::string& client_name() const { return client_name_; }
  const Clock& clock() const { return *environment_.clock; }
  Random& random() const { return *environment_.random; }
  void Sleep(int64_t ms) const { environment_.sleep(ms); }
  const ClientEnvironment& environment() const { return environment_; }
  ConnectionCache& connections() { return connections_; }
  LeaseRenewer& leases() { return leases_; }

  // Calls `attempt(stub, call)`, which returns a Status or StatusOr, until it succeeds or the
  // retry policy gives up; all attempts share one call id.
  template <typename Attempt>
  auto Call(RetryMode mode, const Attempt& attempt)
      -> std::invoke_result_t<Attempt, NamenodeStub&, const CallContext&> {
    CallContext call{next_call_id_.fetch_add(1), 0, TimeoutMs(mode)};
    while (true) {
      auto result = attempt(*stub_, call);
      if (result.ok() || !PauseBeforeRetry(StatusOf(result), mode, call)) return result;
      ++call.attempt;
    }
  }

 private:
  static const absl::Status& StatusOf(const absl::Status& status) { return status; }
  template <typename T>
  static const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
    return result.status();
  }
  int64_t TimeoutMs(RetryMode mode) const;
  // Sleeps and returns true when the call should be made again.
  bool PauseBeforeRetry(const absl::Status& status, RetryMode mode, const CallContext& call) const;

  const ClientOptions options_;
  const ClientEnvironment environment_;
  const RetryPolicy retry_policy_;
  const std::string client_name_;
  const std::unique_ptr<NamenodeStub> stub_;
  std::atomic<int64_t> next_call_id_{0};
  ConnectionCache connections_;
  LeaseRenewer leases_;
};

}  // namespace cairn::client
