// Block recovery with this DataNode as the primary.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/threads.h"
#include "common/types/block.h"
#include "datanode/control/recovery_peer.h"
#include "datanode/store/block_store.h"

namespace cairn::datanode {

// How the DataNodes of the block's pipeline stand that are not in the order. Numbers are those of
// datanode.proto.
enum class AbsentReplicas : uint8_t {
  kAwaited = 0,  // one may have a replica and come back soon
  kDead = 1,     // one may have a replica and is dead
  kNone = 2,     // none has one
};

// What the NameNode orders.
struct RecoveryOrder {
  ExtendedBlock block;                     // with its stored stamp and length
  GenerationStamp recovery_id = 0;         // the stamp of the recovered replicas
  std::vector<ReplicaLocation> locations;  // where replicas may be
  std::optional<int64_t> truncate_to;      // the length to cut to
  AbsentReplicas absent = AbsentReplicas::kAwaited;
};

// What came out: told to the NameNode.
struct RecoveryResult {
  ExtendedBlock block;  // as in the order
  GenerationStamp recovery_id = 0;
  int64_t new_length = 0;
  bool delete_block = false;               // nobody has a byte of it
  std::vector<ReplicaLocation> locations;  // replicas with the new stamp and length
};

// A location that has a replica.
struct RecoveryCandidate {
  ReplicaLocation location;
  ReplicaRecoveryInfo replica;
};

// What a recovery does with the candidates it found.
struct RecoveryPlan {
  bool delete_block = false;
  int64_t new_length = 0;
  std::vector<RecoveryCandidate> participants;
};

// Chooses the best state among `found`, the length, and who takes part (the rules stand in the
// source). `unanswered` locations have not said whether they have a replica. An error when this
// leaves it open what the block's bytes are: the NameNode tries again later.
absl::StatusOr<RecoveryPlan> PlanRecovery(const RecoveryOrder& order,
                                          const std::vector<RecoveryCandidate>& found,
                                          size_t unanswered);

// Carries recoveries out, several at a time, each asking all its locations at once, so that a node
// that does not answer delays the others by no more than the peer's timeout. What fails is logged
// by block and node and left to the NameNode's next attempt. Thread-safe.
class RecoveryWorker {
 public:
  // Tells the NameNode (CommitBlockSynchronization).
  using Commit = std::function<absl::Status(const RecoveryResult&)>;

  // All must outlive this; `commit` is called on the worker's threads.
  RecoveryWorker(BlockStore& store, RecoveryPeer& peer, Commit commit);
  ~RecoveryWorker();

  // Queues the order, unless this block is being recovered here under the same or a later id.
  void Begin(RecoveryOrder order) EXCLUDES(mu_);
  // True while a recovery of the block waits or runs.
  bool Recovering(BlockId id) const EXCLUDES(mu_);
  // Drops orders that wait and waits for those that run, cutting their calls short.
  void Shutdown();

 private:
  // The answers of step 1.
  struct Answers {
    std::vector<RecoveryCandidate> found;
    size_t failed = 0;
    bool in_progress = false;  // another recovery is at work: this one is to end
  };

  absl::Status Recover(const RecoveryOrder& order);
  Answers AskAll(const RecoveryOrder& order);
  // Step 2 at all participants; those that succeeded, with the storage they named.
  std::vector<ReplicaLocation> UpdateAll(const RecoveryOrder& order, const RecoveryPlan& plan);
  absl::StatusOr<std::optional<ReplicaRecoveryInfo>> Init(const RecoveryOrder& order,
                                                          const DatanodeId& node);
  absl::StatusOr<std::string> Update(const RecoveryOrder& order, const RecoveryPlan& plan,
                                     const RecoveryCandidate& participant);
  // Runs `call` for 0 ≤ i < n on other threads and waits for all.
  void ForEach(size_t n, const std::function<void(size_t)>& call);

  BlockStore& store_;
  RecoveryPeer& peer_;
  const Commit commit_;
  mutable Mutex mu_;
  bool stopping_ GUARDED_BY(mu_) = false;
  absl::flat_hash_map<BlockId, GenerationStamp> latest_ GUARDED_BY(mu_);  // queued or running
  Executor calls_;
  Executor recoveries_;
};

}  // namespace cairn::datanode
