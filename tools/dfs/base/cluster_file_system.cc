// A cluster as a ShellFileSystem.
#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "tools/dfs/base/shell_file_system.h"

namespace cairn::dfs {
namespace {

class ClusterFileSystem : public ShellFileSystem {
 public:
  ClusterFileSystem(std::string uri, std::string user, std::unique_ptr<client::DfsClient> client)
      : uri_(std::move(uri)), user_(std::move(user)), client_(std::move(client)) {}

  std::string uri() const override { return uri_; }
  bool is_local() const override { return false; }
  std::string working_directory() const override { return "/user/" + user_; }

  absl::StatusOr<std::optional<FileStatus>> Stat(const std::string& path) override {
    auto status = client_->StatIfExists(path);
    // A file on the way: nothing can be below it.
    if (Is(status.status(), ErrorKind::kParentNotDirectory)) return std::nullopt;
    return status;
  }
  absl::StatusOr<std::vector<FileStatus>> List(const std::string& path) override {
    return client_->ListAll(path);
  }
  absl::StatusOr<ContentSummary> Summary(const std::string& path) override {
    return client_->GetContentSummary(path);
  }
  absl::Status CheckAccess(const std::string& path, int access) override {
    return client_->CheckAccess(path, access);
  }
  absl::StatusOr<FsStats> Stats() override { return client_->GetFsStats(); }
  absl::StatusOr<ServerDefaults> Defaults() override { return client_->GetServerDefaults(); }
  absl::StatusOr<client::FileChecksum> Checksum(const std::string& path) override {
    return client_->GetFileChecksum(path);
  }
  absl::StatusOr<LocatedBlocks> Locations(const std::string& path, int64_t length) override {
    return client_->GetBlockLocations(path, 0, length);
  }
  absl::StatusOr<std::unique_ptr<client::InputStream>> Open(const std::string& path) override {
    return client_->Open(path);
  }
  absl::StatusOr<std::unique_ptr<client::OutputStream>> Create(const std::string& path) override {
    client::CreateOptions options;
    options.overwrite = true;
    return client_->Create(path, options);
  }
  absl::StatusOr<std::unique_ptr<client::OutputStream>> Append(const std::string& path,
                                                               bool new_block) override {
    return client_->Append(path, {.new_block = new_block});
  }
  absl::StatusOr<bool> Truncate(const std::string& path, int64_t new_length) override {
    return client_->Truncate(path, new_length);
  }
  absl::StatusOr<bool> RecoverLease(const std::string& path) override {
    return client_->RecoverLease(path);
  }
  absl::StatusOr<bool> IsClosed(const std::string& path) override {
    return client_->IsFileClosed(path);
  }
  absl::Status Mkdirs(const std::string& path, uint16_t permission) override {
    return client_->Mkdirs(path, permission);
  }
  absl::StatusOr<bool> Rename(const std::string& from, const std::string& to) override {
    return client_->Rename(from, to);
  }
  absl::Status RenameOver(const std::string& from, const std::string& to) override {
    return client_->Rename2(from, to, /*overwrite=*/true);
  }
  absl::Status MoveToTrash(const std::string& from, const std::string& to) override {
    return client_->Rename2(from, to, /*overwrite=*/false, /*to_trash=*/true);
  }
  absl::StatusOr<bool> Delete(const std::string& path, bool recursive) override {
    return client_->Delete(path, recursive);
  }
  absl::Status SetPermission(const std::string& path, uint16_t permission) override {
    return client_->SetPermission(path, permission);
  }
  absl::Status SetOwner(const std::string& path, const std::optional<std::string>& owner,
                        const std::optional<std::string>& group) override {
    return client_->SetOwner(path, owner, group);
  }
  absl::Status SetTimes(const std::string& path, int64_t mtime_ms, int64_t atime_ms) override {
    return client_->SetTimes(path, mtime_ms, atime_ms);
  }
  absl::StatusOr<bool> SetReplication(const std::string& path, int32_t replication) override {
    return client_->SetReplication(path, replication);
  }

 private:
  const std::string uri_;
  const std::string user_;
  const std::unique_ptr<client::DfsClient> client_;
};

}  // namespace

std::unique_ptr<ShellFileSystem> MakeClusterFileSystem(std::string uri, std::string user,
                                                       std::unique_ptr<client::DfsClient> client) {
  return std::make_unique<ClusterFileSystem>(std::move(uri), std::move(user), std::move(client));
}

}  // namespace cairn::dfs
