// Texts and rules of Hadoop 3.4's NamenodeFsck for replicated files.
#include "namenode/fsck/fsck_report.h"

#include <ctime>
#include <set>

#include "common/types/errors.h"
#include "common/types/storage_type_name.h"

namespace cairn::namenode {
namespace {

// Java's Float.toString for the values that occur here: shortest form, always with a point.
std::string JavaFloat(float value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// Replicas that count: those on DataNodes that answer.
int LiveReplicas(const LocatedBlock& block) {
  if (block.corrupt) return 0;
  int live = 0;
  for (const ReplicaLocation& location : block.locations) live += location.datanode.live ? 1 : 0;
  return live;
}

constexpr char kStars[] = "\n  ********************************";

constexpr char kErasureCodedTotals[] =
    "\n\nErasure Coded Block Groups:\n Total size:\t0 B\n Total files:\t0\n"
    " Total block groups (validated):\t0\n Minimally erasure-coded block groups:\t0\n"
    " Over-erasure-coded block groups:\t0\n Under-erasure-coded block groups:\t0\n"
    " Unsatisfactory placement block groups:\t0\n Average block group size:\t0.0\n"
    " Missing block groups:\t\t0\n Corrupt block groups:\t\t0\n Missing internal blocks:\t0\n"
    " Blocks queued for replication:\t0\n";

}  // namespace

std::string JavaDate(int64_t wall_ms) {
  const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &parts);
  return std::string(text, length);
}

FsckReport::FsckReport(FsckOptions options, FsckSubject subject, Sink sink)
    : options_(options), subject_(std::move(subject)), sink_(std::move(sink)) {
  if (options_.list_corrupt_file_blocks) {
    sink_(fmt::format("The list of corrupt files under path '{}' are:\n", subject_.path));
    return;
  }
  sink_(fmt::format("FSCK started by {} (auth:SIMPLE) from /{} for path {} at {}\n\n",
                    subject_.user, subject_.address, subject_.path,
                    JavaDate(subject_.started_wall_ms)));
}

void FsckReport::Add(const std::string& path, const FileStatus& status) {
  switch (status.type) {
    case FileType::kDirectory:
      ++directories_;
      if (options_.files && !options_.list_corrupt_file_blocks) {
        sink_(fmt::format("{} <dir>\n", path));
      }
      return;
    case FileType::kSymlink:
      ++symlinks_;
      if (options_.files && !options_.list_corrupt_file_blocks) {
        sink_(fmt::format("{} <symlink>\n", path));
      }
      return;
    case FileType::kFile:
      options_.list_corrupt_file_blocks ? ListCorrupt(path, status) : AddFile(path, status);
  }
}

void FsckReport::ListCorrupt(const std::string& path, const FileStatus& status) {
  if (!status.locations) return;
  bool any = false;
  for (const LocatedBlock& block : status.locations->blocks) {
    const bool unfinished = status.locations->under_construction &&
                            !status.locations->last_block_complete &&
                            &block == &status.locations->blocks.back();
    if (unfinished || LiveReplicas(block) > 0) continue;
    sink_(fmt::format("blk_{}\t{}\n", block.block.block.id, path));
    any = true;
  }
  corrupt_files_ += any ? 1 : 0;
}

void FsckReport::AddFile(const std::string& path, const FileStatus& status) {
  const LocatedBlocks located = status.locations.value_or(LocatedBlocks{});
  if (located.under_construction && !options_.open_for_write) {
    ++open_files_;
    open_bytes_ += status.length;
    open_blocks_ += static_cast<int64_t>(located.blocks.size());
    return;
  }
  ++files_;
  bytes_ += status.length;
  if (options_.files) {
    sink_(fmt::format("{} {} bytes, replicated: replication={}, {} block(s): {}", path,
                      status.length, status.replication, located.blocks.size(),
                      located.under_construction ? "OPENFORWRITE: " : ""));
  }
  FileResult result;
  for (size_t i = 0; i < located.blocks.size(); ++i) {
    const LocatedBlock& block = located.blocks[i];
    const bool last = i + 1 == located.blocks.size();
    if (last && located.under_construction && !located.last_block_complete) {
      result.report +=
          fmt::format("\nUnder Construction Block:\n{}. {} len={} Expected_repl={}{}\n", i,
                      block.block.ToString(), block.block.block.num_bytes, block.locations.size(),
                      PlacesOf(block));
      continue;
    }
    AddBlock(path, status, block, i, result);
  }
  PrintFileResult(path, result);
}

void FsckReport::AddBlock(const std::string& path, const FileStatus& status,
                          const LocatedBlock& block, size_t number, FileResult& result) {
  const int live = LiveReplicas(block);
  const int64_t length = block.block.block.num_bytes;
  CountReplicas(path, status, block, live, result);
  result.report += fmt::format("{}. {} len={}", number, block.block.ToString(), length);
  if (block.corrupt) {
    ++result.corrupt;
    result.corrupt_bytes += length;
    sink_(fmt::format("\n{}: CORRUPT blockpool {} block blk_{}\n", path, block.block.pool_id,
                      block.block.block.id));
  }
  if (live == 0 && !block.corrupt) {
    ++result.missing;
    result.missing_bytes += length;
    result.report += " MISSING!";
  } else {
    result.report += fmt::format(" Live_repl={}{}", live, PlacesOf(block));
  }
  result.report += '\n';
}

void FsckReport::CountReplicas(const std::string& path, const FileStatus& status,
                               const LocatedBlock& block, int live, FileResult& result) {
  const int wanted = status.replication;
  ++blocks_;
  replicas_ += live;
  expected_replicas_ += wanted;
  if (live >= subject_.min_replication) {
    ++min_replicated_;
  } else {
    ++under_min_replicated_;
  }
  if (live > wanted) ++over_replicated_;
  if (live < wanted) {
    ++result.under_replicated;
    missing_replicas_ += wanted - live;
    sink_(fmt::format(
        "{} Under replicated {}. Target Replicas is {} but found {} live replica(s), "
        "0 decommissioned replica(s), 0 decommissioning replica(s).\n",
        options_.files ? "" : fmt::format("\n{}: ", path), block.block.ToString(), wanted, live));
  }
  std::set<std::string_view> racks;
  for (const ReplicaLocation& location : block.locations) {
    if (location.datanode.live) racks.insert(location.datanode.network_location);
  }
  const int wanted_racks = std::min({2, wanted, subject_.racks});
  if (live > 0 && static_cast<int>(racks.size()) < std::min(wanted_racks, live)) {
    ++result.misplaced;
    sink_(
        fmt::format("{} Replica placement policy is violated for {}. Block should be additionally "
                    "replicated on {} more rack(s). Total number of racks in the cluster: {}\n",
                    options_.files ? "" : fmt::format("\n{}: ", path), block.block.ToString(),
                    wanted_racks - static_cast<int>(racks.size()), subject_.racks));
  }
}

void FsckReport::PrintFileResult(const std::string& path, const FileResult& result) {
  under_replicated_ += result.under_replicated;
  misplaced_ += result.misplaced;
  missing_blocks_ += result.missing;
  missing_bytes_ += result.missing_bytes;
  corrupt_blocks_ += result.corrupt;
  corrupt_bytes_ += result.corrupt_bytes;
  const bool damaged = result.missing > 0 || result.corrupt > 0;
  corrupt_files_ += damaged ? 1 : 0;

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
  if (!damaged && result.under_replicated == 0 && result.misplaced == 0) sink_(" OK\n");
  if (options_.blocks) sink_(result.report + "\n");
}

std::string FsckReport::PlacesOf(const LocatedBlock& block) const {
  if (!options_.locations && !options_.racks) return "";
  std::string text = "  [";
  for (size_t i = 0; i < block.locations.size(); ++i) {
    const ReplicaLocation& place = block.locations[i];
    if (i > 0) text += ", ";
    if (options_.racks) {
      text +=
          fmt::format("{}/{}", place.datanode.network_location, place.datanode.id.XferAddress());
    } else {
      text += fmt::format("DatanodeInfoWithStorage[{},{},{}]", place.datanode.id.XferAddress(),
                          place.storage_id, StorageTypeName(place.storage_type));
    }
  }
  return text + "]";
}

std::string FsckReport::Percent(int64_t part, int64_t whole) const {
  if (whole == 0) return "";
  return fmt::format(" ({} %)",
                     JavaFloat(static_cast<float>(part * 100) / static_cast<float>(whole)));
}

std::string FsckReport::DamageTotals() const {
  if (corrupt_files_ == 0 && under_min_replicated_ == 0) return "";
  std::string text = kStars;
  if (under_min_replicated_ > 0) {
    text += fmt::format("\n  UNDER MIN REPL'D BLOCKS:\t{}{}\n  dfs.namenode.replication.min:\t{}",
                        under_min_replicated_, Percent(under_min_replicated_, blocks_),
                        subject_.min_replication);
  }
  if (corrupt_files_ > 0) {
    text += fmt::format("\n  CORRUPT FILES:\t{}", corrupt_files_);
    if (missing_blocks_ > 0) {
      text += fmt::format("\n  MISSING BLOCKS:\t{}\n  MISSING SIZE:\t\t{} B", missing_blocks_,
                          missing_bytes_);
    }
    if (corrupt_blocks_ > 0) {
      text += fmt::format("\n  CORRUPT BLOCKS: \t{}\n  CORRUPT SIZE:\t\t{} B", corrupt_blocks_,
                          corrupt_bytes_);
    }
  }
  return text + kStars;
}

std::string FsckReport::Totals() const {
  std::string text = fmt::format(
      "\nStatus: {}\n Number of data-nodes:\t{}\n Number of racks:\t\t{}\n Total dirs:\t\t\t{}\n"
      " Total symlinks:\t\t{}\n\nReplicated Blocks:\n Total size:\t{} B",
      corrupt_files_ == 0 ? "HEALTHY" : "CORRUPT", subject_.datanodes, subject_.racks, directories_,
      symlinks_, bytes_);
  if (open_bytes_ != 0) text += fmt::format(" (Total open files size: {} B)", open_bytes_);
  text += fmt::format("\n Total files:\t{}", files_);
  if (open_files_ != 0) text += fmt::format(" (Files currently being written: {})", open_files_);
  text += fmt::format("\n Total blocks (validated):\t{}", blocks_);
  if (blocks_ > 0) text += fmt::format(" (avg. block size {} B)", bytes_ / blocks_);
  if (open_blocks_ != 0) {
    text += fmt::format(" (Total open file blocks (not validated): {})", open_blocks_);
  }
  text += DamageTotals();
  const float average =
      blocks_ == 0 ? 0.0F : static_cast<float>(replicas_) / static_cast<float>(blocks_);
  text += fmt::format(
      "\n Minimally replicated blocks:\t{}{}\n Over-replicated blocks:\t{}{}\n"
      " Under-replicated blocks:\t{}{}\n Mis-replicated blocks:\t\t{}{}\n"
      " Default replication factor:\t{}\n Average block replication:\t{}\n Missing blocks:\t\t{}\n"
      " Corrupt blocks:\t\t{}\n Missing replicas:\t\t{}{}\n Blocks queued for replication:\t{}",
      min_replicated_, Percent(min_replicated_, blocks_), over_replicated_,
      Percent(over_replicated_, blocks_), under_replicated_, Percent(under_replicated_, blocks_),
      misplaced_, Percent(misplaced_, blocks_), subject_.default_replication, JavaFloat(average),
      missing_blocks_, corrupt_blocks_, missing_replicas_,
      replicas_ == 0 ? "" : Percent(missing_replicas_, expected_replicas_),
      subject_.queued_for_replication);
  return text + kErasureCodedTotals;
}

FsckOutcome FsckReport::Finish(const absl::Status& walk, int64_t ended_wall_ms,
                               int64_t elapsed_ms) {
  if (Is(walk, ErrorKind::kFileNotFound)) {
    sink_(fmt::format("\n\nPath '{}' does not exist", subject_.path));
    return FsckOutcome::kNotFound;
  }
  if (!walk.ok()) {
    sink_(fmt::format("{}\n\n\nFsck on path '{}' FAILED", std::string(walk.message()),
                      subject_.path));
    return FsckOutcome::kFailed;
  }
  if (options_.list_corrupt_file_blocks) {
    sink_(fmt::format("The filesystem under path '{}' has {} CORRUPT files\n", subject_.path,
                      corrupt_files_));
    return FsckOutcome::kHealthy;
  }
  const bool healthy = corrupt_files_ == 0;
  sink_(fmt::format(
      "{}FSCK ended at {} in {} milliseconds\n\n\nThe filesystem under path '{}' is {}\n", Totals(),
      JavaDate(ended_wall_ms), elapsed_ms, subject_.path, healthy ? "HEALTHY" : "CORRUPT"));
  return healthy ? FsckOutcome::kHealthy : FsckOutcome::kCorrupt;
}

}  // namespace cairn::namenode
