// Checks as HDFS makes them, in its order; then the part whose work it is.
#include "namenode/admin/cluster_admin_impl.h"

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/types/errors.h"
#include "namenode/admin/blocks_on_datanode.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kMaxBalancerBandwidth = int64_t{1} << 40;  // HDFS: 1 TiB a second

// Who asks what this class itself wants to know.
Caller Internal() { return {.user = "", .superuser = true}; }

absl::Status CheckSuperuser(const Caller& caller, std::string_view operation) {
  if (caller.superuser) return absl::OkStatus();
  return errors::SuperuserRequired(caller.user, operation);
}

}  // namespace

ClusterAdminImpl::ClusterAdminImpl(Namespace& names, BlockManager& blocks, const Clock& clock)
    : names_(names), blocks_(blocks), clock_(clock), worker_("admin", 1) {}

ClusterAdminImpl::~ClusterAdminImpl() { Stop(); }

void ClusterAdminImpl::Stop() { worker_.Shutdown(); }

// Whether the file was read or written since.
bool ClusterAdminImpl::UsedSince(InodeId file, int64_t wall_ms) {
  std::promise<bool> used;
  names_.GetFileInfo(Internal(), fmt::format("/.reserved/.inodes/{}", file), false,
                     [&](absl::StatusOr<std::optional<FileStatus>> status) {
                       used.set_value(status.ok() && status->has_value() &&
                                      std::max((*status)->atime_ms, (*status)->mtime_ms) > wall_ms);
                     });
  return used.get_future().get();
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
  if (blocks_.InSafeMode()) {
    return done(errors::SafeMode("execute getBlocks", blocks_.SafeModeTip()));
  }
  const std::vector<DatanodeInfo> nodes = blocks_.Datanodes();
  if (std::ranges::none_of(
          nodes, [&](const DatanodeInfo& node) { return node.id.uuid == request.datanode_uuid; })) {
    return done(MakeError(ErrorKind::kHadoopIllegalArgument,
                          fmt::format("Datanode {} not found.", request.datanode_name)));
  }
  auto answer = std::make_shared<Done<std::vector<BlockPlaces>>>(std::move(done));
  const bool queued = worker_.Add([this, request = std::move(request), answer] {
    const int64_t hot_since_ms = clock_.WallMs() - request.hot_interval_ms;
    (*answer)(BlocksOnDatanode(blocks_, request, [this, hot_since_ms](InodeId file) {
      return UsedSince(file, hot_since_ms);
    }));
  });
  if (!queued) (*answer)(errors::Retriable("NameNode is shutting down"));
}

absl::Status ClusterAdminImpl::SetBalancerBandwidth(const Caller& caller,
                                                    int64_t bytes_per_second) {
  if (bytes_per_second > kMaxBalancerBandwidth) {
    return MakeError(ErrorKind::kIllegalArgument,
                     fmt::format("Bandwidth should not exceed maximum limit {} bytes per second",
                                 kMaxBalancerBandwidth));
  }
  if (absl::Status status = CheckSuperuser(caller, "setBalancerBandwidth"); !status.ok()) {
    return status;
  }
  blocks_.SetBalancerBandwidth(std::max<int64_t>(0, bytes_per_second));
  spdlog::info("balancing may use {} bytes a second, as {} says", bytes_per_second, caller.user);
  return absl::OkStatus();
}

}  // namespace cairn::namenode
