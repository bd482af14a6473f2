// Restoring RAM from rows.
#include "namenode/namespace/startup.h"

#include <utility>

#include "common/status_macros.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {
namespace {

// Rows handed over per critical section.
constexpr size_t kBlockPage = 128;

// Scans a whole table; `row` returns the first damage it meets.
absl::Status ScanTable(const MetaSnapshot& snapshot, Table table,
                       absl::FunctionRef<absl::Status(std::string_view, std::string_view)> row) {
  absl::Status damage;
  RETURN_IF_ERROR(snapshot.Scan(table, "", "", [&](std::string_view key, std::string_view value) {
    damage = row(key, value);
    return damage.ok();
  }));
  return damage;
}

absl::Status RestoreCounters(const MetaSnapshot& snapshot, Counters& counters) {
  ASSIGN_OR_RETURN(counters.inode_id, LoadCounter(snapshot, meta_key::kLastInodeId));
  ASSIGN_OR_RETURN(counters.block_id, LoadCounter(snapshot, meta_key::kLastBlockId));
  ASSIGN_OR_RETURN(counters.generation_stamp,
                   LoadCounter(snapshot, meta_key::kLastGenerationStamp));
  ASSIGN_OR_RETURN(counters.inode_count, LoadCounter(snapshot, meta_key::kInodeCount));
  return absl::OkStatus();
}

}  // namespace

absl::Status RestoreState(const MetaSnapshot& snapshot, NamespaceState& state) {
  RETURN_IF_ERROR(RestoreCounters(snapshot, state.counters));
  state.stored = state.counters;
  state.PublishGenerationStamp();
  RETURN_IF_ERROR(ScanTable(snapshot, Table::kLeases, [&](std::string_view key, std::string_view) {
    ASSIGN_OR_RETURN(const LeaseName lease, ParseLeaseKey(key));
    state.leases.Add(lease.holder, lease.inode);
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(
      ScanTable(snapshot, Table::kRetry, [&](std::string_view key, std::string_view value) {
        ASSIGN_OR_RETURN(const Txid txid, ParseIdKey(key));
        ASSIGN_OR_RETURN(RetryRow row, DecodeRetry(value));
        state.retries.Restore(txid, std::move(row));
        return absl::OkStatus();
      }));
  RETURN_IF_ERROR(ScanTable(snapshot, Table::kPurge, [&](std::string_view key, std::string_view) {
    ASSIGN_OR_RETURN(const InodeId root, ParseIdKey(key));
    state.purge_queue.push_back(root);
    return absl::OkStatus();
  }));
  state.changed_while_loading.emplace();
  return absl::OkStatus();
}

absl::Status LoadBlockRows(const MetaSnapshot& snapshot, BlockManager& blocks, OpRunner& runner,
                           const std::atomic<bool>& stopping) {
  std::vector<BlockRow> page;
  const auto hand_over = [&] {
    runner.WithState([&](NamespaceState& state) {
      std::erase_if(page, [&](const BlockRow& row) {
        return state.changed_while_loading->contains(row.id) || blocks.Find(row.id).has_value();
      });
      if (!page.empty()) blocks.Load(page);
    });
    page.clear();
  };
  absl::Status status =
      ScanTable(snapshot, Table::kBlocks, [&](std::string_view key, std::string_view value) {
        if (stopping) return absl::CancelledError("stopping");
        ASSIGN_OR_RETURN(BlockRow row, DecodeBlock(key, value));
        page.push_back(row);
        if (page.size() >= kBlockPage) hand_over();
        return absl::OkStatus();
      });
  if (absl::IsCancelled(status)) return absl::OkStatus();
  RETURN_IF_ERROR(status);
  hand_over();
  runner.WithState([](NamespaceState& state) { state.changed_while_loading.reset(); });
  blocks.LoadingDone();
  return absl::OkStatus();
}

}  // namespace cairn::namenode
