// Rules and lines for replicated files.
#include "namenode/fsck/fsck_report.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "common/types/storage_type_name.h"

namespace cairn::namenode {
namespace {

// A blank line for every so many entries, a dot for every so many files whose names are not shown.
constexpr int64_t kEntriesPerLine = 1000;
constexpr int64_t kFilesPerDot = 100;

// Blocks that begin within the file's length: an empty unfinished one does not.
int64_t CountBlocks(const LocatedBlocks& located, int64_t length) {
  return std::ranges::count_if(located.blocks,
                               [&](const LocatedBlock& block) { return block.offset < length; });
}

}  // namespace

FsckReport::FsckReport(const FsckOptions& options, const FsckCluster& cluster, Sink sink)
    : options_(options), cluster_(cluster), sink_(std::move(sink)) {}

FsckFindings FsckReport::Add(const std::string& path, const FileStatus& status,
                             const std::vector<BlockInspection>& blocks) {
  if ((totals_.directories + totals_.symlinks + totals_.files) % kEntriesPerLine == 0) sink_("\n");
  switch (status.type) {
    case FileType::kDirectory:
      ++totals_.directories;
      if (options_.files) sink_(fmt::format("{} <dir>\n", path));
      return {};
    case FileType::kSymlink:
      ++totals_.symlinks;
      if (options_.files) sink_(fmt::format("{} <symlink>\n", path));
      return {};
    case FileType::kFile:
      break;
  }
  return AddFile(path, status, blocks);
}

void FsckReport::PrintFile(const std::string& path, const FileStatus& status, int64_t blocks,
                           bool open) {
  if (!open && !options_.files) {
    if (totals_.files % kFilesPerDot == 0) sink_(".");
    return;
  }
  sink_(fmt::format("{} {} bytes, replicated: replication={}, {} block(s){} ", path, status.length,
                    status.replication, blocks, open ? ", OPENFORWRITE:" : ":"));
}

FsckFindings FsckReport::AddFile(const std::string& path, const FileStatus& status,
                                 const std::vector<BlockInspection>& blocks) {
  const LocatedBlocks located = status.locations.value_or(LocatedBlocks{});
  const bool open = located.under_construction;
  const int64_t count = CountBlocks(located, status.length);
  if (open && !options_.open_for_write) {
    ++totals_.open_files;
    totals_.open_bytes += status.length;
    totals_.open_blocks += count;
    return {};
  }
  ++totals_.files;
  totals_.bytes += status.length;
  totals_.blocks += count;
  PrintFile(path, status, count, open);
  FileResult result;
  int64_t number = 0;
  for (size_t i = 0; i < located.blocks.size(); ++i) {
    const LocatedBlock& block = located.blocks[i];
    if (i + 1 < located.blocks.size() || located.last_block_complete) {
      AddBlock(path, status, {block, blocks[i]}, number++, result);
      continue;
    }
    result.report += fmt::format("\nUnder Construction Block:\n{}. {} len={} Expected_repl={}{}",
                                 number, block.block.ToString(), block.block.block.num_bytes,
                                 blocks[i].replicas.size(), PlacesOf(blocks[i]));
  }
  PrintResult(path, result);
  return {.damaged = (result.missing > 0 || result.corrupt > 0) && !open,
          .misplaced = std::move(result.misplaced)};
}

void FsckReport::AddBlock(const std::string& path, const FileStatus& status, const BlockView& block,
                          int64_t number, FileResult& result) {
  const int64_t length = block.located.block.block.num_bytes;
  if (block.located.corrupt) {
    ++result.corrupt;
    result.corrupt_bytes += length;
    sink_(fmt::format("\n{}: CORRUPT blockpool {} block blk_{}\n", path,
                      block.located.block.pool_id, block.located.block.block.id));
  }
  CountReplicas(path, status.replication, block, result);
  CheckPlacement(path, status.replication, block, result);
  if (options_.storage_policies) {
    std::vector<StorageType> types;
    for (const ReplicaLocation& place : block.located.locations) {
      types.push_back(place.storage_type);
    }
    policies_.Add(status.storage_policy, std::move(types));
  }
  result.report += fmt::format("{}. {} len={}", number, block.located.block.ToString(), length);
  if (block.seen.usable() == 0 && !block.located.corrupt) {
    ++result.missing;
    result.missing_bytes += length;
    result.report += " MISSING!";
  } else {
    result.report += fmt::format(" Live_repl={}{}", block.seen.live, PlacesOf(block.seen));
  }
  result.report += '\n';
}

void FsckReport::CountReplicas(const std::string& path, int wanted, const BlockView& block,
                               FileResult& result) {
  const int live = block.seen.live;
  const int usable = block.seen.usable();
  totals_.replicas += usable;
  totals_.expected_replicas += wanted;
  totals_.decommissioned_replicas += block.seen.decommissioned;
  totals_.decommissioning_replicas += block.seen.decommissioning;
  if (options_.maintenance) {
    totals_.entering_maintenance_replicas += block.seen.entering_maintenance;
    totals_.in_maintenance_replicas += block.seen.in_maintenance;
  }
  ++(usable >= cluster_.min_replication ? totals_.min_replicated : totals_.under_min_replicated);
  if (usable > wanted) ++totals_.over_replicated;
  if (usable == 0 || usable >= wanted) return;
  ++result.under_replicated;
  totals_.missing_replicas += wanted - usable;
  sink_(fmt::format(
      "{} Under replicated {}. Target Replicas is {} but found {} live replica(s), "
      "{} decommissioned replica(s), {} decommissioning replica(s){}\n",
      options_.files ? "" : fmt::format("\n{}: ", path), block.located.block.ToString(), wanted,
      live, block.seen.decommissioned, block.seen.decommissioning,
      options_.maintenance
          ? fmt::format("{}, entering maintenance replica(s) and {} in maintenance replica(s).",
                        block.seen.entering_maintenance, block.seen.in_maintenance)
          : "."));
}

void FsckReport::CheckPlacement(const std::string& path, int wanted, const BlockView& block,
                                FileResult& result) {
  if (!block.seen.multi_rack) return;
  std::set<std::string_view> racks;
  for (const ReplicaLocation& place : block.located.locations) {
    racks.insert(place.datanode.network_location);
  }
  const int wanted_racks = std::min(2, wanted);
  const int found = static_cast<int>(racks.size());
  if (found >= wanted_racks || found >= cluster_.racks) return;
  result.misplaced.push_back(block.located.block.block.id);
  if (!options_.files) {
    sink_(fmt::format("{}{}: ", result.under_replicated == 0 ? "\n" : "", path));
  }
  sink_(fmt::format(
      " Replica placement policy is violated for {}. Block should be additionally replicated on {} "
      "more rack(s). Total number of racks in the cluster: {}\n",
      block.located.block.ToString(), wanted_racks - found, cluster_.racks));
}

void FsckReport::PrintResult(const std::string& path, const FileResult& result) {
  totals_.under_replicated += result.under_replicated;
  totals_.misplaced += static_cast<int64_t>(result.misplaced.size());
  totals_.missing_blocks += result.missing;
  totals_.missing_bytes += result.missing_bytes;
  totals_.corrupt_blocks += result.corrupt;
  totals_.corrupt_bytes += result.corrupt_bytes;
  const bool damaged = result.missing > 0 || result.corrupt > 0;
  totals_.damaged_files += damaged ? 1 : 0;

  const std::string prefix = options_.files ? " " : fmt::format("\n{}: ", path);
  const char* end = options_.files ? "\n" : ".";
  if (result.missing > 0) {
    sink_(fmt::format("{}MISSING {} blocks of total size {} B{}", prefix, result.missing,
                      result.missing_bytes, end));
  }
  if (result.corrupt > 0) {
    sink_(fmt::format("{}CORRUPT {} blocks of total size {} B{}", prefix, result.corrupt,
                      result.corrupt_bytes, end));
  }
  if (!options_.files) return;
  if (!damaged && result.under_replicated == 0 && result.misplaced.empty()) sink_(" OK\n");
  if (options_.blocks) sink_(result.report + "\n");
}

std::string FsckReport::PlacesOf(const BlockInspection& block) const {
  if (!options_.locations && !options_.racks && !options_.replica_details &&
      !options_.upgrade_domains) {
    return "";
  }
  std::string text = "  [";
  for (size_t i = 0; i < block.replicas.size(); ++i) {
    const ReplicaLocation& place = block.replicas[i].place;
    if (i > 0) text += ", ";
    if (options_.racks) {
      text +=
          fmt::format("{}/{}", place.datanode.network_location, place.datanode.id.XferAddress());
    } else {
      text += fmt::format("DatanodeInfoWithStorage[{},{},{}]", place.datanode.id.XferAddress(),
                          place.storage_id, StorageTypeName(place.storage_type));
    }
    if (options_.upgrade_domains) text += "(ud=undefined)";
    if (options_.replica_details) text += ConditionOf(block.replicas[i]);
  }
  return text + "]";
}

std::string FsckReport::ConditionOf(const ReplicaView& replica) const {
  if (replica.place.datanode.admin == AdminState::kDecommissioned) return "(DECOMMISSIONED)";
  if (replica.place.datanode.admin == AdminState::kDecommissioning) return "(DECOMMISSIONING)";
  if (options_.maintenance) {
    if (replica.place.datanode.admin == AdminState::kEnteringMaintenance) {
      return "(ENTERING MAINTENANCE)";
    }
    if (replica.place.datanode.admin == AdminState::kInMaintenance) return "(IN MAINTENANCE)";
  }
  if (replica.corrupt) return "(CORRUPT)";
  if (replica.excess) return "(EXCESS)";
  if (replica.place.datanode.stale) return "(STALE_NODE)";
  return replica.unsure ? "(STALE_BLOCK_CONTENT)" : "(LIVE)";
}

std::string FsckReport::Totals() const {
  return TotalsText(totals_, cluster_) + (options_.storage_policies ? policies_.Text() : "");
}

}  // namespace cairn::namenode
