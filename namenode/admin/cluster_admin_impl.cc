// Checks as HDFS makes them, in its order; then the part whose work it is.
#include "namenode/admin/cluster_admin_impl.h"

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "absl/functional/function_ref.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/admin/blocks_on_datanode.h"
#include "namenode/admin/meta_save.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kMaxBalancerBandwidth = int64_t{1} << 40;  // HDFS: 1 TiB a second

// Who asks what this class itself wants to know.
Caller Internal() { return {.user = "", .superuser = true}; }

// The result of a call that answers through `Done`, waited for.
template <typename Result>
absl::StatusOr<Result> Await(absl::FunctionRef<void(Done<Result>)> call) {
  std::promise<absl::StatusOr<Result>> answer;
  call([&answer](absl::StatusOr<Result> result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

}  // namespace

ClusterAdminImpl::ClusterAdminImpl(const ClusterAdminDeps& deps, ClusterAdminOptions options)
    : deps_(deps), options_(std::move(options)), worker_("admin", 1) {}

ClusterAdminImpl::~ClusterAdminImpl() { Stop(); }

void ClusterAdminImpl::Stop() { worker_.Shutdown(); }

template <typename Result, typename Work>
void ClusterAdminImpl::OnWorker(Work work, Done<Result> done) {
  auto answer = std::make_shared<Done<Result>>(std::move(done));
  const bool queued = worker_.Add([work = std::move(work), answer] { (*answer)(work()); });
  if (!queued) (*answer)(errors::Retriable("NameNode is shutting down"));
}

void ClusterAdminImpl::OnWorker(std::function<absl::Status()> work, DoneVoid done) {
  auto answer = std::make_shared<DoneVoid>(std::move(done));
  const bool queued = worker_.Add([work = std::move(work), answer] { (*answer)(work()); });
  if (!queued) (*answer)(errors::Retriable("NameNode is shutting down"));
}

// Whether the file was read or written since.
bool ClusterAdminImpl::UsedSince(InodeId file, int64_t wall_ms) {
  const auto status = Await<std::optional<FileStatus>>([&](auto done) {
    deps_.names.GetFileInfo(Internal(), fmt::format("/.reserved/.inodes/{}", file), false,
                            std::move(done));
  });
  return status.ok() && status->has_value() &&
         std::max((*status)->atime_ms, (*status)->mtime_ms) > wall_ms;
}

std::string ClusterAdminImpl::PathOf(InodeId inode) {
  const auto path =
      Await<std::string>([&](auto done) { deps_.names.PathOf(inode, std::move(done)); });
  return path.ok() ? *path : "";
}

void ClusterAdminImpl::GetBlocks(const Caller& caller, GetBlocksRequest request,
                                 Done<std::vector<BlockPlaces>> done) {
  if (request.bytes <= 0 || request.min_block_bytes < 0) {
    return done(MakeError(ErrorKind::kIllegalArgument,
                          fmt::format("Unexpected not positive size: {}", request.bytes)));
  }
  if (absl::Status status = CheckSuperuser(caller, "getBlocks"); !status.ok()) {
    return done(std::move(status));
  }
  if (deps_.blocks.InSafeMode()) {
    return done(errors::SafeMode("execute getBlocks", deps_.blocks.SafeModeTip()));
  }
  const std::vector<DatanodeInfo> nodes = deps_.blocks.Datanodes();
  if (std::ranges::none_of(
          nodes, [&](const DatanodeInfo& node) { return node.id.uuid == request.datanode_uuid; })) {
    return done(MakeError(ErrorKind::kHadoopIllegalArgument,
                          fmt::format("Datanode {} not found.", request.datanode_name)));
  }
  OnWorker<std::vector<BlockPlaces>>(
      [this, request = std::move(request)]() -> absl::StatusOr<std::vector<BlockPlaces>> {
        const int64_t hot_since_ms = deps_.clock.WallMs() - request.hot_interval_ms;
        return BlocksOnDatanode(deps_.blocks, request, [this, hot_since_ms](InodeId file) {
          return UsedSince(file, hot_since_ms);
        });
      },
      std::move(done));
}

absl::Status ClusterAdminImpl::SetBalancerBandwidth(const Caller& caller,
                                                    int64_t bytes_per_second) {
  if (bytes_per_second > kMaxBalancerBandwidth) {
    return MakeError(ErrorKind::kIllegalArgument,
                     fmt::format("Bandwidth should not exceed maximum limit {} bytes per second",
                                 kMaxBalancerBandwidth));
  }
  RETURN_IF_ERROR(CheckSuperuser(caller, "setBalancerBandwidth"));
  deps_.blocks.SetBalancerBandwidth(std::max<int64_t>(0, bytes_per_second));
  spdlog::info("{} lets balancing use {} bytes a second", caller.user, bytes_per_second);
  return absl::OkStatus();
}

void ClusterAdminImpl::SaveNamespace(const Caller& caller, CheckpointConditions conditions,
                                     Done<bool> done) {
  if (absl::Status status = CheckSuperuser(caller, "saveNamespace"); !status.ok()) {
    return done(std::move(status));
  }
  if (!deps_.blocks.InSafeMode()) {
    return done(errors::Io("Safe mode should be turned ON in order to create namespace image."));
  }
  OnWorker<bool>([this, conditions] { return Checkpoint(conditions); }, std::move(done));
}

absl::StatusOr<bool> ClusterAdminImpl::Checkpoint(const CheckpointConditions& conditions) {
  if (conditions.max_age_ms > 0 || conditions.max_missing_txns > 0) {
    ASSIGN_OR_RETURN(const CheckpointFacts last, deps_.store.LastCheckpoint());
    if (last.txid > 0 && deps_.clock.WallMs() - last.made_ms <= conditions.max_age_ms &&
        last.txid >= deps_.store.last_appended() - conditions.max_missing_txns) {
      return false;
    }
  }
  RETURN_IF_ERROR(deps_.store.SaveNamespace());
  return true;
}

void ClusterAdminImpl::LastCheckpoint(const Caller& caller, Done<Txid> done) {
  if (absl::Status status = CheckSuperuser(caller, "getMostRecentCheckpointTxId"); !status.ok()) {
    return done(std::move(status));
  }
  OnWorker<Txid>(
      [this]() -> absl::StatusOr<Txid> {
        ASSIGN_OR_RETURN(const CheckpointFacts last, deps_.store.LastCheckpoint());
        return last.txid;
      },
      std::move(done));
}

absl::StatusOr<bool> ClusterAdminImpl::RestoreFailedStorage(const Caller& caller,
                                                            std::optional<bool> enable) {
  RETURN_IF_ERROR(CheckSuperuser(caller, RestoreFailedStorageOperation(enable)));
  if (enable) {
    deps_.store.SetRestoresFailed(*enable);
    spdlog::info("{}: checkpoints {} failed name directories back", caller.user,
                 *enable ? "take" : "do not take");
  }
  return deps_.store.restores_failed();
}

void ClusterAdminImpl::RollEdits(const Caller& caller, Done<Txid> done) {
  if (absl::Status status = CheckSuperuser(caller, "rollEditLog"); !status.ok()) {
    return done(std::move(status));
  }
  if (deps_.blocks.InSafeMode()) {
    return done(MakeError(
        ErrorKind::kSafeMode,
        fmt::format("Log not rolled. Name node is in safe mode.\n{}", deps_.blocks.SafeModeTip())));
  }
  deps_.store.RollJournal(std::move(done));
}

void ClusterAdminImpl::MetaSave(const Caller& caller, const std::string& filename, DoneVoid done) {
  if (absl::Status status = CheckSuperuser(caller, "metaSave"); !status.ok()) {
    return done(std::move(status));
  }
  // HDFS takes any path below its log directory, and above it.
  if (filename.empty() || filename == "." || filename == ".." ||
      filename.find('/') != std::string::npos) {
    return done(
        errors::Io(fmt::format("{}: not the name of a file in the log directory", filename)));
  }
  const std::string path =
      options_.log_dir.empty() ? filename : fmt::format("{}/{}", options_.log_dir, filename);
  OnWorker([this, path] { return WriteMetaSave(path); }, std::move(done));
}

void ClusterAdminImpl::RefreshNodes(const Caller& caller, DoneVoid done) {
  if (absl::Status status = CheckSuperuser(caller, "refreshNodes"); !status.ok()) {
    return done(std::move(status));
  }
  spdlog::info("{} has the lists of hosts read again", caller.user);
  OnWorker(options_.reload_hosts, std::move(done));
}

void ClusterAdminImpl::RefreshProxyUsers(DoneVoid done) {
  spdlog::info("reading again who may act as somebody else");
  OnWorker(options_.reload_proxy_users, std::move(done));
}

absl::Status ClusterAdminImpl::WriteMetaSave(const std::string& path) {
  ASSIGN_OR_RETURN(const FsStats stats,
                   Await<FsStats>([&](auto done) { deps_.names.GetStats(std::move(done)); }));
  const std::string text = MetaSaveText(deps_.blocks, stats, deps_.clock,
                                        [this](InodeId inode) { return PathOf(inode); });
  RETURN_IF_ERROR(deps_.fs.WriteFileAtomically(path, text));
  spdlog::info("what the block manager has to do is in {}", path);
  return absl::OkStatus();
}

}  // namespace cairn::namenode
