// Disks and logs, read as they are.
#include "tests/fault/runner/checkers.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

namespace cairn::fault {
namespace {

namespace fs = std::filesystem;

std::string Content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

}  // namespace

absl::Status ReplicasAgree(const FaultCluster& cluster) {
  struct Replica {
    fs::path meta;
    std::string bytes;
  };
  std::map<std::string, Replica> replicas;  // by the name of the meta file: block and stamp
  for (int i = 0; i < cluster.datanodes(); ++i) {
    for (const std::string& disk : cluster.Disks(i)) {
      for (const auto& entry : fs::recursive_directory_iterator(disk)) {
        const fs::path& path = entry.path();
        const std::string name = path.filename();
        if (path.extension() != ".meta" || path.string().find("/finalized/") == std::string::npos)
          continue;
        // blk_ID_STAMP.meta beside blk_ID.
        const std::string bytes =
            Content(path) + Content(path.parent_path() / name.substr(0, name.rfind('_')));
        const auto [it, first] = replicas.try_emplace(name, Replica{path, bytes});
        if (!first && it->second.bytes != bytes) {
          return absl::DataLossError(
              fmt::format("{} and {} differ", path.string(), it->second.meta.string()));
        }
      }
    }
  }
  return absl::OkStatus();
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
