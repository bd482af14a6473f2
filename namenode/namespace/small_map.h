// A map of a few entries, mostly.
#pragma once

#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

namespace cairn::namenode {

// Keeps entries in the order in which they were added and compares keys one after the other; only
// when there are many does it hash. Entries are never removed. `Hash` and `Eq` are transparent if
// they are to look for something else than a Key. Thread-compatible.
template <typename Key, typename Value, typename Hash, typename Eq>
class SmallMap {
 public:
  using Entry = std::pair<Key, Value>;

  // The entry's value; null when there is none. Valid until the next Add.
  template <typename Lookup>
  const Value* Find(const Lookup& key) const {
    const size_t at = IndexOf(key);
    return at == entries_.size() ? nullptr : &entries_[at].second;
  }
  // The entry's value, which is made (a default one) when there is none, and whether it was made.
  std::pair<Value&, bool> Add(const Key& key) {
    const size_t at = IndexOf(key);
    if (at < entries_.size()) return {entries_[at].second, false};
    entries_.emplace_back(key, Value());
    if (entries_.size() == kFew + 1) {
      for (size_t i = 0; i < entries_.size(); ++i) index_.emplace(entries_[i].first, i);
    } else if (entries_.size() > kFew) {
      index_.emplace(key, at);
    }
    return {entries_[at].second, true};
  }

  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  static constexpr size_t kFew = 8;

  // The place of the key's entry; the number of entries when there is none.
  template <typename Lookup>
  size_t IndexOf(const Lookup& key) const {
    if (entries_.size() > kFew) {
      const auto found = index_.find(key);
      return found == index_.end() ? entries_.size() : found->second;
    }
    size_t at = 0;
    while (at < entries_.size() && !Eq()(entries_[at].first, key)) ++at;
    return at;
  }

  absl::InlinedVector<Entry, 4> entries_;
  absl::flat_hash_map<Key, size_t, Hash, Eq> index_;  // once there are more than kFew
};

}  // namespace cairn::namenode
