// What must hold of a cluster after whatever was done to it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/dfs_client.h"
#include "tests/cluster/cluster.h"

namespace cairn::testing {

// Bytes that a seed determines, different at every 8 bytes: wrong, missing and shifted bytes all
// show.
std::string PatternBytes(uint64_t seed, int64_t offset, size_t n);

// Bytes written by one call: the pattern of a seed from its beginning. Several make up a file.
struct Piece {
  uint64_t seed = 0;
  int64_t length = 0;
};
using Pieces = std::vector<Piece>;

int64_t LengthOf(const Pieces& pieces);
// At most `n` bytes at `offset` of a file of these pieces, fewer at its end.
std::string BytesOf(const Pieces& pieces, int64_t offset, size_t n);

// Remembers what was acknowledged and checks it: every byte reads back, replica counts converge,
// nothing is leaked. Thread-compatible.
class Verifier {
 public:
  explicit Verifier(Cluster& cluster) : cluster_(cluster) {}

  // Writes `length` pattern bytes to a new file through `client` and, once Close succeeded,
  // remembers it.
  absl::Status WriteFile(client::DfsClient& client, const std::string& path, uint64_t seed,
                         int64_t length, const client::CreateOptions& options = {});
  // Remembers a file that was acknowledged elsewhere.
  void Expect(const std::string& path, uint64_t seed, int64_t length, int replication) {
    Expect(path, Pieces{{seed, length}}, replication);
  }
  void Expect(const std::string& path, const Pieces& pieces, int replication);
  // The file (or everything below the directory) was deleted.
  void Forget(const std::string& path);
  // The file was renamed.
  void Moved(const std::string& from, const std::string& to);
  size_t files() const { return files_.size(); }

  // The files of the whole tree are the remembered ones, no other.
  absl::Status CheckNamespace(client::DfsClient& client);
  // Every remembered file has its length and bytes.
  absl::Status CheckContents(client::DfsClient& client);
  // Waits until every block of every remembered file has exactly its replication of live, good
  // replicas, none over or under.
  absl::Status CheckReplication(client::DfsClient& client, int timeout_s = 60);
  // Waits until the DataNodes' disks hold exactly the blocks of the remembered files: no more
  // replicas than asked, no block of a deleted file.
  absl::Status CheckNothingLeaked(client::DfsClient& client, int timeout_s = 60);
  // All of the above.
  absl::Status CheckAll(client::DfsClient& client);

 private:
  struct Expected {
    Pieces pieces;
    int64_t length = 0;
    int replication = 0;
  };

  Cluster& cluster_;
  std::map<std::string, Expected> files_;
};

}  // namespace cairn::testing
