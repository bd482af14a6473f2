// HDFS's lost+found (Hadoop 3.4: NamenodeFsck.copyBlocksToLostFound).
#include "namenode/salvage/client_salvager.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::namenode {
namespace {

using client::CreateOptions;
using client::DfsClient;
using client::InputStream;
using client::OutputStream;

constexpr char kLostAndFound[] = "/lost+found";
constexpr int64_t kBufferBytes = 1 << 20;

// Appends one block to `out`. kDataLoss when it cannot be read.
absl::Status CopyBlock(InputStream& in, const LocatedBlock& block, OutputStream& out) {
  std::string buffer(kBufferBytes, '\0');
  int64_t left = block.block.block.num_bytes;
  for (int64_t offset = block.offset; left > 0;) {
    const absl::StatusOr<size_t> read =
        in.ReadAt(offset, buffer.data(), static_cast<size_t>(std::min(left, kBufferBytes)));
    if (!read.ok()) return absl::DataLossError(read.status().message());
    if (*read == 0) return absl::DataLossError(block.block.ToString() + " ends early");
    RETURN_IF_ERROR(out.Write(std::string_view(buffer.data(), *read)));
    offset += static_cast<int64_t>(*read);
    left -= static_cast<int64_t>(*read);
  }
  return absl::OkStatus();
}

// Writes the runs of readable blocks. A block that cannot be read although it has places ends its
// run, too; the first such error is returned when the rest is saved.
absl::Status CopyRuns(DfsClient& client, const std::string& path, const LocatedBlocks& located,
                      const std::string& target) {
  ASSIGN_OR_RETURN(const auto in, client.Open(path));
  absl::Status first_error;
  std::unique_ptr<OutputStream> out;
  int runs = 0;
  const auto end_run = [&]() -> absl::Status {
    if (out == nullptr) return absl::OkStatus();
    const absl::Status closed = out->Close();
    out.reset();
    return closed;
  };
  for (const LocatedBlock& block : located.blocks) {
    if (block.locations.empty()) {
      RETURN_IF_ERROR(end_run());
      continue;
    }
    if (out == nullptr) {
      CreateOptions options;
      options.overwrite = true;
      ASSIGN_OR_RETURN(out, client.Create(fmt::format("{}/{}", target, runs++), options));
    }
    const absl::Status copied = CopyBlock(*in, block, *out);
    if (copied.ok()) continue;
    if (!absl::IsDataLoss(copied)) return copied;
    if (first_error.ok()) first_error = copied;
    RETURN_IF_ERROR(end_run());
  }
  RETURN_IF_ERROR(end_run());
  return first_error;
}

}  // namespace

void ClientSalvager::ServeAt(std::string address) {
  MutexLock lock(mu_);
  options_.namenode_address = std::move(address);
}

absl::StatusOr<std::unique_ptr<DfsClient>> ClientSalvager::Connect(const std::string& user) {
  client::ClientOptions options;
  {
    MutexLock lock(mu_);
    options = options_;
  }
  options.user = user;
  options.umask = 0;
  return DfsClient::Connect(options);
}

absl::Status ClientSalvager::Salvage(const Caller& caller, const std::string& path,
                                     const FileStatus& status) {
  ASSIGN_OR_RETURN(const auto client, Connect(caller.user));
  const std::string target = kLostAndFound + path;
  ASSIGN_OR_RETURN(const bool exists, client->Exists(target));
  if (exists) {
    return absl::AlreadyExistsError(fmt::format("{} is there already", target));
  }
  RETURN_IF_ERROR(client->Mkdirs(kLostAndFound, 0755));
  RETURN_IF_ERROR(client->Mkdirs(target, status.permission));
  RETURN_IF_ERROR(CopyRuns(*client, path, status.locations.value_or(LocatedBlocks{}), target));
  spdlog::info("fsck: what is left of {} is in {}", path, target);
  return absl::OkStatus();
}

}  // namespace cairn::namenode
