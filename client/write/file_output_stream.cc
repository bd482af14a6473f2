// Writing, flushing and closing a file.
#include "client/write/file_output_stream.h"

#include <fmt/format.h>

#include <utility>

#include "client/base/retry_policy.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

absl::StatusOr<WriteTarget> MakeTarget(const ClientContext& context, const std::string& path,
                                       const FileStatus& status) {
  WriteTarget target;
  target.file = {path, context.client_name(), status.file_id};
  target.replication = status.replication;
  target.block_size = status.block_size;
  target.checksum.bytes_per_checksum = context.options().bytes_per_checksum;
  if (target.block_size <= 0 || target.block_size % target.checksum.bytes_per_checksum != 0) {
    return absl::InvalidArgumentError(
        fmt::format("{}: block size {} is not a multiple of dfs.bytes-per-checksum {}", path,
                    target.block_size, target.checksum.bytes_per_checksum));
  }
  return target;
}

}  // namespace

FileOutputStream::FileOutputStream(ClientContext& context, WriteTarget target,
                                   const AppendReply& reply, bool sync_block)
    : context_(context),
      target_(std::move(target)),
      sync_block_(sync_block),
      streamer_(context, target_, reply.block, reply.last_block),
      builder_(target_.checksum, context.options().packet_size, target_.block_size),
      position_(reply.status.length) {
  {
    MutexLock lock(mu_);
    if (reply.block) builder_.StartBlock(reply.block->block.block.num_bytes);
  }
  context_.leases().Add(this);
}

FileOutputStream::~FileOutputStream() { context_.leases().Remove(this); }

absl::StatusOr<std::unique_ptr<OutputStream>> FileOutputStream::Create(
    ClientContext& context, const std::string& path, const CreateOptions& options) {
  const ClientOptions& defaults = context.options();
  CreateCall request;
  request.path = path;
  request.mode = static_cast<uint16_t>(options.permission & ~defaults.umask & 07777);
  request.client_name = context.client_name();
  request.flags = kCreateFlagCreate | (options.overwrite ? kCreateFlagOverwrite : 0);
  request.create_parent = options.create_parent;
  request.replication = options.replication != 0 ? options.replication : defaults.replication;
  request.block_size = options.block_size != 0 ? options.block_size : defaults.block_size;
  if (request.block_size % defaults.bytes_per_checksum != 0) {
    return absl::InvalidArgumentError(
        fmt::format("{}: block size {} is not a multiple of dfs.bytes-per-checksum {}", path,
                    request.block_size, defaults.bytes_per_checksum));
  }
  ASSIGN_OR_RETURN(
      const FileStatus status,
      context.Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.Create(call, request);
      }));
  ASSIGN_OR_RETURN(WriteTarget target, MakeTarget(context, path, status));
  return std::unique_ptr<OutputStream>(new FileOutputStream(
      context, std::move(target), AppendReply{{}, status, {}}, options.sync_block));
}

absl::StatusOr<std::unique_ptr<OutputStream>> FileOutputStream::Append(
    ClientContext& context, const std::string& path, const AppendOptions& options) {
  ASSIGN_OR_RETURN(
      const AppendReply reply,
      context.Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.Append(call, path, context.client_name(), options.new_block);
      }));
  ASSIGN_OR_RETURN(WriteTarget target, MakeTarget(context, path, reply.status));
  return std::unique_ptr<OutputStream>(
      new FileOutputStream(context, std::move(target), reply, options.sync_block));
}

void FileOutputStream::Abort(const absl::Status& why) { streamer_.Abort(why); }

absl::Status FileOutputStream::Write(std::string_view data) {
  MutexLock lock(mu_);
  if (closed_) return errors::Io(fmt::format("{}: the stream is closed", path()));
  RETURN_IF_ERROR(streamer_.status());
  while (!data.empty()) {
    // A full block is the current one until more follows: an Hsync at its end is about it.
    if (builder_.block_full()) RETURN_IF_ERROR(streamer_.Enqueue(builder_.EndBlock(sync_block_)));
    const size_t before = data.size();
    OutPacketPtr packet = builder_.Add(data);
    position_ += static_cast<int64_t>(before - data.size());
    if (packet != nullptr) RETURN_IF_ERROR(streamer_.Enqueue(std::move(packet)));
  }
  return absl::OkStatus();
}

absl::Status FileOutputStream::FlushAndWait(const std::optional<SyncOptions>& sync) {
  int64_t seqno = -1;
  {
    // Other writers may go on while this one waits.
    MutexLock lock(mu_);
    if (closed_) return errors::Io(fmt::format("{}: the stream is closed", path()));
    RETURN_IF_ERROR(streamer_.status());
    if (OutPacketPtr packet = builder_.Flush(sync.has_value())) {
      RETURN_IF_ERROR(streamer_.Enqueue(std::move(packet)));
    }
    if (sync && sync->end_block && builder_.block_offset() > 0) {
      RETURN_IF_ERROR(streamer_.Enqueue(builder_.EndBlock(/*sync=*/true)));
    }
    seqno = builder_.last_seqno();
  }
  RETURN_IF_ERROR(streamer_.WaitForAck(seqno));
  streamer_.NoteHflushed();
  return TellLength(sync && sync->update_length);
}

absl::Status FileOutputStream::TellLength(bool update_length) {
  // The NameNode takes the length for that of the file's last block, so none may be added meanwhile
  // by what another thread wrote: it waits, and what it has written is acknowledged first.
  MutexLock lock(mu_);
  if (closed_) return absl::OkStatus();
  std::optional<ExtendedBlock> block = streamer_.last_block();
  if (!block || (!update_length && told_block_ == block->block.id)) return absl::OkStatus();
  RETURN_IF_ERROR(streamer_.WaitForAck(builder_.last_seqno()));
  block = streamer_.last_block();
  RETURN_IF_ERROR(
      context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.Fsync(call, target_.file, block->block.num_bytes);
      }));
  told_block_ = block->block.id;
  return absl::OkStatus();
}

absl::Status FileOutputStream::Close() {
  absl::Status result;
  {
    MutexLock lock(mu_);
    if (closed_) return *closed_;
    result = CloseLocked();
    closed_ = result;
  }
  context_.leases().Remove(this);
  return result;
}

absl::Status FileOutputStream::CloseLocked() {
  RETURN_IF_ERROR(streamer_.status());
  if (OutPacketPtr packet = builder_.Flush(false)) {
    RETURN_IF_ERROR(streamer_.Enqueue(std::move(packet)));
  }
  if (builder_.block_offset() > 0) {
    RETURN_IF_ERROR(streamer_.Enqueue(builder_.EndBlock(sync_block_)));
  }
  RETURN_IF_ERROR(streamer_.WaitForAck(builder_.last_seqno()));
  return CompleteFile();
}

absl::Status FileOutputStream::CompleteFile() {
  const ClientOptions& options = context_.options();
  const std::optional<ExtendedBlock> last = streamer_.last_block();
  BoundedPolling polling(options.locate_following_block_delay_ms,
                         options.locate_following_block_max_delay_ms,
                         options.locate_following_block_retries);
  while (true) {
    ASSIGN_OR_RETURN(
        const bool complete,
        context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
          return stub.Complete(call, target_.file, last);
        }));
    if (complete) return absl::OkStatus();
    const std::optional<int64_t> pause_ms = polling.NextPauseMs();
    if (!pause_ms) {
      return errors::Io(fmt::format(
          "Unable to close file because the last block {} does not have enough number of "
          "replicas. ({})",
          last ? last->ToString() : "(none)", path()));
    }
    context_.Sleep(*pause_ms);
  }
}

int64_t FileOutputStream::Tell() const {
  MutexLock lock(mu_);
  return position_;
}

}  // namespace cairn::client
