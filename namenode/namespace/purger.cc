// Batches of a purge. The cursor of a purge row is empty while leases are being ended, then 'B'
// followed by the name of the last child of the root below which nothing is left.
#include "namenode/namespace/purger.h"

#include <spdlog/spdlog.h>
#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "common/status_macros.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {
namespace {
constexpr char kBlocksPhase = 'B';
// How soon a wait for the store notices Stop.
constexpr std::chrono::milliseconds kStopCheck(100);
}  // namespace

absl::StatusOr<bool> Purger::Step() {
  if (deps_.blocks.loading() || deps_.blocks.InSafeMode()) return false;
  if (!job_) {
    ASSIGN_OR_RETURN(const bool found, NextJob());
    if (!found) return false;
  }
  deps_.store.WaitForRoom();
  const absl::Status status = job_->blocks_phase ? BlockStep() : LeaseStep();
  if (!status.ok() || job_->done) job_.reset();  // an error: begins again from the row
  RETURN_IF_ERROR(status);
  return true;
}

void Purger::Drain() {
  while (!stopping_) {
    const absl::StatusOr<bool> more = Step();
    if (!more.ok()) {
      spdlog::error("reclaiming a deleted subtree: {}", more.status().ToString());
      runner_.ReportDamage(more.status());
    }
    if (!more.ok() || !*more) return;
  }
}

absl::StatusOr<bool> Purger::NextJob() {
  while (true) {
    InodeId root = 0;
    Txid unlinked = 0;
    runner_.WithState([&](NamespaceState& state) {
      if (!state.purge_queue.empty()) root = state.purge_queue.front();
      unlinked = deps_.store.last_appended();
    });
    if (root == 0) return false;
    RETURN_IF_ERROR(deps_.store.WaitApplied(unlinked));
    const std::string key = IdKey(root);
    ASSIGN_OR_RETURN(const auto value, deps_.store.Snapshot()->Get(Table::kPurge, key));
    if (value) {
      ASSIGN_OR_RETURN(PurgeRow row, DecodePurge(key, *value));
      job_ = std::make_unique<Job>();
      job_->row = std::move(row);
      BeginPhase(!job_->row.cursor.empty());
      return true;
    }
    runner_.WithState([&](NamespaceState& state) { state.purge_queue.pop_front(); });
  }
}

void Purger::BeginPhase(bool blocks_phase) {
  Job& job = *job_;
  job.blocks_phase = blocks_phase;
  if (blocks_phase && job.row.cursor.size() > 1) job.last_finished = job.row.cursor.substr(1);
  job.cursor = std::make_unique<TreeCursor>([this] { return deps_.store.Snapshot(); }, job.row.root,
                                            "", job.last_finished);
}

absl::Status Purger::LeaseStep() {
  std::vector<std::pair<std::string, InodeId>> leases;
  std::vector<BlockId> blocks;
  bool more = true;
  for (int visited = 0; more && visited < options_.purge_batch_rows; ++visited) {
    ASSIGN_OR_RETURN(more, job_->cursor->Next());
    const Inode& inode = job_->cursor->inode();
    if (!more || !inode.is_file()) continue;
    blocks.insert(blocks.end(), inode.blocks.begin(), inode.blocks.end());
    if (inode.under_construction) {
      leases.emplace_back(inode.under_construction->client_name, inode.id);
    }
  }
  if (!blocks.empty()) deps_.blocks.MarkUnlinked(blocks);
  if (!leases.empty()) {
    AwaitDurable(runner_.CommitInternal([&](TxnImpl& txn, NamespaceState&) {
      for (const auto& [holder, inode] : leases) txn.RemoveLease(holder, inode);
    }));
  }
  if (!more) BeginPhase(true);
  return absl::OkStatus();
}

absl::StatusOr<bool> Purger::Gather(std::vector<Inode>& batch) {
  Job& job = *job_;
  ASSIGN_OR_RETURN(const bool more, job.cursor->Next());
  if (!more) return false;
  const Inode& inode = job.cursor->inode();
  if (job.cursor->depth() == 0) {  // the root's row is gone already
    if (!job.cursor->leaving()) job.blocks = inode.blocks;
    return true;
  }
  if (inode.is_directory() && !job.cursor->leaving()) return true;
  if (inode.is_file() && !inode.blocks.empty()) {
    job.blocks = inode.blocks;
    job.file = inode;
    job.file_below_root = job.cursor->depth() == 1;
    return true;
  }
  batch.push_back(inode);
  if (job.cursor->depth() == 1) job.last_finished = inode.name;
  return true;
}

absl::Status Purger::BlockStep() {
  Job& job = *job_;
  std::vector<Inode> rows;
  std::vector<BlockId> blocks;
  bool more = true;
  const size_t budget = static_cast<size_t>(std::max(1, options_.purge_batch_rows));
  for (size_t visited = 0; visited < budget && blocks.size() + rows.size() < budget; ++visited) {
    if (job.blocks.empty()) {
      ASSIGN_OR_RETURN(more, Gather(rows));
      if (!more) break;
    }
    while (!job.blocks.empty() && blocks.size() + rows.size() < budget) {
      blocks.push_back(job.blocks.back());
      job.blocks.pop_back();
    }
    if (job.blocks.empty() && job.file) {
      if (job.file_below_root) job.last_finished = job.file->name;
      rows.push_back(*std::exchange(job.file, std::nullopt));
    }
  }
  job.row.cursor = kBlocksPhase + job.last_finished;
  AwaitDurable(runner_.CommitInternal([&](TxnImpl& txn, NamespaceState& state) {
    for (const BlockId block : blocks) txn.RemoveBlock(block);
    for (const Inode& row : rows) txn.Remove(row);
    if (more) {
      txn.writes().purge_progress.push_back(job.row);
    } else {
      txn.writes().purges_done.push_back(job.row.root.id);
      state.purge_queue.pop_front();
    }
  }));
  job.done = !more;
  return absl::OkStatus();
}

void Purger::AwaitDurable(Txid txid) {
  if (txid == 0) return;
  auto durable = std::make_shared<std::promise<void>>();
  deps_.store.WhenDurable(txid, [durable] { durable->set_value(); });
  const auto future = durable->get_future();
  // A store that has failed makes nothing durable any more.
  while (!stopping_ && future.wait_for(kStopCheck) == std::future_status::timeout) {
  }
}

}  // namespace cairn::namenode
