// Copies what is left of damaged files, as a client of its own NameNode.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "client/dfs_client.h"
#include "common/threads.h"
#include "namenode/fsck/salvager.h"

namespace cairn::namenode {

// Metadata and bytes never share a path: the bytes come from and go to the DataNodes, through the
// client library. Thread-safe.
class ClientSalvager final : public Salvager {
 public:
  // `options` say how new files are written; user and address are filled in here.
  explicit ClientSalvager(client::ClientOptions options) : options_(std::move(options)) {}

  // Where the NameNode's gRPC service is; before this every call fails.
  void ServeAt(std::string address) EXCLUDES(mu_);

  absl::Status Salvage(const Caller& caller, const std::string& path,
                       const FileStatus& status) override;

 private:
  absl::StatusOr<std::unique_ptr<client::DfsClient>> Connect(const std::string& user) EXCLUDES(mu_);

  Mutex mu_;
  client::ClientOptions options_ GUARDED_BY(mu_);
};

}  // namespace cairn::namenode
