// The lines of each list, in HDFS's order.
#include "namenode/admin/meta_save.h"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace cairn::namenode {
namespace {

// More blocks are counted, but not listed.
constexpr size_t kMaxListed = 100'000;

// "6459016(6.16 MB)".
std::string Size(int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
  size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0) return fmt::format("{}({} B)", bytes, bytes);
  std::string number = fmt::format("{:.2f}", value);
  if (number.ends_with(".00")) number.resize(number.size() - 3);
  return fmt::format("{}({} {})", bytes, number, kUnits[unit]);
}

// As Java prints a date, in UTC.
std::string Date(int64_t wall_ms) {
  return fmt::format("{:%a %b %d %H:%M:%S} UTC {:%Y}", fmt::gmtime(wall_ms / 1000),
                     fmt::gmtime(wall_ms / 1000));
}

std::string NodeLine(const DatanodeInfo& node) {
  const double used_percent = node.capacity > 0 ? 100.0 * static_cast<double>(node.dfs_used) /
                                                      static_cast<double>(node.capacity)
                                                : 100.0;
  return fmt::format("{} {} IN {} {} {:.2f}% {} 0(0 B) 0(0 B) 100.00% 0(0 B) {}\n",
                     node.id.XferAddress(), node.network_location, Size(node.capacity),
                     Size(node.dfs_used), used_percent, Size(node.remaining),
                     Date(node.last_update_ms));
}

// Puts the text together; used once.
class Writer {
 public:
  Writer(const BlockManager& blocks, const std::function<std::string(InodeId)>& path_of)
      : blocks_(blocks), path_of_(path_of) {}

  void Line(const std::string& text) { text_ += text + "\n"; }

  void Blocks(const std::vector<BlockId>& ids) {
    for (const BlockId id : ids) {
      if (const auto block = blocks_.Describe(id)) Block(*block);
    }
  }

  void CorruptBlocks(const std::vector<BlockId>& ids) {
    for (const BlockId id : ids) {
      const auto block = blocks_.Describe(id);
      if (!block) continue;
      for (const ReplicaDetail& replica : block->replicas) {
        if (!replica.corrupt) continue;
        Line(fmt::format(
            "Block={}\tNode={}\tStorageID={}\tStorageState={}\tTotalReplicas={}\tReason={}",
            block->block.ToString(), replica.datanode, replica.storage_id,
            replica.storage_failed ? "FAILED" : "NORMAL", block->replicas.size(), replica.reason));
      }
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  void Block(const BlockDetail& block) {
    const std::string path = path_of_(block.inode);
    text_ += fmt::format(
        "{}: {}{} (replicas: live: {} decommissioning and decommissioned: {} corrupt: {} in "
        "excess: {} maintenance mode: 0) ",
        path.empty() ? "[orphaned]" : path, block.block.ToString(),
        block.live + block.leaving > 0 ? "" : " MISSING", block.live, block.leaving, block.corrupt,
        block.excess);
    for (const ReplicaDetail& replica : block.replicas) {
      text_ += fmt::format(" {}{}{} : ", replica.datanode, replica.corrupt ? "(corrupt)" : "",
                           replica.unsure ? " (block deletions maybe out of date)" : "");
    }
    text_ += "\n";
  }

  const BlockManager& blocks_;
  const std::function<std::string(InodeId)>& path_of_;
  std::string text_;
};

}  // namespace

std::string MetaSaveText(const BlockManager& blocks, const FsStats& stats, const Clock& clock,
                         const std::function<std::string(InodeId)>& path_of) {
  const BlockWork work = blocks.Work(kMaxListed);
  Writer out(blocks, path_of);
  out.Line(fmt::format("{} files and directories, {} blocks = {} total filesystem objects",
                       stats.total_files, stats.total_blocks,
                       stats.total_files + stats.total_blocks));
  out.Line(fmt::format("Live Datanodes: {}", stats.live_datanodes));
  out.Line(fmt::format("Dead Datanodes: {}", stats.dead_datanodes));
  out.Line(fmt::format("Metasave: Blocks waiting for reconstruction: {}", work.waiting_count));
  out.Blocks(work.waiting);
  out.Line(fmt::format("Metasave: Blocks currently missing: {}", work.missing_count));
  out.Blocks(work.missing);
  out.Line("Mis-replicated blocks that have been postponed:");
  out.Blocks(work.postponed);
  out.Line(fmt::format("Metasave: Blocks being reconstructed: {}", work.copying_count));
  const int64_t wall_of_monotonic_ms = clock.WallMs() - clock.MonotonicMs();
  for (const BlockWork::Copy& copy : work.copying) {
    const auto block = blocks.Describe(copy.block);
    if (!block) continue;
    out.Line(fmt::format("{} StartTime: {:%H:%M:%S} NumReconstructInProgress: {}",
                         block->block.ToString(),
                         fmt::gmtime((copy.begun_ms + wall_of_monotonic_ms) / 1000), copy.targets));
  }
  out.Line(fmt::format("Metasave: Blocks {} waiting deletion from {} datanodes.",
                       work.deletions_count, work.deletions.size()));
  for (const BlockWork::Deletions& deletions : work.deletions) {
    out.Line(deletions.datanode);
    std::string names;
    for (const Block& block : deletions.blocks) names += block.ToString() + " ";
    out.Line(names);
  }
  out.Line("Corrupt Blocks:");
  out.CorruptBlocks(work.corrupt);
  const std::vector<DatanodeInfo> nodes = blocks.Datanodes();
  out.Line(fmt::format("Metasave: Number of datanodes: {}", nodes.size()));
  std::string text = out.Take();
  for (const DatanodeInfo& node : nodes) text += NodeLine(node);
  return text;
}

}  // namespace cairn::namenode
