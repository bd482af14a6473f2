// Opening, background work, and the calls that are more than one operation.
#include "namenode/namespace/namespace_impl.h"

#include <spdlog/spdlog.h>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"
#include "namenode/namespace/lists/batched_listing.h"
#include "namenode/namespace/lists/file_lists.h"
#include "namenode/namespace/ops/attr/attr_ops.h"
#include "namenode/namespace/ops/file/file_ops.h"
#include "namenode/namespace/ops/lease/lease_ops.h"
#include "namenode/namespace/ops/tree/tree_ops.h"
#include "namenode/namespace/permissions.h"
#include "namenode/namespace/startup.h"
#include "namenode/namespace/tree_views.h"

namespace cairn::namenode {
namespace {

// Rows of expired replies deleted per transaction.
constexpr size_t kExpiryBatch = 256;
// How often the purger looks for work it was not told of (safe mode ended, blocks loaded).
constexpr int64_t kPurgeIntervalMs = 1000;

Caller InternalCaller() {
  Caller caller;
  caller.superuser = true;
  return caller;
}

// HDFS calls the operation by its action when it refuses it.
constexpr std::string_view SafeModeOperation(SafeModeAction action) {
  switch (action) {
    case SafeModeAction::kGet:
      return "safemode_get";
    case SafeModeAction::kEnter:
      return "safemode_enter";
    case SafeModeAction::kLeave:
      return "safemode_leave";
    case SafeModeAction::kForceExit:
      return "safemode_force_exit";
  }
}

}  // namespace

std::vector<RowChange> NamespaceImpl::InitialRows(const std::string& owner,
                                                  const std::string& group, int64_t now_ms) {
  std::vector<RowChange> rows;
  Inode root;
  root.id = kRootInodeId;
  root.kind = InodeKind::kDirectory;
  root.mode = 0755;
  root.owner = owner;
  root.group = group;
  root.mtime_ms = now_ms;
  EncodeInodeChange(nullptr, root, rows);
  rows.push_back(CounterChange(meta_key::kLastInodeId, kRootInodeId));
  rows.push_back(CounterChange(meta_key::kLastBlockId, kLastReservedBlockId));
  rows.push_back(CounterChange(meta_key::kLastGenerationStamp, kLastReservedGenerationStamp));
  rows.push_back(CounterChange(meta_key::kInodeCount, 1));
  return rows;
}

NamespaceImpl::NamespaceImpl(const NamespaceDeps& deps, const NamespaceOptions& options,
                             FatalHandler fatal)
    : deps_(deps),
      options_(options),
      fatal_(std::move(fatal)),
      internal_(InternalCaller()),
      runner_(
          deps_, options_,
          [this](const Caller& caller, const WalkEntry& entry) {
            return ops::CheckSubtreeEntry(PermissionChecker(caller, options_.permissions_enabled),
                                          entry);
          },
          [this](const absl::Status& damage) {
            spdlog::critical("damaged metadata: {}", damage.ToString());
            if (fatal_) fatal_(damage);
          }),
      purger_(deps_, options_, runner_) {
  runner_.SetPurgeListener([this] {
    if (PeriodicThread* thread = purge_kick_) thread->Kick();
  });
}

absl::StatusOr<std::unique_ptr<NamespaceImpl>> NamespaceImpl::Open(const NamespaceDeps& deps,
                                                                   const NamespaceOptions& options,
                                                                   FatalHandler fatal) {
  std::unique_ptr<NamespaceImpl> impl(new NamespaceImpl(deps, options, std::move(fatal)));
  RETURN_IF_ERROR(impl->Restore());
  return impl;
}

absl::Status NamespaceImpl::Restore() {
  RETURN_IF_ERROR(deps_.store.WaitApplied(deps_.store.last_appended()));
  const auto snapshot = deps_.store.Snapshot();
  return runner_.WithState([&](NamespaceState& state) { return RestoreState(*snapshot, state); });
}

NamespaceImpl::~NamespaceImpl() {
  stopping_ = true;
  purger_.Stop();
  loader_.reset();
  if (purge_thread_) purge_thread_->Stop();
  expiry_thread_.reset();
}

void NamespaceImpl::Start() {
  purge_thread_ =
      std::make_unique<PeriodicThread>("ns-purge", kPurgeIntervalMs, [this] { purger_.Drain(); });
  purge_kick_ = purge_thread_.get();
  if (options_.maintenance_interval_ms > 0) {
    expiry_thread_ =
        std::make_unique<PeriodicThread>("ns-expiry", options_.maintenance_interval_ms, [this] {
          while (!stopping_ && ExpireReplies()) {
          }
        });
  }
  loader_ = std::make_unique<Executor>("ns-blocks", 1);
  loader_->Add([this] {
    if (absl::Status status = LoadBlocks(); !status.ok()) {
      spdlog::critical("loading block rows: {}", status.ToString());
      if (fatal_) fatal_(status);
    }
  });
}

absl::Status NamespaceImpl::LoadBlocks() {
  return LoadBlockRows(*deps_.store.Snapshot(), deps_.blocks, runner_, stopping_);
}

bool NamespaceImpl::ExpireReplies() {
  deps_.store.WaitForRoom();
  const Txid txid = runner_.CommitInternal([](TxnImpl& txn, NamespaceState& state) {
    txn.writes().retries_expired = state.retries.TakeExpired(kExpiryBatch);
  });
  return txid != 0;
}

std::vector<LeaseView> NamespaceImpl::ExpiredLeases(size_t limit) {
  return runner_.WithState(
      [&](const NamespaceState& state) { return state.leases.Expired(limit); });
}

void NamespaceImpl::ExpireLease(InodeId file, Done<bool> done) {
  runner_.Run<bool>(
      internal_, OpMode::kMutation, [file](OpContext& ctx) { return ops::ExpireLease(ctx, file); },
      std::move(done));
}

// ---- two critical sections with a choice of targets between them

void NamespaceImpl::AddBlock(const Caller& caller, AddBlockRequest request,
                             Done<LocatedBlock> done) {
  auto shared = std::make_shared<const AddBlockRequest>(std::move(request));
  auto plan = [shared](OpContext& ctx) { return ops::PlanAddBlock(ctx, *shared); };
  auto choose = [this, shared, caller,
                 done = std::move(done)](absl::StatusOr<PlacementPlan> plan) mutable {
    if (!plan.ok()) return done(plan.status());
    if (plan->answer) {  // a retried call: what it answers must be durable like the first time
      deps_.store.WhenDurable(deps_.store.last_appended(),
                              [answer = *std::move(plan->answer),
                               done = std::move(done)]() mutable { done(std::move(answer)); });
      return;
    }
    auto targets = deps_.blocks.ChooseTargets(plan->request);
    if (!targets.ok()) return done(targets.status());
    runner_.Run<LocatedBlock>(
        caller, OpMode::kMutation,
        [shared, targets = *std::move(targets)](OpContext& ctx) {
          return ops::AddBlock(ctx, *shared, targets);
        },
        std::move(done));
  };
  runner_.Run<PlacementPlan>(caller, OpMode::kRead, std::move(plan), std::move(choose));
}

void NamespaceImpl::GetAdditionalDatanode(const Caller& caller, AdditionalDatanodeRequest request,
                                          Done<LocatedBlock> done) {
  auto shared = std::make_shared<const AdditionalDatanodeRequest>(std::move(request));
  auto plan = [shared](OpContext& ctx) { return ops::PlanAdditionalDatanode(ctx, *shared); };
  auto choose = [this, shared, done = std::move(done)](absl::StatusOr<PlacementPlan> plan) mutable {
    if (!plan.ok()) return done(plan.status());
    auto targets = deps_.blocks.ChooseTargets(plan->request);
    if (!targets.ok()) return done(targets.status());
    LocatedBlock answer;
    answer.block = shared->block;
    answer.offset = -1;
    answer.locations = shared->existing;
    answer.locations.insert(answer.locations.end(), targets->begin(), targets->end());
    done(std::move(answer));
  };
  runner_.Run<PlacementPlan>(caller, OpMode::kRead, std::move(plan), std::move(choose));
}

void NamespaceImpl::GetBlockLocations(const Caller& caller, std::string path, int64_t offset,
                                      int64_t length, Done<LocatedBlocks> done) {
  auto locate = [path = std::move(path), offset, length](OpContext& ctx) {
    return ops::GetBlockLocations(ctx, path, offset, length);
  };
  auto touch = [this,
                done = std::move(done)](absl::StatusOr<ops::BlockLocationsResult> result) mutable {
    if (!result.ok()) return done(result.status());
    NoteAccess(*result);
    done(std::move(result->blocks));
  };
  runner_.Run<ops::BlockLocationsResult>(caller, OpMode::kRead, std::move(locate),
                                         std::move(touch));
}

void NamespaceImpl::NoteAccess(const ops::BlockLocationsResult& result) {
  if (!result.access_time_is_old) return;
  runner_.RunVoid(
      internal_, OpMode::kMutation,
      [file = result.file](OpContext& ctx) { return ops::TouchAccessTime(ctx, file); },
      [](const absl::Status&) {});
}

bool NamespaceImpl::TryGetBlockLocations(const Caller& caller, std::string_view path,
                                         int64_t offset, int64_t length,
                                         absl::FunctionRef<void(const LocatedBlocks&)> take) {
  ops::BlockLocationsResult result;
  const bool found = runner_.TryRead(caller, [&](OpContext& ctx) -> absl::Status {
    ASSIGN_OR_RETURN(result, ops::GetBlockLocations(ctx, path, offset, length));
    return absl::OkStatus();
  });
  if (!found) return false;
  NoteAccess(result);
  take(result.blocks);
  return true;
}

// ---- lists

void NamespaceImpl::GetBatchedListing(const Caller& caller, BatchedListRequest request,
                                      Done<BatchedListing> done) {
  ListBatch(*this, options_, caller, std::move(request), std::move(done));
}

void NamespaceImpl::ListOpenFiles(const Caller& caller, OpenFilesRequest request,
                                  Done<OpenFilesPage> done) {
  if (absl::Status status = CheckSuperuser(caller, "listOpenFiles"); !status.ok()) {
    return done(std::move(status));
  }
  namenode::ListOpenFiles(runner_, options_, caller, std::move(request), std::move(done));
}

void NamespaceImpl::ListCorruptFiles(const Caller& caller, CorruptFilesRequest request,
                                     Done<CorruptFilesPage> done) {
  if (absl::Status status = CheckSuperuser(caller, "listCorruptFileBlocks"); !status.ok()) {
    return done(std::move(status));
  }
  namenode::ListCorruptFiles(runner_, deps_.blocks, options_, caller, std::move(request),
                             std::move(done));
}

// ---- whole trees

void NamespaceImpl::GetContentSummary(const Caller& caller, std::string path,
                                      Done<ContentSummary> done) {
  auto shared_done = std::make_shared<Done<ContentSummary>>(std::move(done));
  runner_.Run<WalkRoot>(
      caller, OpMode::kRead,
      [path = std::move(path)](OpContext& ctx) { return ResolveWalkRoot(ctx, path); },
      [this, caller, shared_done](absl::StatusOr<WalkRoot> root) {
        if (!root.ok()) return (*shared_done)(root.status());
        const bool added = runner_.AddWork([this, caller, shared_done, root = *std::move(root)] {
          auto summary = SummarizeTree(deps_, options_, caller, root);
          runner_.ReportDamage(summary.status());
          (*shared_done)(std::move(summary));
        });
        if (!added) (*shared_done)(errors::Retriable("NameNode is shutting down"));
      });
}

void NamespaceImpl::Walk(const Caller& caller, std::string path,
                         std::function<bool(const std::string& path, const FileStatus&)> visit,
                         DoneVoid done) {
  auto shared_done = std::make_shared<DoneVoid>(std::move(done));
  runner_.Run<WalkRoot>(
      caller, OpMode::kRead,
      [path = std::move(path)](OpContext& ctx) { return ResolveWalkRoot(ctx, path); },
      [this, caller, visit = std::move(visit), shared_done](absl::StatusOr<WalkRoot> root) {
        if (!root.ok()) return (*shared_done)(root.status());
        const bool added =
            runner_.AddWork([this, caller, visit, shared_done, root = *std::move(root)] {
              absl::Status visited = VisitTree(deps_, options_, caller, root, visit);
              runner_.ReportDamage(visited);
              (*shared_done)(std::move(visited));
            });
        if (!added) (*shared_done)(errors::Retriable("NameNode is shutting down"));
      });
}

// ---- the whole file system

ServerDefaults NamespaceImpl::GetServerDefaults() const {
  ServerDefaults defaults;
  defaults.block_size = options_.default_block_size;
  defaults.bytes_per_checksum = options_.bytes_per_checksum;
  defaults.write_packet_size = options_.write_packet_size;
  defaults.replication = options_.default_replication;
  defaults.file_buffer_size = options_.file_buffer_size;
  defaults.trash_interval_minutes = options_.trash_interval_minutes;
  return defaults;
}

void NamespaceImpl::GetStats(Done<FsStats> done) {
  FsStats stats = deps_.blocks.Stats();
  stats.total_files =
      runner_.WithState([](const NamespaceState& state) { return state.counters.inode_count; });
  done(std::move(stats));
}

void NamespaceImpl::SetSafeMode(const Caller& caller, SafeModeAction action, Done<bool> done) {
  absl::Status status;
  if (action != SafeModeAction::kGet) status = CheckSuperuser(caller, SafeModeOperation(action));
  if (status.ok()) {
    switch (action) {
      case SafeModeAction::kGet:
        break;
      case SafeModeAction::kEnter:
        deps_.blocks.EnterSafeMode(/*for_lack_of_space=*/false);
        break;
      case SafeModeAction::kLeave:
        status = deps_.blocks.LeaveSafeMode(/*force=*/false);
        break;
      case SafeModeAction::kForceExit:
        status = deps_.blocks.LeaveSafeMode(/*force=*/true);
        break;
    }
  }
  if (!status.ok()) return done(std::move(status));
  done(deps_.blocks.InSafeMode());
}

void NamespaceImpl::IsLinked(InodeId inode, Done<bool> done) {
  runner_.Run<bool>(
      internal_, OpMode::kRead,
      [inode](OpContext& ctx) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const InodePtr found, ctx.txn.ById(inode));
        if (found == nullptr) return false;
        ASSIGN_OR_RETURN(const std::vector<InodePtr> chain, ctx.txn.Ancestors(*found));
        return !chain.empty();
      },
      std::move(done));
}

void NamespaceImpl::PathOf(InodeId inode, Done<std::string> done) {
  runner_.Run<std::string>(
      internal_, OpMode::kRead,
      [inode](OpContext& ctx) -> absl::StatusOr<std::string> {
        ASSIGN_OR_RETURN(const InodePtr found, ctx.txn.ById(inode));
        std::vector<InodePtr> chain;
        if (found != nullptr) {
          ASSIGN_OR_RETURN(chain, ctx.txn.Ancestors(*found));
        }
        if (chain.empty()) return errors::FileDoesNotExist(fmt::format("inode {}", inode));
        std::string path;
        for (size_t i = 1; i < chain.size(); ++i) path += "/" + chain[i]->name;
        return path.empty() ? "/" : path;
      },
      std::move(done));
}

void NamespaceImpl::RenewLease(const Caller& caller, std::string client_name, DoneVoid done) {
  if (deps_.blocks.InSafeMode()) {
    return done(errors::SafeMode("renew lease for " + client_name, deps_.blocks.SafeModeTip()));
  }
  runner_.WithState([&](NamespaceState& state) { state.leases.Renew(client_name); });
  done(absl::OkStatus());
}

void NamespaceImpl::ReportBadBlocks(const Caller& caller, std::vector<LocatedBlock> blocks,
                                    DoneVoid done) {
  for (const LocatedBlock& bad : blocks) {
    if (bad.block.pool_id != deps_.store.identity().block_pool_id) {
      return done(
          errors::UnexpectedBlockPool(bad.block.pool_id, deps_.store.identity().block_pool_id));
    }
    for (const ReplicaLocation& place : bad.locations) {
      deps_.blocks.MarkCorrupt(bad.block.block, place.datanode.id.uuid, place.storage_id);
    }
  }
  done(absl::OkStatus());
}

}  // namespace cairn::namenode
