// Rows in memory, for tests of code that reads a MetaSnapshot.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "namenode/meta/meta_store.h"

namespace cairn::namenode {

// A MetaSnapshot over a map. Thread-compatible.
class MapSnapshot : public MetaSnapshot {
 public:
  // Applies the changes in order.
  void Apply(const std::vector<RowChange>& changes) {
    for (const RowChange& change : changes) {
      auto& rows = tables_[static_cast<size_t>(change.table)];
      if (change.value) {
        rows[change.key] = *change.value;
      } else {
        rows.erase(change.key);
      }
    }
  }
  // Rows in a table.
  size_t size(Table table) const { return tables_[static_cast<size_t>(table)].size(); }

  Txid txid() const override { return 0; }
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key) const override {
    const auto& rows = tables_[static_cast<size_t>(table)];
    const auto it = rows.find(key);
    if (it == rows.end()) return std::optional<std::string>();
    return std::optional<std::string>(it->second);
  }
  absl::Status Scan(
      Table table, std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> row) const override {
    const auto& rows = tables_[static_cast<size_t>(table)];
    for (auto it = rows.lower_bound(begin); it != rows.end(); ++it) {
      if (!end.empty() && it->first >= end) break;
      if (!row(it->first, it->second)) break;
    }
    return absl::OkStatus();
  }

 private:
  std::array<std::map<std::string, std::string, std::less<>>, kTableCount> tables_;
};

// Whether every field is the same.
inline bool SameInode(const Inode& a, const Inode& b) {
  return a.id == b.id && a.parent_id == b.parent_id && a.name == b.name && a.kind == b.kind &&
         a.mode == b.mode && a.owner == b.owner && a.group == b.group && a.mtime_ms == b.mtime_ms &&
         a.atime_ms == b.atime_ms && a.changed_txid == b.changed_txid &&
         a.storage_policy == b.storage_policy && a.child_count == b.child_count &&
         a.length == b.length && a.replication == b.replication && a.block_size == b.block_size &&
         a.blocks == b.blocks && a.under_construction == b.under_construction &&
         a.symlink_target == b.symlink_target;
}

}  // namespace cairn::namenode
