// Merges the changes of many batches: the last writer of a key wins.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/types/ids.h"
#include "namenode/meta/journal_format.h"

namespace cairn::namenode {

// Thread-compatible. Holds views: the payloads must outlive it.
class ChangeSet {
 public:
  // `payload_bytes`: of all that will be added, about; a set that need not grow is half the work.
  explicit ChangeSet(size_t payload_bytes = 0) {
    constexpr size_t kTypicalChangeBytes = 128;
    changes_.reserve(payload_bytes / kTypicalChangeBytes);
  }

  // Adds the transactions [first, last], after all that were added before. kDataLoss when the
  // payload is not decodable.
  absl::Status Add(std::string_view payload, Txid first, Txid last);
  // One change per key, by table and key.
  std::vector<ChangeView> Sorted() const;
  bool empty() const { return last_txid_ == 0; }
  // Of the transactions added; 0 when there are none.
  Txid last_txid() const { return last_txid_; }

 private:
  using Key = std::pair<uint8_t, std::string_view>;
  absl::flat_hash_map<Key, ChangeView> changes_;
  Txid last_txid_ = 0;
};

}  // namespace cairn::namenode
