// Disks and logs, read as they are.
#include "tests/fault/runner/checkers.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <utility>
#include <vector>

namespace cairn::fault {
namespace {

namespace fs = std::filesystem;

std::string Content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// Calls `visit` with what the groups of `pattern` matched, for each line of a log that it matches.
void ForEachMatch(const std::string& log, const std::string& pattern,
                  const std::function<void(const std::smatch&)>& visit) {
  const std::regex wanted(pattern);
  std::ifstream file(log);
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_search(line, match, wanted)) visit(match);
  }
}

std::string LogOf(const FaultCluster& cluster, int daemon) {
  return fmt::format("{}/{}.log", cluster.logs(), DaemonName(daemon));
}

}  // namespace

absl::Status ReplicasAgree(const FaultCluster& cluster) {
  struct Replica {
    fs::path meta;
    std::string bytes;
  };
  std::map<std::string, Replica> replicas;  // by "blk_ID"
  for (int i = 0; i < cluster.datanodes(); ++i) {
    for (const std::string& disk : cluster.Disks(i)) {
      for (const auto& entry : fs::recursive_directory_iterator(disk)) {
        const fs::path& path = entry.path();
        const std::string name = path.filename();
        if (path.extension() != ".meta" || path.string().find("/finalized/") == std::string::npos)
          continue;
        // blk_ID_STAMP.meta beside blk_ID.
        const std::string block = name.substr(0, name.rfind('_'));
        const std::string bytes = Content(path) + Content(path.parent_path() / block);
        const auto [it, first] = replicas.try_emplace(block, Replica{path, bytes});
        if (!first && (it->second.bytes != bytes || it->second.meta.filename() != name)) {
          return absl::DataLossError(
              fmt::format("{} and {} differ", path.string(), it->second.meta.string()));
        }
      }
    }
  }
  return absl::OkStatus();
}

std::vector<RecoveryOrdered> RecoveriesOrdered(const FaultCluster& cluster) {
  std::vector<RecoveryOrdered> orders;
  for (int i = 0; i < cluster.datanodes(); ++i) {
    ForEachMatch(LogOf(cluster, i),
                 "calls recoverBlock.block=[^,]*blk_(-?[0-9]+)_.*newGenerationStamp=([0-9]+)",
                 [&](const std::smatch& match) {
                   orders.push_back({i, std::stoll(match[1]), std::stoll(match[2])});
                 });
  }
  return orders;
}

bool RecoveryHasEnded(const FaultCluster& cluster, const RecoveryOrdered& order) {
  bool ended = false;
  ForEachMatch(LogOf(cluster, order.datanode),
               fmt::format("(recovered [^,]*blk_{0}_[0-9]+: generation stamp {1},|"
                           "recoverBlocks FAILED: [^,]*blk_{0}_[0-9]+ with id {1}:)",
                           order.block, order.id),
               [&](const std::smatch&) { ended = true; });
  return ended;
}

absl::Status RecoveryIdsRise(const FaultCluster& cluster) {
  absl::Status status;
  std::map<int64_t, int64_t> latest;  // by block
  ForEachMatch(LogOf(cluster, kNamenode), "Recovery ([0-9]+) of blk_(-?[0-9]+): the primary",
               [&](const std::smatch& match) {
                 const int64_t id = std::stoll(match[1]);
                 int64_t& last = latest[std::stoll(match[2])];
                 if (id < last && status.ok())
                   status = absl::DataLossError(fmt::format("{} after {}", match.str(), last));
                 last = id;
               });
  std::map<int64_t, RecoveryOrdered> orders;  // by id
  for (const RecoveryOrdered& order : RecoveriesOrdered(cluster)) {
    const auto [it, first] = orders.try_emplace(order.id, order);
    const RecoveryOrdered& other = it->second;
    if (first || (other.block == order.block && other.datanode == order.datanode)) continue;
    return absl::DataLossError(fmt::format(
        "recovery id {} is given to {} for blk_{} and to {} for blk_{}", order.id,
        DaemonName(other.datanode), other.block, DaemonName(order.datanode), order.block));
  }
  return status;
}

bool CalledCorrupt(const FaultCluster& cluster, int64_t block) {
  bool called = false;
  ForEachMatch(LogOf(cluster, kNamenode), fmt::format("Replica blk_{}_[0-9]+ .* is corrupt", block),
               [&](const std::smatch&) { called = true; });
  return called;
}

absl::Status FatalLines(const std::string& log_directory, bool stops_allowed) {
  for (const auto& entry : fs::directory_iterator(log_directory)) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      bool fatal = !stops_allowed && line.find("Z critical [") != std::string::npos;
      for (const char* const mark :
           {"terminate called", "AddressSanitizer", "ThreadSanitizer", "pure virtual method",
            "Assertion ", "RAW: ", "fault shim: ", "stack smashing", "free(): ", "malloc(): "}) {
        fatal = fatal || line.find(mark) != std::string::npos;
      }
      if (fatal)
        return absl::InternalError(fmt::format("{}: {}", entry.path().filename().string(), line));
    }
  }
  return absl::OkStatus();
}

}  // namespace cairn::fault
