// Reads everything back and counts replicas, by the NameNode's word and on the DataNodes' disks.
#include "tests/cluster/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

#include "common/status_macros.h"

namespace cairn::testing {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

// splitmix64: a different word for every position.
uint64_t PatternWord(uint64_t seed, uint64_t index) {
  uint64_t word = seed + (index + 1) * 0x9e3779b97f4a7c15;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

// Block files on the disks of all DataNodes: "data0-0:blk_1073741825".
std::map<std::string, int> ReplicasOnDisk(const Cluster& cluster, int volumes) {
  std::map<std::string, int> replicas;
  for (int datanode = 0; datanode < cluster.datanode_count(); ++datanode) {
    for (int i = 0; i < volumes; ++i) {
      std::error_code error;
      std::filesystem::recursive_directory_iterator entries(cluster.volume(datanode, i), error);
      for (; !error && entries != std::filesystem::end(entries); entries.increment(error)) {
        const std::string name = entries->path().filename();
        if (name.starts_with("blk_") && !name.ends_with(".meta")) ++replicas[name];
      }
    }
  }
  return replicas;
}

}  // namespace

std::string PatternBytes(uint64_t seed, int64_t offset, size_t n) {
  std::string bytes(n, '\0');
  for (size_t i = 0; i < n;) {
    const uint64_t at = static_cast<uint64_t>(offset) + i;
    const uint64_t word = PatternWord(seed, at / 8);
    const size_t skip = at % 8;
    const size_t take = std::min(sizeof(word) - skip, n - i);
    std::memcpy(bytes.data() + i, reinterpret_cast<const char*>(&word) + skip, take);
    i += take;
  }
  return bytes;
}

int64_t LengthOf(const Pieces& pieces) {
  int64_t length = 0;
  for (const Piece& piece : pieces) length += piece.length;
  return length;
}

std::string BytesOf(const Pieces& pieces, int64_t offset, size_t n) {
  std::string bytes;
  for (const Piece& piece : pieces) {
    const int64_t skip = std::min(offset, piece.length);
    offset -= skip;
    const size_t take = std::min(n - bytes.size(), static_cast<size_t>(piece.length - skip));
    bytes += PatternBytes(piece.seed, skip, take);
  }
  return bytes;
}

absl::Status Verifier::WriteFile(client::DfsClient& client, const std::string& path, uint64_t seed,
                                 int64_t length, const client::CreateOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::OutputStream> out, client.Create(path, options));
  for (int64_t done = 0; done < length;) {
    const size_t piece = std::min<int64_t>(kPieceBytes, length - done);
    RETURN_IF_ERROR(out->Write(PatternBytes(seed, done, piece)));
    done += piece;
  }
  RETURN_IF_ERROR(out->Close());
  Expect(path, seed, length,
         options.replication ? options.replication : client.options().replication);
  return absl::OkStatus();
}

void Verifier::Expect(const std::string& path, const Pieces& pieces, int replication) {
  files_[path] = {pieces, LengthOf(pieces), replication};
}

void Verifier::Forget(const std::string& path) {
  std::erase_if(files_, [&](const auto& file) {
    return file.first == path || file.first.starts_with(path + "/");
  });
}

void Verifier::Moved(const std::string& from, const std::string& to) {
  auto node = files_.extract(from);
  node.key() = to;
  files_.insert(std::move(node));
}

absl::Status Verifier::CheckNamespace(client::DfsClient& client) {
  std::set<std::string> found;
  std::vector<std::string> pending = {""};
  while (!pending.empty()) {
    const std::string directory = pending.back();
    pending.pop_back();
    ASSIGN_OR_RETURN(const std::vector<FileStatus> entries,
                     client.ListAll(directory.empty() ? "/" : directory));
    for (const FileStatus& entry : entries) {
      const std::string path = directory + "/" + entry.path;
      if (entry.is_directory()) {
        pending.push_back(path);
      } else if (files_.contains(path)) {
        found.insert(path);
      } else {
        return absl::DataLossError(path + ": there, but deleted or never acknowledged");
      }
    }
  }
  for (const auto& [path, expected] : files_) {
    if (!found.contains(path)) return absl::DataLossError(path + ": acknowledged and gone");
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckContents(client::DfsClient& client) {
  for (const auto& [path, expected] : files_) {
    ASSIGN_OR_RETURN(const std::unique_ptr<client::InputStream> in, client.Open(path));
    if (in->Length() != expected.length) {
      return absl::DataLossError(
          fmt::format("{}: {} bytes, {} were acknowledged", path, in->Length(), expected.length));
    }
    std::string piece(kPieceBytes, '\0');
    for (int64_t done = 0; done < expected.length;) {
      ASSIGN_OR_RETURN(const size_t n, in->Read(piece.data(), piece.size()));
      if (n == 0)
        return absl::DataLossError(
            fmt::format("{}: ends at {} of {}", path, done, expected.length));
      if (std::string_view(piece).substr(0, n) != BytesOf(expected.pieces, done, n)) {
        return absl::DataLossError(
            fmt::format("{}: wrong bytes in [{}, {})", path, done, done + n));
      }
      done += n;
    }
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckReplication(client::DfsClient& client, int timeout_s) {
  std::string problem;
  const auto converged = [&] {
    for (const auto& [path, expected] : files_) {
      const absl::StatusOr<LocatedBlocks> located =
          client.GetBlockLocations(path, 0, expected.length + 1);
      if (!located.ok()) {
        problem = located.status().ToString();
        return false;
      }
      for (const LocatedBlock& block : located->blocks) {
        std::set<std::string> nodes;
        for (const ReplicaLocation& location : block.locations)
          nodes.insert(location.datanode.id.uuid);
        if (static_cast<int>(nodes.size()) == expected.replication && !block.corrupt) continue;
        problem = fmt::format("{}: {} has {} replicas of {}", path, block.block.ToString(),
                              nodes.size(), expected.replication);
        return false;
      }
    }
    return true;
  };
  const absl::Status waited = WaitFor("replication to converge", timeout_s, converged);
  if (waited.ok()) return waited;
  return absl::DeadlineExceededError(fmt::format("{}: {}", waited.ToString(), problem));
}

absl::Status Verifier::CheckNothingLeaked(client::DfsClient& client, int timeout_s) {
  std::map<std::string, int> wanted;
  for (const auto& [path, expected] : files_) {
    ASSIGN_OR_RETURN(const LocatedBlocks located,
                     client.GetBlockLocations(path, 0, expected.length + 1));
    for (const LocatedBlock& block : located.blocks) {
      wanted[fmt::format("blk_{}", block.block.block.id)] = expected.replication;
    }
  }
  std::string problem;
  const auto matches = [&] {
    const std::map<std::string, int> found =
        ReplicasOnDisk(cluster_, cluster_.volumes_per_datanode());
    for (const auto& [name, count] : found) {
      const auto it = wanted.find(name);
      if (it != wanted.end() && it->second == count) continue;
      problem = fmt::format("{} replicas of {} on disk, {} wanted", count, name,
                            it == wanted.end() ? 0 : it->second);
      return false;
    }
    problem = fmt::format("{} blocks on disk, {} wanted", found.size(), wanted.size());
    return found.size() == wanted.size();
  };
  const absl::Status waited =
      WaitFor("the disks to hold what the namespace says", timeout_s, matches);
  if (waited.ok()) return waited;
  return absl::DeadlineExceededError(fmt::format("{}: {}", waited.ToString(), problem));
}

absl::Status Verifier::CheckAll(client::DfsClient& client) {
  RETURN_IF_ERROR(CheckNamespace(client));
  RETURN_IF_ERROR(CheckContents(client));
  RETURN_IF_ERROR(CheckReplication(client));
  return CheckNothingLeaked(client);
}

}  // namespace cairn::testing
