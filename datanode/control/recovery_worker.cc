// Block recovery with this DataNode as the primary. Source of the rules: Hadoop 3.4
// BlockRecoveryWorker; data-transfer facts, "Block states and recovery".
#include "datanode/control/recovery_worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::datanode {

namespace {

// Recoveries at a time, and calls of theirs to DataNodes: three locations are usual.
constexpr int kRecoveryThreads = 4;
constexpr int kCallThreads = 12;

std::string NodeName(const DatanodeId& id) { return id.XferAddress(); }

std::string NodeNames(const std::vector<ReplicaLocation>& locations) {
  std::string names;
  for (const ReplicaLocation& location : locations) {
    names += names.empty() ? "" : ", ";
    names += NodeName(location.datanode.id);
  }
  return names;
}

// One entry a DataNode: asking one twice would find the recovery of the first question.
std::vector<ReplicaLocation> OnePerNode(const std::vector<ReplicaLocation>& locations) {
  std::vector<ReplicaLocation> nodes;
  for (const ReplicaLocation& location : locations) {
    const bool known = std::any_of(nodes.begin(), nodes.end(), [&](const ReplicaLocation& other) {
      return other.datanode.id.uuid == location.datanode.id.uuid;
    });
    if (!known) nodes.push_back(location);
  }
  return nodes;
}

// FINALIZED before RBW before RWR: HDFS's numbers rise in that order.
bool IsRecoverable(ReplicaState state) {
  return state == ReplicaState::kFinalized || state == ReplicaState::kBeingWritten ||
         state == ReplicaState::kWaitingToBeRecovered;
}

// A replica that never stopped being written (or was finished) has every acknowledged byte: if it
// is empty, none was. An RWR may have lost some with its machine.
bool ProvesEmpty(const RecoveryCandidate& candidate) {
  const ReplicaState state = candidate.replica.original_state;
  return candidate.replica.block.num_bytes == 0 &&
         (state == ReplicaState::kFinalized || state == ReplicaState::kBeingWritten);
}

// The bytes that every replica of use has, since the NameNode was told of them or keeps them.
int64_t NeededLength(const RecoveryOrder& order) {
  return order.truncate_to.value_or(order.block.block.num_bytes);
}

// What does not come to light now is lost: nobody else can have a replica.
bool HeardEveryone(const RecoveryOrder& order, size_t unanswered) {
  return unanswered == 0 && order.absent == AbsentReplicas::kNone;
}

absl::Status MayBeElsewhere(const RecoveryOrder& order, size_t unanswered, std::string_view what) {
  return errors::Io(fmt::format("{} of {} at [{}], but {} of these did not answer and {}", what,
                                order.block.ToString(), NodeNames(order.locations), unanswered,
                                order.absent == AbsentReplicas::kNone
                                    ? "may have more"
                                    : "other DataNodes of its pipeline may have more"));
}

// Nobody who answered has a byte. HDFS deletes the block even when only one node has answered; here
// it takes all of them, or a replica that proves that nothing was acknowledged.
absl::StatusOr<RecoveryPlan> PlanWithoutData(const RecoveryOrder& order,
                                             const std::vector<RecoveryCandidate>& found,
                                             size_t unanswered) {
  const bool bytes_known = order.block.block.num_bytes > 0;
  const bool unlikely = unanswered == 0 && order.absent != AbsentReplicas::kAwaited;
  if (HeardEveryone(order, unanswered) ||
      (!bytes_known && (unlikely || std::any_of(found.begin(), found.end(), ProvesEmpty)))) {
    return RecoveryPlan{.delete_block = true};
  }
  return MayBeElsewhere(order, unanswered, "No replica with data was found");
}

// Nothing is written to a replica behind the packet that finalizes it, so none of its stamp is
// longer: one that is shorter was finalized and lost its end with its machine. HDFS would cut the
// others to it.
bool LostItsEnd(const RecoveryCandidate& candidate, const std::vector<RecoveryCandidate>& found) {
  if (candidate.replica.original_state != ReplicaState::kFinalized) return false;
  const Block& block = candidate.replica.block;
  return std::any_of(found.begin(), found.end(), [&](const RecoveryCandidate& other) {
    return IsRecoverable(other.replica.original_state) &&
           other.replica.block.generation_stamp == block.generation_stamp &&
           other.replica.block.num_bytes > block.num_bytes;
  });
}

absl::StatusOr<int64_t> FinalizedLength(const RecoveryOrder& order,
                                        const std::vector<RecoveryCandidate>& usable) {
  int64_t length = -1;
  for (const RecoveryCandidate& candidate : usable) {
    if (candidate.replica.original_state != ReplicaState::kFinalized) continue;
    const int64_t bytes = candidate.replica.block.num_bytes;
    // Cut by an earlier attempt at this truncation, of which the NameNode was not told.
    if (order.truncate_to && bytes == *order.truncate_to) continue;
    if (length >= 0 && bytes != length) {
      return errors::Io(fmt::format(
          "Inconsistent size of finalized replicas of {}. Replica at {} has {} bytes "
          "expected size: {}",
          order.block.ToString(), NodeName(candidate.location.datanode.id), bytes, length));
    }
    length = bytes;
  }
  return length >= 0 || !order.truncate_to ? length : *order.truncate_to;
}

// An RWR without a reason to think otherwise has every acknowledged byte: it was only its process
// that died. The shortest of those decides, as in HDFS. Others take part if they are as long. Where
// all may have lost bytes, what one has more than another may be what the other lost.
absl::StatusOr<int64_t> WaitingLength(const RecoveryOrder& order,
                                      const std::vector<RecoveryCandidate>& usable,
                                      size_t unanswered) {
  constexpr int64_t kNobody = std::numeric_limits<int64_t>::max();
  const int64_t needed = NeededLength(order);
  int64_t shortest_whole = kNobody;
  int64_t shortest_long_enough = kNobody;
  int64_t longest = 0;
  for (const RecoveryCandidate& candidate : usable) {
    const int64_t bytes = candidate.replica.block.num_bytes;
    longest = std::max(longest, bytes);
    if (bytes < needed) continue;  // it has certainly lost bytes
    shortest_long_enough = std::min(shortest_long_enough, bytes);
    if (!candidate.replica.may_have_lost_bytes) shortest_whole = std::min(shortest_whole, bytes);
  }
  if (shortest_whole != kNobody) return shortest_whole;
  if (unanswered > 0 || order.absent == AbsentReplicas::kAwaited) {
    return MayBeElsewhere(order, unanswered, "Only replicas that may have lost bytes were found");
  }
  return shortest_long_enough != kNobody ? shortest_long_enough : longest;
}

// The length the replicas in the best state give the block.
absl::StatusOr<int64_t> ChooseLength(const RecoveryOrder& order, ReplicaState best,
                                     const std::vector<RecoveryCandidate>& usable,
                                     size_t unanswered) {
  if (best == ReplicaState::kFinalized) return FinalizedLength(order, usable);
  if (best == ReplicaState::kWaitingToBeRecovered) return WaitingLength(order, usable, unanswered);
  int64_t length = std::numeric_limits<int64_t>::max();
  for (const RecoveryCandidate& candidate : usable) {
    if (candidate.replica.original_state != best) continue;
    length = std::min(length, candidate.replica.block.num_bytes);
  }
  return length;
}

}  // namespace

absl::StatusOr<RecoveryPlan> PlanRecovery(const RecoveryOrder& order,
                                          const std::vector<RecoveryCandidate>& found,
                                          size_t unanswered) {
  std::vector<RecoveryCandidate> current;  // not of an earlier version of the block
  std::vector<RecoveryCandidate> usable;
  size_t with_data = 0;
  for (const RecoveryCandidate& candidate : found) {
    if (candidate.replica.block.generation_stamp < order.block.block.generation_stamp) continue;
    current.push_back(candidate);
    if (candidate.replica.block.num_bytes <= 0) continue;
    ++with_data;
    if (IsRecoverable(candidate.replica.original_state) && !LostItsEnd(candidate, found)) {
      usable.push_back(candidate);
    }
  }
  if (with_data == 0) return PlanWithoutData(order, current, unanswered);
  if (usable.empty()) {
    return errors::Io(fmt::format(
        "Found {} replica(s) for block {} but none is in RWR or better state. datanodeids={}",
        with_data, order.block.ToString(), NodeNames(order.locations)));
  }
  ReplicaState best = ReplicaState::kWaitingToBeRecovered;
  for (const RecoveryCandidate& candidate : usable) {
    best = std::min(best, candidate.replica.original_state);
  }
  RecoveryPlan plan;
  ASSIGN_OR_RETURN(plan.new_length, ChooseLength(order, best, usable, unanswered));
  if (plan.new_length < NeededLength(order) && !HeardEveryone(order, unanswered)) {
    return MayBeElsewhere(order, unanswered,
                          fmt::format("Replicas of {} bytes only, of the {} that are known,",
                                      plan.new_length, NeededLength(order)));
  }
  for (RecoveryCandidate& candidate : usable) {
    const ReplicaState state = candidate.replica.original_state;
    const int64_t bytes = candidate.replica.block.num_bytes;
    const bool whole_rbw = best == ReplicaState::kFinalized &&
                           state == ReplicaState::kBeingWritten && bytes == plan.new_length;
    const bool too_short = best == ReplicaState::kWaitingToBeRecovered && bytes < plan.new_length;
    if ((state == best && !too_short) || whole_rbw) {
      plan.participants.push_back(std::move(candidate));
    }
  }
  if (order.truncate_to) plan.new_length = *order.truncate_to;
  return plan;
}

RecoveryWorker::RecoveryWorker(BlockStore& store, RecoveryPeer& peer, Commit commit)
    : store_(store),
      peer_(peer),
      commit_(std::move(commit)),
      calls_("dn-recover-ask", kCallThreads),
      recoveries_("dn-recover", kRecoveryThreads) {}

RecoveryWorker::~RecoveryWorker() { Shutdown(); }

void RecoveryWorker::Shutdown() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  peer_.Shutdown();
  recoveries_.Shutdown();
  calls_.Shutdown();
}

void RecoveryWorker::Begin(RecoveryOrder order) {
  const BlockId id = order.block.block.id;
  const GenerationStamp recovery_id = order.recovery_id;
  {
    MutexLock lock(mu_);
    GenerationStamp& latest = latest_[id];
    if (latest >= recovery_id) {
      spdlog::info("{} is being recovered already with id {}", order.block.ToString(), latest);
      return;
    }
    latest = recovery_id;
  }
  order.locations = OnePerNode(order.locations);
  recoveries_.Add([this, id, recovery_id, order = std::move(order)] {
    bool stopping = false;
    {
      MutexLock lock(mu_);
      stopping = stopping_;
    }
    if (!stopping) {
      spdlog::info("NameNode calls recoverBlock(block={}, targets=[{}], newGenerationStamp={})",
                   order.block.ToString(), NodeNames(order.locations), recovery_id);
      const absl::Status status = Recover(order);
      if (!status.ok()) {
        spdlog::warn("recoverBlocks FAILED: {} with id {}: {}", order.block.ToString(), recovery_id,
                     status.ToString());
      }
    }
    MutexLock lock(mu_);
    if (const auto it = latest_.find(id); it != latest_.end() && it->second == recovery_id) {
      latest_.erase(it);
    }
  });
}

bool RecoveryWorker::Recovering(BlockId id) const {
  MutexLock lock(mu_);
  return latest_.contains(id);
}

absl::Status RecoveryWorker::Recover(const RecoveryOrder& order) {
  const Answers answers = AskAll(order);
  if (answers.in_progress) return absl::OkStatus();
  if (answers.failed == order.locations.size()) {
    return errors::Io(fmt::format("All datanodes failed: block={}, datanodeids=[{}]",
                                  order.block.ToString(), NodeNames(order.locations)));
  }
  ASSIGN_OR_RETURN(const RecoveryPlan plan, PlanRecovery(order, answers.found, answers.failed));
  RecoveryResult result{.block = order.block,
                        .recovery_id = order.recovery_id,
                        .new_length = plan.new_length,
                        .delete_block = plan.delete_block};
  if (!plan.delete_block) {
    result.locations = UpdateAll(order, plan);
    if (result.locations.empty()) {
      return errors::Io(fmt::format("Cannot recover {}: none of [{}] took the new length {}",
                                    order.block.ToString(), NodeNames(order.locations),
                                    plan.new_length));
    }
  }
  RETURN_IF_ERROR(commit_(result));
  spdlog::info("recovered {}: generation stamp {}, {} bytes at [{}]{}", order.block.ToString(),
               order.recovery_id, result.new_length, NodeNames(result.locations),
               result.delete_block ? ", to be deleted" : "");
  return absl::OkStatus();
}

RecoveryWorker::Answers RecoveryWorker::AskAll(const RecoveryOrder& order) {
  std::vector<absl::StatusOr<std::optional<ReplicaRecoveryInfo>>> replies(order.locations.size());
  ForEach(replies.size(),
          [&](size_t i) { replies[i] = Init(order, order.locations[i].datanode.id); });
  Answers answers;
  for (size_t i = 0; i < replies.size(); ++i) {
    const std::string node = NodeName(order.locations[i].datanode.id);
    if (Is(replies[i].status(), ErrorKind::kRecoveryInProgress)) {
      spdlog::warn(
          "Recovery for replica {} on data-node {} is already in progress. Recovery id = "
          "{} is aborted. {}",
          order.block.ToString(), node, order.recovery_id,
          std::string(replies[i].status().message()));
      answers.in_progress = true;
    } else if (!replies[i].ok()) {
      spdlog::warn("Failed to recover block (block={}, datanode={}): {}", order.block.ToString(),
                   node, replies[i].status().ToString());
      ++answers.failed;
    } else if (!*replies[i]) {
      spdlog::info("{} has no replica of {}", node, order.block.ToString());
    } else {
      answers.found.push_back({order.locations[i], **replies[i]});
    }
  }
  return answers;
}

std::vector<ReplicaLocation> RecoveryWorker::UpdateAll(const RecoveryOrder& order,
                                                       const RecoveryPlan& plan) {
  std::vector<absl::StatusOr<std::string>> storages(plan.participants.size());
  ForEach(storages.size(),
          [&](size_t i) { storages[i] = Update(order, plan, plan.participants[i]); });
  std::vector<ReplicaLocation> updated;
  for (size_t i = 0; i < storages.size(); ++i) {
    ReplicaLocation location = plan.participants[i].location;
    if (!storages[i].ok()) {
      spdlog::warn("Failed to updateBlock (block={}, recovery id={}, length={}, datanode={}): {}",
                   order.block.ToString(), order.recovery_id, plan.new_length,
                   NodeName(location.datanode.id), storages[i].status().ToString());
      continue;
    }
    location.storage_id = *storages[i];
    updated.push_back(std::move(location));
  }
  return updated;
}

absl::StatusOr<std::optional<ReplicaRecoveryInfo>> RecoveryWorker::Init(const RecoveryOrder& order,
                                                                        const DatanodeId& node) {
  if (node.uuid == store_.datanode_uuid()) {
    return store_.InitReplicaRecovery(order.block.block, order.recovery_id);
  }
  return peer_.InitReplicaRecovery(node, order.block, order.recovery_id);
}

absl::StatusOr<std::string> RecoveryWorker::Update(const RecoveryOrder& order,
                                                   const RecoveryPlan& plan,
                                                   const RecoveryCandidate& participant) {
  const DatanodeId& node = participant.location.datanode.id;
  const ExtendedBlock replica{order.block.pool_id, participant.replica.block};
  if (node.uuid == store_.datanode_uuid()) {
    return store_.UpdateReplicaUnderRecovery(replica.block, order.recovery_id, plan.new_length);
  }
  return peer_.UpdateReplicaUnderRecovery(node, replica, order.recovery_id, replica.block.id,
                                          plan.new_length);
}

void RecoveryWorker::ForEach(size_t n, const std::function<void(size_t)>& call) {
  Mutex mu;
  CondVar done;
  size_t left = n;
  for (size_t i = 0; i < n; ++i) {
    // Never refused: calls_ ends after the last recovery.
    calls_.Add([&, i] {
      call(i);
      MutexLock lock(mu);
      --left;
      done.NotifyAll();
    });
  }
  MutexLock lock(mu);
  while (left > 0) done.Wait(mu);
}

}  // namespace cairn::datanode
