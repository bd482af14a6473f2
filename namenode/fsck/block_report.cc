// Lines of Hadoop 3.4's NamenodeFsck.blockIdCK.
#include "namenode/fsck/block_report.h"

#include <ranges>

#include <fmt/format.h>

namespace cairn::namenode {
namespace {

std::string ConditionOf(const ReplicaView& replica, bool maintenance) {
  if (replica.corrupt) return fmt::format("is CORRUPT\t ReasonCode: {}", replica.corrupt_reason);
  if (replica.place.datanode.admin == AdminState::kDecommissioned) return "is DECOMMISSIONED";
  if (replica.place.datanode.admin == AdminState::kDecommissioning) return "is DECOMMISSIONING";
  if (maintenance && replica.place.datanode.admin == AdminState::kEnteringMaintenance) {
    return "is ENTERING MAINTENANCE";
  }
  if (maintenance && replica.place.datanode.admin == AdminState::kInMaintenance) {
    return "is IN MAINTENANCE";
  }
  if (replica.place.datanode.stale) return "is STALE";
  return replica.excess ? "is EXCESS" : "is HEALTHY";
}

}  // namespace

std::string BlockReport(const std::string& name, const std::string& path,
                        const BlockInspection& block, bool maintenance) {
  std::string text = fmt::format(
      "Block Id: {}\nBlock belongs to: {}\nNo. of Expected Replica: {}\nNo. of live Replica: {}\n"
      "No. of excess Replica: {}\nNo. of stale Replica: {}\nNo. of decommissioned Replica: {}\n"
      "No. of decommissioning Replica: {}\n{}No. of corrupted Replica: {}\n",
      name, path, block.row.replication, block.live, block.excess, block.unsure,
      block.decommissioned, block.decommissioning,
      maintenance ? fmt::format("No. of entering maintenance Replica: {}\nNo. of in maintenance "
                                "Replica: {}\n",
                                block.entering_maintenance, block.in_maintenance)
                  : "",
      block.corrupt);
  if (block.row.state != BlockState::kComplete) return text;  // its replicas are only promised
  for (const ReplicaView& replica : block.replicas | std::views::reverse) {
    text += fmt::format("Block replica on datanode/rack: {}{} {}\n",
                        replica.place.datanode.id.host_name,
                        replica.place.datanode.network_location, ConditionOf(replica, maintenance));
  }
  return text;
}

}  // namespace cairn::namenode
