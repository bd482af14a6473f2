// Sequential and positional reads with failover between replicas.
#include "client/read/file_input_stream.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

// A forward seek this short reads on and throws away instead of asking anew (HDFS: the TCP window).
constexpr int64_t kSkipForwardBytes = 128 << 10;

}  // namespace

FileInputStream::FileInputStream(ClientContext& context, std::unique_ptr<FileBlocks> blocks)
    : context_(context), blocks_(std::move(blocks)) {}

FileInputStream::~FileInputStream() = default;

absl::StatusOr<std::unique_ptr<InputStream>> FileInputStream::Open(ClientContext& context,
                                                                   const std::string& path) {
  ASSIGN_OR_RETURN(auto blocks, FileBlocks::Open(context, path));
  return std::unique_ptr<InputStream>(new FileInputStream(context, std::move(blocks)));
}

absl::StatusOr<std::unique_ptr<BlockReader>> FileInputStream::OpenReplica(
    const LocatedBlock& block, const ReplicaLocation& replica, int64_t offset_in_block, int64_t n) {
  const DatanodeId& node = replica.datanode.id;
  const bool being_written = blocks_->IsBeingWritten(block.offset);
  // An idle connection may have been closed by its DataNode meanwhile: that is not its failure.
  while (auto idle = context_.connections().Take(node)) {
    auto reader = BlockReader::Open(std::move(idle), block.block, being_written, offset_in_block, n,
                                    context_.client_name());
    if (reader.ok()) return reader;
  }
  ASSIGN_OR_RETURN(auto connection, DatanodeConnection::Connect(node, context_.options(), 1));
  return BlockReader::Open(std::move(connection), block.block, being_written, offset_in_block, n,
                           context_.client_name());
}

absl::StatusOr<std::unique_ptr<BlockReader>> FileInputStream::OpenReader(int64_t offset, int64_t n,
                                                                         Attempts& attempts) {
  while (true) {
    ASSIGN_OR_RETURN(const LocatedBlock block, blocks_->BlockAt(offset));
    const int64_t in_block = offset - block.offset;
    const int64_t wanted = std::min(n, block.block.block.num_bytes - in_block);
    for (const ReplicaLocation& replica : NearestFirst(block, context_.options())) {
      if (dead_.Contains(replica.datanode.id.uuid)) continue;
      auto reader = OpenReplica(block, replica, in_block, wanted);
      if (reader.ok()) return reader;
      NoteFailure(replica.datanode.id.uuid, offset, reader.status(), attempts);
    }
    RETURN_IF_ERROR(NextRound(block, offset, attempts));
  }
}

void FileInputStream::NoteFailure(const std::string& datanode_uuid, int64_t offset,
                                  const absl::Status& why, Attempts& attempts) {
  spdlog::warn("read of {} at {}: {}", path(), offset, std::string(why.message()));
  dead_.Add(datanode_uuid);
  attempts.failures.push_back(std::string(why.message()));
  if (!absl::IsDataLoss(why)) return;
  const auto block = blocks_->BlockAt(offset);
  if (!block.ok()) return;
  for (const ReplicaLocation& replica : block->locations) {
    if (replica.datanode.id.uuid == datanode_uuid) attempts.bad.Add(*block, replica);
  }
}

absl::Status FileInputStream::NextRound(const LocatedBlock& block, int64_t offset,
                                        Attempts& attempts) {
  const ClientOptions& options = context_.options();
  if (attempts.rounds >= options.block_acquire_failures) {
    std::string why = block.locations.empty() ? "it has no live replicas"
                      : attempts.failures.empty()
                          ? "every replica failed before: " + DescribeNodes(block.locations)
                          : "";
    for (const std::string& failure : attempts.failures) {
      why += (why.empty() ? "" : "; ") + failure;
    }
    return absl::UnavailableError(
        fmt::format("Could not obtain block: {} file={}: {}", block.block.ToString(), path(), why));
  }
  // HDFS: a window of 3 s times the round, plus a random part of the next one.
  const int64_t window_ms = options.read_retry_window_ms;
  const uint64_t random_ms = static_cast<uint64_t>(window_ms * (attempts.rounds + 1)) + 1;
  context_.Sleep(window_ms * attempts.rounds +
                 static_cast<int64_t>(context_.random().Uniform(random_ms)));
  ++attempts.rounds;
  attempts.failures.clear();
  dead_.Forget(block);
  return blocks_->Refresh(offset).status();
}

void FileInputStream::Report(const BadReplicas& bad) {
  const std::vector<LocatedBlock> report = bad.ToReport();
  if (report.empty()) return;
  const absl::Status told =
      context_.Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.ReportBadBlocks(call, report);
      });
  if (!told.ok()) {
    spdlog::warn("cannot report corrupt replicas of {}: {}", path(), std::string(told.message()));
  }
}

absl::StatusOr<size_t> FileInputStream::Read(char* out, size_t n) {
  if (n == 0) return 0;
  if (position_ >= Length()) {
    RETURN_IF_ERROR(blocks_->RefreshLength());
    if (position_ >= Length()) return 0;
  }
  Attempts attempts;
  absl::StatusOr<size_t> result = 0;
  while (true) {
    if (reader_ == nullptr) {
      auto reader = OpenReader(position_, INT64_MAX, attempts);
      if (!reader.ok()) {
        result = reader.status();
        break;
      }
      reader_ = *std::move(reader);
    }
    result = reader_->Read(out, n);
    if (result.ok()) break;
    const std::string uuid = reader_->node().uuid;
    DropReader();
    NoteFailure(uuid, position_, result.status(), attempts);
  }
  Report(attempts.bad);
  if (!result.ok()) return result;
  position_ += static_cast<int64_t>(*result);
  if (reader_->position() == reader_->end()) {
    if (auto connection = reader_->Finish()) context_.connections().Put(std::move(connection));
    DropReader();
  }
  return result;
}

absl::Status FileInputStream::ReadPiece(int64_t offset, char* out, size_t n) {
  Attempts attempts;
  absl::Status status;
  while (true) {
    auto reader = OpenReader(offset, static_cast<int64_t>(n), attempts);
    status = reader.status();
    if (!status.ok()) break;
    const std::string uuid = (*reader)->node().uuid;
    status = (*reader)->ReadFull(out, n);
    if (status.ok()) {
      if (auto connection = (*reader)->Finish()) context_.connections().Put(std::move(connection));
      break;
    }
    NoteFailure(uuid, offset, status, attempts);
  }
  Report(attempts.bad);
  return status;
}

absl::StatusOr<size_t> FileInputStream::ReadAt(int64_t offset, char* out, size_t n) {
  if (offset < 0) return absl::InvalidArgumentError("negative offset");
  int64_t length = Length();
  if (static_cast<int64_t>(std::min<uint64_t>(n, INT64_MAX)) > length - offset) {
    RETURN_IF_ERROR(blocks_->RefreshLength());
    length = Length();
  }
  if (offset >= length) return 0;
  n = std::min<uint64_t>(n, static_cast<uint64_t>(length - offset));
  for (size_t done = 0; done < n;) {
    const int64_t at = offset + static_cast<int64_t>(done);
    ASSIGN_OR_RETURN(const LocatedBlock block, blocks_->BlockAt(at));
    const int64_t left = block.offset + block.block.block.num_bytes - at;
    const size_t piece = std::min<size_t>(n - done, static_cast<size_t>(left));
    RETURN_IF_ERROR(ReadPiece(at, out + done, piece));
    done += piece;
  }
  return n;
}

absl::Status FileInputStream::Seek(int64_t offset) {
  if (offset < 0 || offset > Length()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: cannot seek to {}, the length is {}", path(), offset, Length()));
  }
  const int64_t ahead = offset - position_;
  if (ahead == 0) return absl::OkStatus();
  if (reader_ != nullptr) {
    const bool near =
        ahead > 0 && ahead <= kSkipForwardBytes && ahead < reader_->end() - reader_->position();
    // A failure shows in the next read, which then asks another replica.
    if (!near || !reader_->Skip(ahead).ok()) DropReader();
  }
  position_ = offset;
  return absl::OkStatus();
}

}  // namespace cairn::client
