// Files that are followed by readers while they are written.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "client/dfs_client.h"

namespace cairn::testing {

// What is written and by how many followed.
struct TailingOptions {
  size_t files = 2;
  size_t readers = 2;        // of each file
  size_t bytes = 1'500'000;  // of each file
  uint64_t seed = 1;
  client::CreateOptions create;
};

// Writers that flush after every piece of random size, and readers that follow them to the end,
// with one stream that learns of growth and with new ones. What must hold whatever happens to
// DataNodes meanwhile, as long as one of a file's is left: no write fails, a reader that opens the
// file sees all that was flushed before, and nobody sees a wrong byte.
class Tailing {
 public:
  // The clients must outlive this.
  Tailing(client::DfsClient& writer, client::DfsClient& reader, const TailingOptions& options)
      : writer_(writer), reader_(reader), options_(options) {}

  // Runs to the end of all files, and `disturb` on this thread meanwhile. kDataLoss tells what did
  // not hold.
  absl::Status Run(const std::function<void()>& disturb);
  // For `disturb`: waits until there were so many flushes in all, or every writer has ended.
  void AwaitFlushes(size_t count) const;
  size_t flushes() const { return flushes_; }

 private:
  struct File;
  absl::Status Write(File& file, uint64_t seed);
  absl::Status Tail(const File& file, uint64_t seed);

  client::DfsClient& writer_;
  client::DfsClient& reader_;
  const TailingOptions options_;
  std::atomic<size_t> flushes_ = 0;
  std::atomic<size_t> writing_ = 0;
};

}  // namespace cairn::testing
