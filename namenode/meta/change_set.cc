// Merging of changes.
#include "namenode/meta/change_set.h"

#include <tuple>

namespace cairn::namenode {

absl::Status ChangeSet::Add(std::string_view payload, Txid first, Txid last) {
  last_txid_ = last;
  return ForEachChange(payload, first, last, [this](const ChangeView& change) {
    const Key key(static_cast<uint8_t>(change.table), change.key);
    const auto [it, fresh] = changes_.try_emplace(key, change);
    if (fresh) return;
    it->second = change;
    it->second.repeated = true;
  });
}

std::vector<ChangeView> ChangeSet::Sorted() const {
  std::vector<ChangeView> sorted;
  sorted.reserve(changes_.size());
  for (const auto& [key, change] : changes_) sorted.push_back(change);
  std::sort(sorted.begin(), sorted.end(), [](const ChangeView& a, const ChangeView& b) {
    return std::tie(a.table, a.key) < std::tie(b.table, b.key);
  });
  return sorted;
}

}  // namespace cairn::namenode
