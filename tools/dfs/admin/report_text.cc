// The text of the report.
#include "tools/dfs/admin/report_text.h"

#include "tools/dfs/base/format.h"

namespace cairn::dfs {
namespace {

std::string Bytes(int64_t n) { return HumanSize(n, "B", 2); }

std::string Both(std::string_view name, int64_t n) {
  return fmt::format("{}: {} ({})\n", name, n, Bytes(n));
}

std::string_view ServiceText(AdminState state) {
  switch (state) {
    case AdminState::kNormal:
      return "Normal";
    case AdminState::kDecommissioning:
      return "Decommission in progress";
    case AdminState::kDecommissioned:
      return "Decommissioned";
    case AdminState::kEnteringMaintenance:
      return "Entering maintenance";
    case AdminState::kInMaintenance:
      return "In maintenance";
  }
  return "";
}

std::string DatanodeText(const DatanodeInfo& node) {
  std::string text = fmt::format("Name: {} ({})\nHostname: {}\n", node.id.XferAddress(),
                                 node.id.host_name, node.id.host_name);
  if (!node.network_location.empty() && node.network_location != "/default-rack") {
    text += fmt::format("Rack: {}\n", node.network_location);
  }
  text += fmt::format("Decommission Status : {}\n", ServiceText(node.admin));
  text += Both("Configured Capacity", node.capacity);
  text += Both("DFS Used", node.dfs_used);
  text += Both("Non DFS Used", node.non_dfs_used);
  text += Both("DFS Remaining", node.remaining);
  text += fmt::format("DFS Used%: {}\n", Percent(node.dfs_used, node.capacity, 2, 100));
  text += fmt::format("DFS Remaining%: {}\n", Percent(node.remaining, node.capacity, 2));
  text +=
      "Configured Cache Capacity: 0 (0 B)\nCache Used: 0 (0 B)\nCache Remaining: 0 (0 B)\n"
      "Cache Used%: 100.00%\nCache Remaining%: 0.00%\n";
  text += fmt::format("Xceivers: {}\n", node.xceiver_count);
  text += fmt::format("Last contact: {}\n", JavaDate(node.last_update_ms));
  text +=
      fmt::format("Last Block Report: {}\n",
                  node.last_block_report_ms == 0 ? "Never" : JavaDate(node.last_block_report_ms));
  text += fmt::format("Num of Blocks: {}\n", node.num_blocks);
  return text;
}

}  // namespace

std::string ReportHeader(const FsStats& stats, bool safe_mode) {
  const int64_t present = stats.used + stats.remaining;
  std::string text = safe_mode ? "Safe mode is ON\n" : "";
  text += Both("Configured Capacity", stats.capacity);
  text += Both("Present Capacity", present);
  text += Both("DFS Remaining", stats.remaining);
  text += Both("DFS Used", stats.used);
  text += fmt::format("DFS Used%: {}\n", Percent(stats.used, present, 2));
  text += fmt::format(
      "Replicated Blocks:\n\tUnder replicated blocks: {}\n\tBlocks with corrupt replicas: {}\n"
      "\tMissing blocks: {}\n\tMissing blocks (with replication factor 1): {}\n",
      stats.under_replicated, stats.corrupt_blocks, stats.missing_blocks,
      stats.missing_replication_one_blocks);
  text += fmt::format("\tPending deletion blocks: {}\n\n", stats.pending_deletion_blocks);
  text += "-------------------------------------------------\n";
  return text;
}

std::string ReportDatanodes(const std::string& title, const std::vector<DatanodeInfo>& datanodes) {
  if (datanodes.empty()) return "";
  std::string text = fmt::format("{} datanodes ({}):\n\n", title, datanodes.size());
  for (const DatanodeInfo& node : datanodes) text += DatanodeText(node) + "\n\n";
  return text;
}

}  // namespace cairn::dfs
