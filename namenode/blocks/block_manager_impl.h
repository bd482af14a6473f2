// The block manager: one lock around the state and the single-purpose classes that work on it.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "common/clock.h"
#include "common/random.h"
#include "common/threads.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/blocks/model/cluster_state.h"
#include "namenode/blocks/options.h"
#include "namenode/blocks/policy/placement_policy.h"
#include "namenode/blocks/policy/safe_mode.h"
#include "namenode/blocks/replica_ledger.h"
#include "namenode/blocks/report_processor.h"
#include "namenode/blocks/topology/host_lists.h"
#include "namenode/blocks/topology/rack_resolver.h"
#include "namenode/blocks/transfer_planner.h"

namespace cairn::namenode {

// Thread-safe. Long work (merging a report, forgetting a dead node's replicas, the first look at
// all blocks) gives the lock to others every `lock_yield_items` items.
class BlockManagerImpl : public BlockManager {
 public:
  // `clock`, `random` and `racks` must outlive this.
  BlockManagerImpl(BlockManagerOptions options, const Clock& clock, Random& random,
                   RackResolver& racks);

  // How fast copies and deletions go from now on.
  void SetPace(const RedundancyPace& pace);
  RedundancyPace pace() const;
  // When DataNodes are stale and dead from now on.
  void SetLiveness(const Liveness& liveness);

  // Who may belong to the cluster from now on, and who is to leave it. A DataNode that may not is
  // dead at once, and refused when it registers.
  void SetHostLists(HostLists lists);

  void Apply(absl::Span<const BlockChange> changes, Txid txid) override;
  std::optional<BlockView> Find(BlockId id) const override;
  std::optional<BlockExtent> Extent(BlockId id) const override;
  bool HasMinReplicas(const BlockRow& row) const override;
  void SetExpectedLocations(BlockId id, const std::vector<ReplicaLocation>& locations) override;
  std::vector<ReplicaLocation> ExpectedLocations(BlockId id) const override;
  absl::Status CheckPlaces(const std::vector<ReplicaLocation>& locations) const override;
  void ReplicasRecovered(const Block& block, const std::vector<ReplicaLocation>& places) override;
  LocatedBlock Locate(BlockId id, int64_t offset_in_file,
                      std::string_view client_address) const override;
  std::optional<BlockInspection> Inspect(BlockId id) const override;

  absl::StatusOr<std::vector<ReplicaLocation>> ChooseTargets(
      const PlacementRequest& request) override;
  void Load(absl::Span<const BlockRow> rows) override;
  void LoadingDone() override;
  bool loading() const override;

  absl::StatusOr<uint64_t> Register(const DatanodeRegistration& registration) override;
  absl::Status CheckRegistration(std::string_view uuid, uint64_t registration) const override;
  absl::StatusOr<DatanodeCommands> Heartbeat(const HeartbeatRequest& request) override;
  absl::Status ReportChunkReceived(std::string_view uuid, const ReportChunk& chunk) override;
  absl::Status ReplicasChanged(std::string_view uuid, std::string_view storage_id,
                               absl::Span<const ReplicaChange> changes) override;
  void MarkCorrupt(const Block& block, std::string_view datanode_uuid,
                   std::string_view storage_id) override;
  void DatanodeFailed(std::string_view uuid) override;

  void Tick() override;
  std::vector<ReplicationCandidate> ReplicationCandidates() override;
  void ScheduleReplication(absl::Span<const BlockId> linked) override;
  std::vector<ReplicationCandidate> StalledRecoveries(size_t limit) const override;
  int64_t LookAgain(absl::Span<const BlockId> blocks) override;
  std::vector<ReplicationCandidate> MissingBlocks(BlockId after, size_t limit) const override;
  void MarkUnlinked(absl::Span<const BlockId> blocks) override;

  bool InSafeMode() const override;
  std::string SafeModeTip() const override;
  void EnterSafeMode(bool for_lack_of_space) override;
  void SpaceReturned() override;
  absl::Status LeaveSafeMode(bool force) override;

  FsStats Stats() const override;
  std::vector<DatanodeInfo> Datanodes() const override;
  std::vector<StorageUsage> StoragesOf(std::string_view datanode_uuid) const override;
  std::vector<BlockPlaces> NextBlocks(BlockWalk& walk) const override;
  BlockWork Work(size_t limit) const override;
  std::optional<BlockDetail> Describe(BlockId id) const override;

  void SetBalancerBandwidth(int64_t bytes_per_second) override;

 private:
  // DataNodes of an unfinished block's pipeline, as messages name them, that have not had their
  // say: alive, with all their storages reported.
  struct PipelineStand {
    std::vector<std::string> awaited;  // may come back or report yet
    std::vector<std::string> dead;     // away for as long as it takes to be declared dead, or their
                                       // replica may be on a volume that failed
    bool any_heard = false;            // one of the pipeline is in neither list
  };

  // Blocks of one DataNode, in order.
  struct NodeWalk {
    NodeIndex node = 0;
    size_t storage = 0;  // of its storages
    BlockId next = std::numeric_limits<BlockId>::min();
  };
  // How far a DataNode is that leaves: every block the walk has passed has enough replicas.
  struct Leaving {
    NodeWalk walk = {};
    bool complete = true;  // the walk was never held up
  };

  // -- block_manager_impl.cc
  // Most blocks have so few that they need no memory of their own.
  using Places = absl::InlinedVector<StorageIndex, 4>;
  Places PlacesOf(BlockId id, const BlockRecord& record, bool* corrupt) const REQUIRES(mu_);
  void SortForReader(Places& places, std::string_view client_address,
                     std::string_view client_rack) const REQUIRES(mu_);
  std::vector<NodeIndex> FindNodes(const std::vector<ReplicaLocation>& locations) const
      REQUIRES(mu_);
  PlacementQuery QueryFor(const PlacementRequest& request, const std::string& rack) const
      REQUIRES(mu_);
  void SetPipeline(const BlockRow& row) REQUIRES(mu_);
  SafeModeInputs Inputs() const REQUIRES(mu_);
  void UpdateSafeMode() REQUIRES(mu_);

  // -- block_manager_admin.cc
  void BeginWalk(BlockWalk& walk) const REQUIRES(mu_);
  std::vector<ReplicaPlace> GoodPlaces(const BlockRecord& record) const REQUIRES(mu_);

  // -- block_manager_reports.cc
  absl::StatusOr<NodeIndex> FindLive(std::string_view uuid) const REQUIRES(mu_);
  void NodeLost(NodeIndex node) REQUIRES(mu_);
  void ForgetWork(NodeIndex node) REQUIRES(mu_);
  std::vector<TransferCommand> TakeTransfers(NodeIndex node) REQUIRES(mu_);
  std::vector<Block> TakeInvalidations(NodeIndex node) REQUIRES(mu_);
  Txid Durable() const { return options_.durable ? options_.durable() : 0; }

  // -- block_manager_recovery.cc
  std::vector<StorageIndex> RecoverablePlaces(BlockId block) const REQUIRES(mu_);
  bool CanRecover(BlockId block) const REQUIRES(mu_);
  PipelineStand StandOf(BlockId block) const REQUIRES(mu_);
  std::string AwaitedBy(BlockId block) const REQUIRES(mu_);
  AbsentReplicas AbsentFrom(const RecoverCommand& command) const REQUIRES(mu_);
  void AssignPrimary(BlockId block) REQUIRES(mu_);
  void AssignPrimaries() REQUIRES(mu_);
  std::vector<RecoverCommand> TakeRecoveries(NodeIndex node) REQUIRES(mu_);
  bool PastDeadInterval() const REQUIRES(mu_);
  bool HasReported(NodeIndex node) const REQUIRES(mu_);
  bool HasReplica(BlockId block, NodeIndex node) const REQUIRES(mu_);
  bool AllHaveReported() const REQUIRES(mu_);
  bool IsOfNoUse(BlockId block, StorageIndex storage) const REQUIRES(mu_);
  bool Unclaimed(BlockId block, const BlockRecord& record) const REQUIRES(mu_);
  std::vector<StorageIndex> FindStorages(const std::vector<ReplicaLocation>& locations) const
      REQUIRES(mu_);

  // -- block_manager_service.cc
  AdminState WantedService(const DatanodeState& node) const REQUIRES(mu_);
  void SetService(NodeIndex index) REQUIRES(mu_);
  void ExpireMaintenance() REQUIRES(mu_);
  void LookAtNodes();
  bool LookStep() REQUIRES(mu_);
  bool LeaveStep(NodeIndex index) REQUIRES(mu_);
  bool CanLeave(BlockId block, bool for_good) const REQUIRES(mu_);
  std::vector<BlockId> NextStored(NodeWalk& walk) const REQUIRES(mu_);
  std::vector<DatanodeInfo> NeverSeen() const REQUIRES(mu_);

  // -- block_manager_work.cc
  void PruneLostStorages();
  bool PruneStep() REQUIRES(mu_);
  void LookAtAllBlocks();
  void LookAtPostponed();
  void LookAt(const std::vector<BlockId>& blocks);

  const BlockManagerOptions options_;
  const Clock& clock_;
  Random& random_;
  RackResolver& racks_;
  const PlacementPolicy placement_;
  const TransferPlanner planner_;
  const int64_t started_ms_;

  mutable Mutex mu_;
  ClusterState state_ GUARDED_BY(mu_);
  ReplicaLedger ledger_ GUARDED_BY(mu_);
  ReportProcessor reports_ GUARDED_BY(mu_);
  SafeMode safe_mode_ GUARDED_BY(mu_);
  std::vector<StorageIndex> lost_ GUARDED_BY(mu_);  // their replicas are to be forgotten
  absl::flat_hash_set<BlockId> changed_while_loading_ GUARDED_BY(mu_);
  std::optional<BlockId> first_look_ GUARDED_BY(mu_);  // how far the first look at all blocks is
  HostLists hosts_ GUARDED_BY(mu_);
  absl::flat_hash_map<NodeIndex, Leaving> leaving_ GUARDED_BY(mu_);
  std::vector<NodeWalk> looks_ GUARDED_BY(mu_);  // whose blocks are to be judged anew
  uint64_t registrations_ GUARDED_BY(mu_) = 0;
  int64_t scheduled_rolled_ms_ GUARDED_BY(mu_) = 0;
  int64_t released_ms_ GUARDED_BY(mu_) = 0;  // last round of deletions
};

}  // namespace cairn::namenode
