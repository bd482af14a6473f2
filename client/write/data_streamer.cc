// The streamer: queues, sending, acknowledgements. Opening and recovering blocks is in
// block_opening.cc.
#include "client/write/data_streamer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

// How long a failed send waits for the reason to arrive as an acknowledgement.
constexpr int64_t kAckGraceMs = 1000;

}  // namespace

DataStreamer::DataStreamer(ClientContext& context, WriteTarget target,
                           std::optional<LocatedBlock> append_to,
                           std::optional<ExtendedBlock> last_block)
    : context_(context),
      target_(std::move(target)),
      heartbeat_after_ms_(std::max<int64_t>(1, context.options().socket_timeout_ms / 2)),
      recovery_(context, target_),
      append_to_(std::move(append_to)),
      backoff_(context.options().congestion_backoff_mean_ms,
               context.options().congestion_backoff_max_ms) {
  {
    MutexLock lock(mu_);
    block_ = append_to_ ? append_to_->block : std::move(last_block);
  }
  thread_ = std::thread([this] { Run(); });
}

DataStreamer::~DataStreamer() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    if (failure_.ok()) failure_ = absl::CancelledError(target_.file.path + ": stream destroyed");
    if (connection_ != nullptr) connection_->Shutdown();
    to_streamer_.NotifyAll();
    to_writer_.NotifyAll();
  }
  thread_.join();
}

// --- Called by writers.

absl::Status DataStreamer::Enqueue(OutPacketPtr packet) {
  const auto limit = static_cast<size_t>(context_.options().max_packets_in_flight);
  MutexLock lock(mu_);
  while (failure_.ok() && send_queue_.size() + ack_queue_.size() >= limit) to_writer_.Wait(mu_);
  RETURN_IF_ERROR(failure_);
  send_queue_.push_back(std::move(packet));
  to_streamer_.NotifyOne();
  return absl::OkStatus();
}

absl::Status DataStreamer::WaitForAck(int64_t seqno) {
  MutexLock lock(mu_);
  while (failure_.ok() && last_acked_ < seqno) to_writer_.Wait(mu_);
  // What was acknowledged stays so even if the stream failed since.
  return last_acked_ >= seqno ? absl::OkStatus() : failure_;
}

void DataStreamer::NoteHflushed() {
  MutexLock lock(mu_);
  hflushed_ = true;
}

void DataStreamer::Abort(const absl::Status& why) {
  MutexLock lock(mu_);
  if (failure_.ok()) failure_ = why;
  if (connection_ != nullptr) connection_->Shutdown();
  to_streamer_.NotifyAll();
  to_writer_.NotifyAll();
}

std::optional<ExtendedBlock> DataStreamer::last_block() const {
  MutexLock lock(mu_);
  return block_;
}

absl::Status DataStreamer::status() const {
  MutexLock lock(mu_);
  return failure_;
}

// --- Streamer thread.

void DataStreamer::Run() {
  SetThreadName("data-streamer");
  while (true) {
    absl::Status done;
    switch (NextStep()) {
      case Step::kStop:
        StopPipeline();
        return;
      case Step::kRecover:
        done = RecoverPipeline();
        break;
      case Step::kHeartbeat:
        SendHeartbeat();
        break;
      case Step::kPacket:
        done = SendNext();
        break;
    }
    if (!done.ok()) Abort(done);
  }
}

DataStreamer::Step DataStreamer::NextStep() {
  MutexLock lock(mu_);
  while (true) {
    if (stopping_ || !failure_.ok()) return Step::kStop;
    if (breakage_) return Step::kRecover;
    if (!send_queue_.empty()) return Step::kPacket;
    if (connection_ == nullptr) {
      to_streamer_.Wait(mu_);
      continue;
    }
    const int64_t idle_ms = context_.clock().MonotonicMs() - last_sent_ms_;
    if (idle_ms >= heartbeat_after_ms_) return Step::kHeartbeat;
    to_streamer_.WaitFor(mu_, heartbeat_after_ms_ - idle_ms);
  }
}

void DataStreamer::SendHeartbeat() {
  std::shared_ptr<DatanodeConnection> connection;
  {
    MutexLock lock(mu_);
    connection = connection_;
  }
  wire::PacketHeader header;
  header.seqno = wire::kHeartbeatSeqno;
  last_sent_ms_ = context_.clock().MonotonicMs();
  const absl::Status sent = connection->SendPacket(header, {}, {});
  if (!sent.ok()) NoteSendFailure(sent);
}

absl::Status DataStreamer::SendNext() {
  if (nodes_.empty()) RETURN_IF_ERROR(OpenBlock());
  OutPacketPtr packet;
  std::shared_ptr<DatanodeConnection> connection;
  {
    MutexLock lock(mu_);
    if (breakage_ || !failure_.ok()) return absl::OkStatus();
    packet = send_queue_.front();
  }
  // The last packet goes out alone: if it fails, nothing but the end of the block is in doubt.
  const bool last = packet->header.last_packet_in_block;
  BackOff();
  if (last && !WaitUntilAllAcked(/*heartbeats=*/true)) return absl::OkStatus();
  {
    MutexLock lock(mu_);
    if (breakage_ || !failure_.ok()) return absl::OkStatus();
    closing_ = last;
    connection = connection_;
    ack_queue_.push_back(std::move(send_queue_.front()));
    send_queue_.pop_front();
  }
  last_sent_ms_ = context_.clock().MonotonicMs();
  bytes_sent_ = std::max(bytes_sent_, packet->end_offset());
  const absl::Status sent = connection->SendPacket(packet->header, packet->checksums, packet->data);
  if (!sent.ok()) {
    NoteSendFailure(sent);
    return absl::OkStatus();
  }
  // Behind the last packet DataNodes expect nothing more, not even a heartbeat.
  if (last && WaitUntilAllAcked(/*heartbeats=*/false)) FinishBlock();
  return absl::OkStatus();
}

bool DataStreamer::WaitUntilAllAcked(bool heartbeats) {
  while (true) {
    {
      MutexLock lock(mu_);
      int64_t idle_ms = 0;
      while (!ack_queue_.empty() && !breakage_ && failure_.ok() && idle_ms < heartbeat_after_ms_) {
        if (!heartbeats) {
          to_streamer_.Wait(mu_);
          continue;
        }
        to_streamer_.WaitFor(mu_, heartbeat_after_ms_ - idle_ms);
        idle_ms = context_.clock().MonotonicMs() - last_sent_ms_;
      }
      if (ack_queue_.empty() || breakage_ || !failure_.ok()) {
        return ack_queue_.empty() && !breakage_ && failure_.ok();
      }
    }
    SendHeartbeat();
  }
}

void DataStreamer::BackOff() {
  MutexLock lock(mu_);
  if (!congested_) return;
  const bool congested = *congested_;
  congested_.reset();
  if (!congested) {
    backoff_.Reset();
    return;
  }
  const int64_t pause_ms = backoff_.NextPauseMs(context_.random());
  spdlog::info("{} of {}: DataNodes are congested; pausing for {} ms", block_->ToString(),
               target_.file.path, pause_ms);
  const int64_t until_ms = context_.clock().MonotonicMs() + pause_ms;
  while (!breakage_ && failure_.ok()) {
    const int64_t left_ms = until_ms - context_.clock().MonotonicMs();
    if (left_ms <= 0) break;
    to_streamer_.WaitFor(mu_, left_ms);
  }
}

void DataStreamer::NoteSendFailure(const absl::Status& why) {
  MutexLock lock(mu_);
  const int64_t give_up_ms = SystemClock().MonotonicMs() + kAckGraceMs;
  while (!breakage_ && !acks_ended_ && failure_.ok()) {
    const int64_t left_ms = give_up_ms - SystemClock().MonotonicMs();
    if (left_ms <= 0) break;
    to_streamer_.WaitFor(mu_, left_ms);
  }
  if (!breakage_) breakage_ = Breakage{{}, why};
}

void DataStreamer::StartPipeline(Pipeline pipeline) {
  nodes_ = std::move(pipeline.nodes);
  last_sent_ms_ = context_.clock().MonotonicMs();
  const std::shared_ptr<DatanodeConnection> connection = std::move(pipeline.connection);
  {
    MutexLock lock(mu_);
    connection_ = connection;
    block_ = pipeline.block;
    breakage_.reset();
    acks_ended_ = false;
    congested_.reset();
    if (!failure_.ok()) connection->Shutdown();
  }
  ack_thread_ =
      std::thread([this, connection, nodes = nodes_.size()] { ReadAcks(connection, nodes); });
}

void DataStreamer::StopPipeline() {
  {
    MutexLock lock(mu_);
    if (connection_ != nullptr) connection_->Shutdown();
  }
  if (ack_thread_.joinable()) ack_thread_.join();
  MutexLock lock(mu_);
  connection_.reset();
  while (!ack_queue_.empty()) {
    send_queue_.push_front(std::move(ack_queue_.back()));
    ack_queue_.pop_back();
  }
}

void DataStreamer::FinishBlock() {
  StopPipeline();
  nodes_.clear();
  appended_ = false;
  closing_ = false;
  bytes_sent_ = 0;
  MutexLock lock(mu_);
  breakage_.reset();
}

// --- Acknowledgement thread.

void DataStreamer::ReadAcks(std::shared_ptr<DatanodeConnection> connection, size_t nodes) {
  SetThreadName("ack-reader");
  SlowNodes slow(nodes, context_.options().slow_node_threshold);
  while (true) {
    const absl::StatusOr<wire::PipelineAck> ack = connection->ReceiveAck();
    if (!ack.ok()) {
      NoteBreakage({}, ack.status());
      break;
    }
    if (!HandleAck(*ack, nodes, slow)) break;
  }
  // A sender that waits for room in the socket must not wait for a pipeline that is gone.
  connection->Shutdown();
  MutexLock lock(mu_);
  acks_ended_ = true;
  to_streamer_.NotifyAll();
}

bool DataStreamer::HandleAck(const wire::PipelineAck& ack, size_t nodes, SlowNodes& slow) {
  const auto refuse = [&](const BadNode& bad_node, std::string_view what) {
    NoteBreakage(bad_node, absl::UnavailableError(
                               fmt::format("acknowledgement of packet {}: {}", ack.seqno, what)));
    return false;
  };
  for (size_t i = ack.replies.size(); i-- > 0;) {
    const wire::OpStatus status = ack.StatusAt(i);
    if (status == wire::OpStatus::kSuccess) continue;
    const bool restarting = status == wire::OpStatus::kOobRestart;
    return refuse({.index = i, .restarting = restarting},
                  restarting ? fmt::format("node {} of the pipeline is restarting", i)
                             : fmt::format("node {} of the pipeline reports {}", i,
                                           wire::OpStatusName(status)));
  }
  if (ack.replies.size() != nodes) {
    return refuse({}, fmt::format("{} replies from {} nodes", ack.replies.size(), nodes));
  }
  {
    MutexLock lock(mu_);
    congested_ = ack.AnyCongested();
  }
  if (const std::optional<size_t> bad = slow.Note(ack)) {
    return refuse({.index = *bad}, fmt::format("node {} of the pipeline was slow {} times in a row",
                                               *bad, context_.options().slow_node_threshold));
  }
  if (ack.seqno == wire::kHeartbeatSeqno) return true;
  bool last = false;
  return TakeAcked(ack.seqno, last) && !last;
}

bool DataStreamer::TakeAcked(int64_t seqno, bool& last) {
  MutexLock lock(mu_);
  if (ack_queue_.empty() || ack_queue_.front()->header.seqno != seqno) {
    const std::string due = ack_queue_.empty()
                                ? std::string("none")
                                : fmt::format("{}", ack_queue_.front()->header.seqno);
    if (!breakage_) {
      breakage_ = Breakage{{},
                           absl::UnavailableError(fmt::format(
                               "acknowledgement of packet {} where {} was due", seqno, due))};
    }
    return false;
  }
  const OutPacket& packet = *ack_queue_.front();
  last = packet.header.last_packet_in_block;
  last_acked_ = seqno;
  block_->block.num_bytes = std::max(block_->block.num_bytes, packet.end_offset());
  ack_queue_.pop_front();
  if (ack_queue_.empty()) to_streamer_.NotifyAll();
  to_writer_.NotifyAll();
  return true;
}

void DataStreamer::NoteBreakage(const BadNode& bad_node, const absl::Status& why) {
  MutexLock lock(mu_);
  if (!breakage_) breakage_ = Breakage{bad_node, why};
  to_streamer_.NotifyAll();
}

}  // namespace cairn::client
