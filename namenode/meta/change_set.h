// Merges the changes of many batches: the last writer of a key wins.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/types/ids.h"
#include "namenode/meta/journal_format.h"

namespace cairn::namenode {

// Thread-compatible. Holds views: the payloads must outlive their use.
class ChangeSet {
 public:
  // Adds the transactions [first, last], after all that were added before. kDataLoss when the
  // payload is not decodable.
  absl::Status Add(std::string_view payload, Txid first, Txid last);
  // One change per key, by table and key. Valid until the next call.
  const std::vector<ChangeView>& Sorted();
  bool empty() const { return last_txid_ == 0; }
  // Of the transactions added; 0 when there are none.
  Txid last_txid() const { return last_txid_; }
  // Forgets everything but its memory: what comes next need not ask the system for it again.
  void Clear();

 private:
  // A change, with as much of its key as one comparison decides.
  struct Place {
    uint64_t key_begin = 0;
    uint32_t change = 0;
  };

  bool Before(const Place& a, const Place& b) const;

  std::vector<ChangeView> changes_;                     // in order
  std::array<std::vector<Place>, kTableCount> tables_;  // where a table's changes are in it
  std::vector<ChangeView> sorted_;
  Txid last_txid_ = 0;
};

}  // namespace cairn::namenode
