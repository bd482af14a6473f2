// DfsClient: each method is one NameNode call with retries, or opens a stream.
#include "client/dfs_client.h"

#include <fmt/format.h>

#include <utility>

#include "client/base/client_context.h"
#include "client/file_checksum.h"
#include "client/grpc/grpc_namenode_stub.h"
#include "client/namenode_stub.h"
#include "client/read/file_input_stream.h"
#include "client/read/visible_length.h"
#include "client/write/file_output_stream.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "common/users/current_user.h"

namespace cairn::client {
namespace {

constexpr size_t kClientIdBytes = 16;

}  // namespace

DfsClient::DfsClient(std::unique_ptr<ClientContext> context) : context_(std::move(context)) {}
DfsClient::~DfsClient() = default;

absl::StatusOr<std::unique_ptr<DfsClient>> DfsClient::Connect(const ClientOptions& options) {
  RETURN_IF_ERROR(ValidateClientOptions(options));
  if (options.namenode_address.empty()) {
    return absl::InvalidArgumentError(
        "no NameNode address: set fs.defaultFS to hdfs://HOST:PORT or "
        "cairn.namenode.grpc-address to HOST:PORT");
  }
  std::string user = options.user;
  if (user.empty()) {
    ASSIGN_OR_RETURN(user, CurrentUserName());
  }
  ClientEnvironment environment = ClientEnvironment::Real();
  environment.visible_length = [by_name = options.use_datanode_hostname,
                                timeout_ms = options.socket_timeout_ms](
                                   const DatanodeId& node, const ExtendedBlock& block) {
    return AskVisibleLength(node, block, by_name, timeout_ms);
  };
  auto stub = MakeGrpcNamenodeStub(options.namenode_address, user,
                                   environment.random->Bytes(kClientIdBytes));
  return WithStub(options, std::move(stub), std::move(environment));
}

absl::StatusOr<std::unique_ptr<DfsClient>> DfsClient::WithStub(const ClientOptions& options,
                                                               std::unique_ptr<NamenodeStub> stub,
                                                               ClientEnvironment environment) {
  RETURN_IF_ERROR(ValidateClientOptions(options));
  return std::unique_ptr<DfsClient>(new DfsClient(
      std::make_unique<ClientContext>(options, std::move(stub), std::move(environment))));
}

const ClientOptions& DfsClient::options() const { return context_->options(); }
const std::string& DfsClient::client_name() const { return context_->client_name(); }

// --- Streams.

absl::StatusOr<std::unique_ptr<OutputStream>> DfsClient::Create(const std::string& path,
                                                                const CreateOptions& options) {
  return FileOutputStream::Create(*context_, path, options);
}

absl::StatusOr<std::unique_ptr<OutputStream>> DfsClient::Append(const std::string& path,
                                                                const AppendOptions& options) {
  return FileOutputStream::Append(*context_, path, options);
}

absl::StatusOr<std::unique_ptr<InputStream>> DfsClient::Open(const std::string& path) {
  return FileInputStream::Open(*context_, path);
}

// --- Looking.

absl::StatusOr<std::optional<FileStatus>> DfsClient::StatIfExists(const std::string& path) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.GetFileInfo(call, path);
  });
}

absl::StatusOr<FileStatus> DfsClient::Stat(const std::string& path) {
  ASSIGN_OR_RETURN(auto status, StatIfExists(path));
  if (!status) return errors::FileDoesNotExist(path);
  return *std::move(status);
}

absl::StatusOr<bool> DfsClient::Exists(const std::string& path) {
  ASSIGN_OR_RETURN(const auto status, StatIfExists(path));
  return status.has_value();
}

absl::StatusOr<DirectoryListing> DfsClient::ListPage(const std::string& path,
                                                     const std::string& start_after,
                                                     bool with_locations) {
  ASSIGN_OR_RETURN(auto listing, context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub,
                                                                       const CallContext& call) {
    return stub.GetListing(call, path, start_after, with_locations);
  }));
  if (!listing) return errors::FileDoesNotExist(path);
  return *std::move(listing);
}

ListingIterator DfsClient::List(const std::string& path, bool with_locations) {
  return ListingIterator(*context_, path, with_locations);
}

absl::StatusOr<std::vector<FileStatus>> DfsClient::ListAll(const std::string& path) {
  std::vector<FileStatus> all;
  ListingIterator entries = List(path);
  while (true) {
    ASSIGN_OR_RETURN(auto entry, entries.Next());
    if (!entry) return all;
    all.push_back(*std::move(entry));
  }
}

absl::StatusOr<LocatedBlocks> DfsClient::GetBlockLocations(const std::string& path, int64_t offset,
                                                           int64_t length) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.GetBlockLocations(call, path, offset, length);
  });
}

absl::StatusOr<ContentSummary> DfsClient::GetContentSummary(const std::string& path) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.GetContentSummary(call, path);
  });
}

absl::Status DfsClient::CheckAccess(const std::string& path, int access) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.CheckAccess(call, path, access);
  });
}

absl::StatusOr<FsStats> DfsClient::GetFsStats() {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.GetFsStats(call);
  });
}

absl::StatusOr<ServerDefaults> DfsClient::GetServerDefaults() {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.GetServerDefaults(call);
  });
}

absl::StatusOr<FileChecksum> DfsClient::GetFileChecksum(const std::string& path, int64_t length) {
  return ComputeFileChecksum(*context_, path, length);
}

// --- Changing.

absl::Status DfsClient::Mkdirs(const std::string& path, uint16_t permission, bool create_parent) {
  const auto mode = static_cast<uint16_t>(permission & ~options().umask & 07777);
  ASSIGN_OR_RETURN(const bool made, context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub,
                                                                          const CallContext& call) {
    return stub.Mkdirs(call, path, mode, create_parent);
  }));
  if (!made) return errors::Io(fmt::format("mkdirs of {} was refused", path));
  return absl::OkStatus();
}

absl::StatusOr<bool> DfsClient::Rename(const std::string& from, const std::string& to) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.Rename(call, from, to);
  });
}

absl::Status DfsClient::Rename2(const std::string& from, const std::string& to, bool overwrite,
                                bool to_trash) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.Rename2(call, from, to, overwrite, to_trash);
  });
}

absl::StatusOr<bool> DfsClient::Delete(const std::string& path, bool recursive) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.Delete(call, path, recursive);
  });
}

absl::Status DfsClient::SetPermission(const std::string& path, uint16_t permission) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.SetPermission(call, path, permission);
  });
}

absl::Status DfsClient::SetOwner(const std::string& path, const std::optional<std::string>& owner,
                                 const std::optional<std::string>& group) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.SetOwner(call, path, owner, group);
  });
}

absl::Status DfsClient::SetTimes(const std::string& path, int64_t mtime_ms, int64_t atime_ms) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.SetTimes(call, path, mtime_ms, atime_ms);
  });
}

absl::StatusOr<bool> DfsClient::SetReplication(const std::string& path, int32_t replication) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.SetReplication(call, path, replication);
  });
}

absl::StatusOr<bool> DfsClient::Truncate(const std::string& path, int64_t new_length) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.Truncate(call, path, new_length, context_->client_name());
  });
}

absl::Status DfsClient::Concat(const std::string& target, const std::vector<std::string>& sources) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.Concat(call, target, sources);
  });
}

absl::StatusOr<bool> DfsClient::RecoverLease(const std::string& path) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.RecoverLease(call, path, context_->client_name());
  });
}

absl::StatusOr<bool> DfsClient::IsFileClosed(const std::string& path) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.IsFileClosed(call, path);
  });
}

// --- Administration.

absl::StatusOr<std::vector<DatanodeInfo>> DfsClient::GetDatanodeReport(DatanodeReportType type) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.GetDatanodeReport(call, type);
  });
}

absl::StatusOr<bool> DfsClient::SetSafeMode(SafeModeAction action) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.SetSafeMode(call, action);
  });
}

absl::Status DfsClient::SaveNamespace() {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.SaveNamespace(call);
  });
}

absl::StatusOr<Txid> DfsClient::RollEdits() {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.RollEdits(call);
  });
}

absl::Status DfsClient::MetaSave(const std::string& filename) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.MetaSave(call, filename);
  });
}

absl::Status DfsClient::SetBalancerBandwidth(int64_t bytes_per_second) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.SetBalancerBandwidth(call, bytes_per_second);
  });
}

absl::Status DfsClient::RefreshNodes() {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.RefreshNodes(call);
  });
}

absl::StatusOr<OpenFilesPage> DfsClient::ListOpenFiles(const std::string& path, InodeId after) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.ListOpenFiles(call, path, after);
  });
}

absl::StatusOr<CorruptFilesPage> DfsClient::ListCorruptFiles(const std::string& path,
                                                             BlockId after) {
  return context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
    return stub.ListCorruptFiles(call, path, after);
  });
}

absl::Status DfsClient::Fsck(const FsckRequest& request,
                             const std::function<void(std::string_view)>& sink) {
  // Retried only while nothing was printed: a second report behind half a first one misleads.
  bool printed = false;
  absl::Status broken;
  const absl::Status result =
      context_->Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
        const absl::Status status = stub.Fsck(call, request, [&](std::string_view text) {
          printed = true;
          sink(text);
        });
        if (!printed || status.ok()) return status;
        broken = status;
        return absl::OkStatus();
      });
  return result.ok() ? broken : result;
}

}  // namespace cairn::client
