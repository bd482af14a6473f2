// A model of one client's part of the namespace, to check the NameNode against.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "client/dfs_client.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {

// Directories and empty or short files below a directory that only one client changes: created,
// appended to, truncated, joined, renamed and deleted. Acknowledged changes must be there, refused
// ones must not. The client must sit out restarts of the NameNode: giving up is an error here.
// Thread-compatible; the counts may be read meanwhile.
class NamespaceModel {
 public:
  // Some files get up to `max_file_bytes` bytes; 0: all stay empty, no DataNode is needed.
  explicit NamespaceModel(int64_t max_file_bytes = 3000) : max_file_bytes_(max_file_bytes) {}

  void AddDirectory(const std::string& path);
  // One random change below `home`, done and remembered. An error means that the NameNode
  // contradicted the model.
  absl::Status RandomStep(client::DfsClient& client, const std::string& home,
                          std::mt19937_64& random);
  // The tree below `home` is exactly the model's, files with their lengths and bytes. Waits for
  // truncations that still run.
  absl::Status Compare(client::DfsClient& client, const std::string& home);
  // Has `verifier` expect all files, with one replica each.
  void HandTo(Verifier& verifier) const;
  int64_t steps() const { return steps_; }
  // Of the steps, truncations that were done.
  int64_t truncations() const { return truncations_; }

 private:
  struct Node {
    bool directory = false;
    Pieces pieces;          // of a file, none empty
    bool settling = false;  // a truncation may still run: the file is not closed
  };

  std::string RandomPath(const std::string& home, std::mt19937_64& random) const;
  // Mostly a file there is, where there is one.
  std::string RandomFile(const std::string& home, std::mt19937_64& random) const;
  absl::Status Create(client::DfsClient& client, const std::string& path, std::mt19937_64& random);
  absl::Status Append(client::DfsClient& client, const std::string& path, std::mt19937_64& random);
  absl::Status Truncate(client::DfsClient& client, const std::string& path,
                        std::mt19937_64& random);
  // Waits until the truncation of a file is done.
  absl::Status Settle(client::DfsClient& client, const std::string& path, Node& node) const;
  // Joins two files of one directory.
  absl::Status Concat(client::DfsClient& client, const std::string& target,
                      const std::string& source);
  absl::Status Mkdir(client::DfsClient& client, const std::string& path);
  absl::Status Delete(client::DfsClient& client, const std::string& path);
  absl::Status Rename(client::DfsClient& client, const std::string& from, const std::string& to);
  bool HasParent(const std::string& path) const;
  void Erase(const std::string& path);
  void Move(const std::string& from, const std::string& to);

  const int64_t max_file_bytes_;
  std::map<std::string, Node> nodes_;
  std::atomic<int64_t> steps_ = 0;
  std::atomic<int64_t> truncations_ = 0;
};

}  // namespace cairn::testing
