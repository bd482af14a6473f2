// The streamer's conversation with the NameNode: new blocks, append, recovery of a broken pipeline.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "client/base/retry_policy.h"
#include "client/write/data_streamer.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

// How long a DataNode that failed the set-up of a new block is avoided
// (dfs.client.write.exclude.nodes.cache.expiry.interval.millis).
constexpr int64_t kExcludedForMs = 600 * 1000;

// The NameNode's refusal with the failure that led to it: which address could not be reached, and
// why, is known to the client alone.
absl::Status WithCause(const absl::Status& refusal, const absl::Status& cause) {
  const std::optional<ErrorKind> kind = KindOf(refusal);
  if (cause.ok() || !kind) return refusal;
  return MakeError(*kind, fmt::format("{}\nThe last failure: {}", std::string(refusal.message()),
                                      std::string(cause.message())));
}

}  // namespace

absl::Status DataStreamer::OpenBlock() {
  bytes_sent_ = 0;
  recoveries_ = 0;
  recovery_.ForgetFailures();
  return append_to_ ? OpenForAppend() : OpenNewBlock();
}

absl::StatusOr<LocatedBlock> DataStreamer::AllocateBlock() {
  const ClientOptions& options = context_.options();
  const int64_t now_ms = context_.clock().MonotonicMs();
  std::erase_if(excluded_, [&](const Excluded& e) { return now_ms - e.since_ms > kExcludedForMs; });
  AddBlockCall request;
  request.path = target_.file.path;
  request.client_name = target_.file.client_name;
  request.file_id = target_.file.file_id;
  request.previous = last_block();
  for (const Excluded& excluded : excluded_) request.excluded.push_back(excluded.node);
  BoundedPolling polling(options.locate_following_block_delay_ms,
                         options.locate_following_block_max_delay_ms,
                         options.locate_following_block_retries);
  while (true) {
    auto block = context_.Call(
        RetryMode::kOnOpenFile,
        [&](NamenodeStub& stub, const CallContext& call) { return stub.AddBlock(call, request); });
    if (block.ok() || !Is(block.status(), ErrorKind::kNotReplicatedYet)) return block;
    const std::optional<int64_t> pause_ms = polling.NextPauseMs();
    if (!pause_ms) return block;
    context_.Sleep(*pause_ms);
  }
}

absl::Status DataStreamer::OpenNewBlock() {
  absl::Status why;
  for (int32_t attempt = 0; attempt <= context_.options().block_write_retries; ++attempt) {
    const absl::StatusOr<LocatedBlock> allocated = AllocateBlock();
    if (!allocated.ok()) return WithCause(allocated.status(), why);
    const LocatedBlock& located = *allocated;
    Pipeline pipeline{located.block, located.locations, nullptr};
    pipeline.block.block.num_bytes = 0;
    if (pipeline.nodes.empty()) {
      return errors::Io(fmt::format("{} of {} was allocated on no DataNode",
                                    located.block.ToString(), target_.file.path));
    }
    BadNode bad_node;
    why = SetUpPipeline(context_, target_, SetupRequest{}, pipeline, bad_node);
    const ReplicaLocation bad = pipeline.nodes[bad_node.index];
    if (!why.ok()) why = GoOnWithFewerNodes(bad_node, why, pipeline);
    if (why.ok()) {
      StartPipeline(std::move(pipeline));
      return absl::OkStatus();
    }
    spdlog::warn("{} of {}: abandoning the block, excluding {}: {}", pipeline.block.ToString(),
                 target_.file.path, DescribeNode(bad), std::string(why.message()));
    RETURN_IF_ERROR(
        context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
          return stub.AbandonBlock(call, target_.file, pipeline.block);
        }));
    excluded_.push_back({bad.datanode.id, context_.clock().MonotonicMs()});
    if (const absl::Status failed = status(); !failed.ok()) return failed;
  }
  return errors::Io(fmt::format("Unable to create new block. ({}: {})", target_.file.path,
                                std::string(why.message())));
}

absl::Status DataStreamer::GoOnWithFewerNodes(const BadNode& bad_node, const absl::Status& why,
                                              Pipeline& pipeline) {
  const int32_t enough = context_.options().replace_datanode_min_replication;
  if (enough <= 0) return why;
  RecoveryRequest request;
  request.stage = wire::WriteStage::kSetupCreate;
  request.bad_node = BadNode{.index = bad_node.index};
  request.why = why;
  request.min_nodes = static_cast<size_t>(enough);
  request.abandoned = [this] { return status(); };
  return recovery_.Recover(request, pipeline);
}

absl::Status DataStreamer::OpenForAppend() {
  Pipeline pipeline{append_to_->block, append_to_->locations, nullptr};
  append_to_.reset();
  if (pipeline.nodes.empty()) {
    return errors::Io(fmt::format("{} of {} has no DataNode to append to",
                                  pipeline.block.ToString(), target_.file.path));
  }
  appended_ = true;
  bytes_sent_ = pipeline.block.block.num_bytes;
  RecoveryRequest request;
  request.stage = wire::WriteStage::kSetupAppend;
  request.bytes_sent = bytes_sent_;
  request.appended = true;
  request.abandoned = [this] { return status(); };
  RETURN_IF_ERROR(recovery_.Recover(request, pipeline));
  StartPipeline(std::move(pipeline));
  return absl::OkStatus();
}

absl::Status DataStreamer::CountRecovery(const absl::Status& why) {
  MutexLock lock(mu_);
  if (recovered_at_seqno_ != last_acked_) recoveries_ = 0;
  recovered_at_seqno_ = last_acked_;
  const int32_t limit = context_.options().pipeline_recovery_retries;
  if (++recoveries_ <= limit) return absl::OkStatus();
  return errors::Io(
      fmt::format("Failing write. Tried pipeline recovery {} times without success. ({} of {}: {})",
                  limit, block_->ToString(), target_.file.path, std::string(why.message())));
}

absl::Status DataStreamer::RecoverPipeline() {
  StopPipeline();
  RecoveryRequest request;
  Pipeline pipeline;
  bool end_was_acked = false;
  {
    MutexLock lock(mu_);
    request.bad_node = breakage_->bad_node;
    request.why = breakage_->why;
    request.hflushed = hflushed_;
    pipeline.block = *block_;
    // All of the block was acknowledged before the connection broke: nothing is left to repair.
    end_was_acked =
        closing_ && (send_queue_.empty() || !send_queue_.front()->header.last_packet_in_block);
  }
  if (end_was_acked) {
    FinishBlock();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CountRecovery(request.why));
  pipeline.nodes = nodes_;
  request.stage =
      closing_ ? wire::WriteStage::kCloseRecovery : wire::WriteStage::kSetupStreamingRecovery;
  request.bytes_sent = bytes_sent_;
  request.appended = appended_;
  request.abandoned = [this] { return status(); };
  RETURN_IF_ERROR(recovery_.Recover(request, pipeline));
  if (!closing_) {
    StartPipeline(std::move(pipeline));
    return absl::OkStatus();
  }
  // The recovery of a closing block has also finished it; its last packet is not sent again.
  {
    MutexLock lock(mu_);
    block_ = pipeline.block;
    last_acked_ = send_queue_.front()->header.seqno;
    send_queue_.pop_front();
    to_writer_.NotifyAll();
  }
  FinishBlock();
  return absl::OkStatus();
}

}  // namespace cairn::client
