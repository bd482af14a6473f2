// Texts of Hadoop 3.4's NamenodeFsck$ReplicationResult and $ErasureCodingResult.
#include "namenode/fsck/fsck_totals.h"

#include <fmt/format.h>

#include "namenode/fsck/fsck_text.h"

namespace cairn::namenode {
namespace {

constexpr char kStars[] = "\n  ********************************";

constexpr char kErasureCodedTotals[] =
    "\n\nErasure Coded Block Groups:\n Total size:\t0 B\n Total files:\t0\n"
    " Total block groups (validated):\t0\n Minimally erasure-coded block groups:\t0\n"
    " Over-erasure-coded block groups:\t0\n Under-erasure-coded block groups:\t0\n"
    " Unsatisfactory placement block groups:\t0\n Average block group size:\t0.0\n"
    " Missing block groups:\t\t0\n Corrupt block groups:\t\t0\n Missing internal blocks:\t0\n"
    " Blocks queued for replication:\t0\n";

std::string DamageText(const FsckTotals& totals, int min_replication) {
  if (totals.damaged_files == 0 && totals.under_min_replicated == 0) return "";
  std::string text = kStars;
  if (totals.under_min_replicated > 0) {
    text += fmt::format("\n  UNDER MIN REPL'D BLOCKS:\t{}{}\n  MINIMAL BLOCK REPLICATION:\t{}",
                        totals.under_min_replicated,
                        FsckPercent(totals.under_min_replicated, totals.blocks), min_replication);
  }
  if (totals.damaged_files > 0) {
    text += fmt::format("\n  CORRUPT FILES:\t{}", totals.damaged_files);
    if (totals.missing_bytes > 0) {
      text += fmt::format("\n  MISSING BLOCKS:\t{}\n  MISSING SIZE:\t\t{} B", totals.missing_blocks,
                          totals.missing_bytes);
    }
    if (totals.corrupt_blocks > 0) {
      text += fmt::format("\n  CORRUPT BLOCKS: \t{}\n  CORRUPT SIZE:\t\t{} B",
                          totals.corrupt_blocks, totals.corrupt_bytes);
    }
  }
  return text + kStars;
}

std::string SizeText(const FsckTotals& totals) {
  std::string text = fmt::format("\nReplicated Blocks:\n Total size:\t{} B", totals.bytes);
  if (totals.open_bytes != 0) {
    text += fmt::format(" (Total open files size: {} B)", totals.open_bytes);
  }
  text += fmt::format("\n Total files:\t{}", totals.files);
  if (totals.open_files != 0) {
    text += fmt::format(" (Files currently being written: {})", totals.open_files);
  }
  text += fmt::format("\n Total blocks (validated):\t{}", totals.blocks);
  if (totals.blocks > 0) {
    text += fmt::format(" (avg. block size {} B)", totals.bytes / totals.blocks);
  }
  if (totals.open_blocks != 0) {
    text += fmt::format(" (Total open file blocks (not validated): {})", totals.open_blocks);
  }
  return text;
}

std::string LeavingText(const FsckTotals& totals) {
  std::string text;
  if (totals.decommissioned_replicas > 0) {
    text += fmt::format("\n DecommissionedReplicas:\t{}", totals.decommissioned_replicas);
  }
  if (totals.decommissioning_replicas > 0) {
    text += fmt::format("\n DecommissioningReplicas:\t{}", totals.decommissioning_replicas);
  }
  if (totals.entering_maintenance_replicas > 0) {
    text +=
        fmt::format("\n EnteringMaintenanceReplicas:\t{}", totals.entering_maintenance_replicas);
  }
  if (totals.in_maintenance_replicas > 0) {
    text += fmt::format("\n InMaintenanceReplicas:\t{}", totals.in_maintenance_replicas);
  }
  return text;
}

}  // namespace

std::string TotalsText(const FsckTotals& totals, const FsckCluster& cluster) {
  const auto share = [&](int64_t part) { return FsckPercent(part, totals.blocks); };
  const float average =
      totals.blocks == 0 ? 0.0F
                         : static_cast<float>(totals.replicas) / static_cast<float>(totals.blocks);
  return fmt::format(
             "\nStatus: {}\n Number of data-nodes:\t{}\n Number of racks:\t\t{}\n"
             " Total dirs:\t\t\t{}\n Total symlinks:\t\t{}\n",
             totals.healthy() ? "HEALTHY" : "CORRUPT", cluster.datanodes, cluster.racks,
             totals.directories, totals.symlinks) +
         SizeText(totals) + DamageText(totals, cluster.min_replication) +
         fmt::format(
             "\n Minimally replicated blocks:\t{}{}\n Over-replicated blocks:\t{}{}\n"
             " Under-replicated blocks:\t{}{}\n Mis-replicated blocks:\t\t{}{}\n"
             " Default replication factor:\t{}\n Average block replication:\t{}\n"
             " Missing blocks:\t\t{}\n Corrupt blocks:\t\t{}\n Missing replicas:\t\t{}{}{}\n"
             " Blocks queued for replication:\t{}",
             totals.min_replicated, share(totals.min_replicated), totals.over_replicated,
             share(totals.over_replicated), totals.under_replicated, share(totals.under_replicated),
             totals.misplaced, share(totals.misplaced), cluster.default_replication,
             JavaFloat(average), totals.missing_blocks, totals.corrupt_blocks,
             totals.missing_replicas,
             totals.replicas == 0 ? ""
                                  : FsckPercent(totals.missing_replicas, totals.expected_replicas),
             LeavingText(totals), totals.queued_for_replication) +
         kErasureCodedTotals;
}

}  // namespace cairn::namenode
