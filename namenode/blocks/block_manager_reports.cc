// What DataNodes tell, and the commands they get.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/blocks/block_manager_impl.h"

namespace cairn::namenode {

absl::StatusOr<uint64_t> BlockManagerImpl::Register(const DatanodeRegistration& registration) {
  const DatanodeId& id = registration.id;
  const auto differs = [](const std::string& theirs, const std::string& ours) {
    return !theirs.empty() && theirs != ours;
  };
  if (id.uuid.empty()) return errors::DisallowedDatanode("DataNode without a uuid");
  if (differs(registration.cluster_id, options_.cluster_id) ||
      differs(registration.block_pool_id, options_.block_pool_id)) {
    return errors::IncorrectVersion(
        fmt::format("DataNode {} at {} belongs to cluster {}, block pool {}; this is cluster {}, "
                    "block pool {}",
                    id.uuid, id.XferAddress(), registration.cluster_id, registration.block_pool_id,
                    options_.cluster_id, options_.block_pool_id));
  }
  const std::string rack = racks_.Resolve(id.ip_addr, id.host_name);
  MutexLock lock(mu_);
  if (!hosts_.Includes(id)) {
    return errors::DisallowedDatanode(fmt::format(
        "Datanode denied communication with namenode because the host is not in the include-list: "
        "{}",
        id.XferAddress()));
  }
  const RegisterOutcome outcome =
      state_.nodes.Register(registration, rack, clock_.MonotonicMs(), clock_.WallMs());
  lost_.insert(lost_.end(), outcome.lost.begin(), outcome.lost.end());
  for (const StorageIndex storage : outcome.lost) {
    const NodeIndex owner = state_.nodes.NodeOf(storage);
    if (owner != outcome.node) ForgetWork(owner);
  }
  ForgetWork(outcome.node);
  DatanodeState& node = state_.nodes.node(outcome.node);
  node.registration = ++registrations_;
  SetService(outcome.node);
  spdlog::info("DataNode {} ({}, {}) registered in rack {}", id.uuid, id.XferAddress(),
               id.host_name, rack);
  UpdateSafeMode();
  return node.registration;
}

absl::StatusOr<NodeIndex> BlockManagerImpl::FindLive(std::string_view uuid) const {
  const auto node = state_.nodes.FindByUuid(uuid);
  if (!node || !state_.nodes.node(*node).alive) {
    return errors::UnregisteredNode(
        fmt::format("DataNode {} is {}: it must register", uuid, node ? "dead" : "not known"));
  }
  return *node;
}

absl::Status BlockManagerImpl::CheckRegistration(std::string_view uuid,
                                                 uint64_t registration) const {
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const NodeIndex node, FindLive(uuid));
  if (state_.nodes.node(node).registration != registration) {
    return errors::UnregisteredNode(fmt::format("DataNode {} has registered anew since", uuid));
  }
  return absl::OkStatus();
}

absl::StatusOr<DatanodeCommands> BlockManagerImpl::Heartbeat(const HeartbeatRequest& request) {
  MutexLock lock(mu_);
  DatanodeCommands commands;
  const auto node = FindLive(request.uuid);
  if (!node.ok()) {
    commands.reregister = true;
    return commands;
  }
  const DatanodeState& known = state_.nodes.node(*node);
  if (known.ip_as_seen && known.id.ip_addr != request.seen_ip) {
    spdlog::info("DataNode {} ({}) calls from {} now: it must register", request.uuid,
                 known.id.XferAddress(), request.seen_ip);
    commands.reregister = true;
    return commands;
  }
  const auto lost = state_.nodes.Heartbeat(*node, request, clock_.MonotonicMs(), clock_.WallMs());
  lost_.insert(lost_.end(), lost.begin(), lost.end());
  DatanodeState& state = state_.nodes.node(*node);
  commands.balancer_bandwidth = std::exchange(state.balancer_bandwidth, 0);
  if (state_.loading) return commands;
  commands.send_full_report = std::exchange(state.report_wanted, false);
  if (safe_mode_.on()) return commands;
  commands.recoveries = TakeRecoveries(*node);
  commands.transfers = TakeTransfers(*node);
  commands.invalidate = TakeInvalidations(*node);
  return commands;
}

std::vector<TransferCommand> BlockManagerImpl::TakeTransfers(NodeIndex node) {
  std::vector<TransferCommand> commands;
  const auto it = state_.transfers.find(node);
  if (it == state_.transfers.end()) return commands;
  DatanodeState& state = state_.nodes.node(node);
  const Txid durable = Durable();
  std::vector<QueuedTransfer> later;
  for (QueuedTransfer& transfer : it->second) {
    const BlockRecord* record = state_.blocks.Find(transfer.block.id);
    if (record == nullptr || !record->complete() ||
        record->generation_stamp() != transfer.block.generation_stamp) {
      continue;  // deleted or written again since
    }
    if (transfer.txid > durable ||
        state.transfers_in_progress >= state_.pace.max_streams_hard_limit) {
      later.push_back(std::move(transfer));
      continue;
    }
    TransferCommand command{{options_.block_pool_id, transfer.block}, {}};
    for (const StorageIndex target : transfer.targets) {
      if (!state_.nodes.node(state_.nodes.NodeOf(target)).alive) continue;
      command.targets.push_back(state_.Location(target, clock_.MonotonicMs()));
    }
    if (command.targets.empty()) continue;
    ++state.transfers_in_progress;  // until the next heartbeat tells
    commands.push_back(std::move(command));
  }
  if (later.empty()) {
    state_.transfers.erase(it);
  } else {
    it->second = std::move(later);
  }
  return commands;
}

std::vector<Block> BlockManagerImpl::TakeInvalidations(NodeIndex node) {
  std::vector<Block> blocks;
  for (const Invalidation& invalidation :
       state_.invalidations.Take(node, state_.pace.invalidate_limit, Durable())) {
    if (ledger_.StillToDelete(node, invalidation)) blocks.push_back(invalidation.block);
  }
  return blocks;
}

absl::Status BlockManagerImpl::ReportChunkReceived(std::string_view uuid,
                                                   const ReportChunk& chunk) {
  RETURN_IF_ERROR(ReportProcessor::Check(chunk));
  StorageIndex storage = kNoStorage;
  uint64_t registration = 0;
  std::optional<ReportProcessor::Cursor> cursor;
  {
    MutexLock lock(mu_);
    ASSIGN_OR_RETURN(const NodeIndex node, FindLive(uuid));
    DatanodeState& state = state_.nodes.node(node);
    if (state_.loading) {  // what is unknown now may be known soon
      state.report_wanted = true;
      return absl::OkStatus();
    }
    registration = state.registration;
    storage = state_.nodes.EnsureStorage(node, chunk.storage_id, StorageType::kDisk);
    cursor = reports_.Begin(storage, chunk);
    if (!cursor) return absl::OkStatus();
  }
  while (true) {
    MutexLock lock(mu_);
    const DatanodeState& node = state_.nodes.node(state_.nodes.NodeOf(storage));
    if (!node.alive || node.registration != registration) {
      return errors::UnregisteredNode(fmt::format("DataNode {} was lost while it reported", uuid));
    }
    reports_.Step(storage, chunk, *cursor, options_.lock_yield_items);
    if (!cursor->done) continue;
    if (reports_.End(storage, chunk, clock_.WallMs())) {
      spdlog::info("First full report of storage {} of DataNode {}: {} replicas", chunk.storage_id,
                   uuid, state_.blocks.Stored(storage).size());
    }
    UpdateSafeMode();
    return absl::OkStatus();
  }
}

absl::Status BlockManagerImpl::ReplicasChanged(std::string_view uuid, std::string_view storage_id,
                                               absl::Span<const ReplicaChange> changes) {
  while (!changes.empty()) {
    const size_t part = std::min<size_t>(changes.size(), options_.lock_yield_items);
    MutexLock lock(mu_);
    ASSIGN_OR_RETURN(const NodeIndex node, FindLive(uuid));
    if (state_.loading) {
      state_.nodes.node(node).report_wanted = true;
      return absl::OkStatus();
    }
    const StorageIndex storage =
        state_.nodes.EnsureStorage(node, std::string(storage_id), StorageType::kDisk);
    for (const ReplicaChange& change : changes.subspan(0, part)) reports_.Change(storage, change);
    UpdateSafeMode();
    changes.remove_prefix(part);
  }
  return absl::OkStatus();
}

void BlockManagerImpl::MarkCorrupt(const Block& block, std::string_view datanode_uuid,
                                   std::string_view storage_id) {
  MutexLock lock(mu_);
  const auto node = state_.nodes.FindByUuid(datanode_uuid);
  if (!node) return;
  for (const StorageIndex storage : state_.nodes.node(*node).storages) {
    if (storage_id.empty() || state_.nodes.storage(storage).id == storage_id) {
      ledger_.MarkCorrupt(block, storage);
    }
  }
}

void BlockManagerImpl::DatanodeFailed(std::string_view uuid) {
  MutexLock lock(mu_);
  const auto node = state_.nodes.FindByUuid(uuid);
  if (!node || !state_.nodes.node(*node).alive) return;
  spdlog::warn("DataNode {} is dead: it reports that none of its volumes works", uuid);
  state_.nodes.MarkDead(*node);
  NodeLost(*node);
}

// The node is dead: what it held is forgotten little by little, what it was to do at once.
void BlockManagerImpl::NodeLost(NodeIndex node) {
  const auto& storages = state_.nodes.node(node).storages;
  lost_.insert(lost_.end(), storages.begin(), storages.end());
  ForgetWork(node);
}

void BlockManagerImpl::ForgetWork(NodeIndex node) {
  state_.transfers.erase(node);
  state_.invalidations.DropNode(node);
  state_.recoveries.DropNode(node);
  for (const BlockId block : state_.pending.DropNode(node)) ledger_.Reevaluate(block);
}

}  // namespace cairn::namenode
