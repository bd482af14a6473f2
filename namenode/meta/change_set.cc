// Merging of changes: sorted rather than hashed, since the tables want them sorted anyway.
#include "namenode/meta/change_set.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cairn::namenode {
namespace {

// The first bytes of a key as a number that compares as they do; a short key is filled up with
// zeros.
uint64_t BeginOf(std::string_view key) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t begin = 0;
  std::memcpy(&begin, key.data(), std::min(key.size(), sizeof(begin)));
  return __builtin_bswap64(begin);
}

}  // namespace

absl::Status ChangeSet::Add(std::string_view payload, Txid first, Txid last) {
  last_txid_ = last;
  return ForEachChange(payload, first, last, [this](const ChangeView& change) {
    tables_[static_cast<size_t>(change.table)].push_back(
        {BeginOf(change.key), static_cast<uint32_t>(changes_.size())});
    changes_.push_back(change);
  });
}

bool ChangeSet::Before(const Place& a, const Place& b) const {
  if (a.key_begin != b.key_begin) return a.key_begin < b.key_begin;
  const int order = changes_[a.change].key.compare(changes_[b.change].key);
  return order != 0 ? order < 0 : a.change < b.change;
}

const std::vector<ChangeView>& ChangeSet::Sorted() {
  sorted_.clear();
  for (std::vector<Place>& places : tables_) {
    std::sort(places.begin(), places.end(),
              [this](const Place& a, const Place& b) { return Before(a, b); });
    const size_t begin = sorted_.size();
    for (const Place& place : places) {
      const ChangeView& change = changes_[place.change];
      if (sorted_.size() > begin && sorted_.back().key == change.key) {
        sorted_.back() = change;
        sorted_.back().repeated = true;
      } else {
        sorted_.push_back(change);
      }
    }
  }
  return sorted_;
}

void ChangeSet::Clear() {
  changes_.clear();
  for (std::vector<Place>& places : tables_) places.clear();
  sorted_.clear();
  last_txid_ = 0;
}

}  // namespace cairn::namenode
