// Acknowledgements of a write pipeline. Source of the rules: PacketResponder's behaviour in
// HDFS 3.4.
#include "datanode/transfer/ack_responder.h"

#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "wire/transfer/packet.h"

namespace cairn::datanode {

using wire::OpStatus;

AckResponder::AckResponder(FrameSocket& upstream, FrameSocket* mirror, size_t nodes_below,
                           ReplicaWriter& writer, const Clock& clock, bool sync_on_close)
    : upstream_(upstream),
      mirror_(mirror),
      nodes_below_(nodes_below),
      writer_(writer),
      clock_(clock),
      sync_on_close_(sync_on_close) {}

AckResponder::~AckResponder() { Abandon(); }

absl::Status AckResponder::Start(OperationThreads& threads) {
  if (mirror_ == nullptr) return absl::OkStatus();
  {
    MutexLock lock(mu_);
    thread_running_ = true;
  }
  if (threads.RunHelper([this] { Run(); })) return absl::OkStatus();
  MutexLock lock(mu_);
  thread_running_ = false;
  return absl::UnavailableError("no thread for the acknowledgements");
}

absl::Status AckResponder::Add(const ReceivedPacket& packet) {
  if (mirror_ == nullptr) return Answer(packet);
  MutexLock lock(mu_);
  if (!error_.ok()) return error_;
  waiting_.push_back(packet);
  changed_.NotifyAll();
  return absl::OkStatus();
}

void AckResponder::MirrorFailed() {
  MutexLock lock(mu_);
  mirror_failed_ = true;
}

bool AckResponder::mirror_failed() const {
  MutexLock lock(mu_);
  return mirror_failed_;
}

absl::Status AckResponder::Finish(int64_t timeout_ms) {
  const int64_t deadline = clock_.MonotonicMs() + timeout_ms;
  MutexLock lock(mu_);
  while (error_.ok() && !waiting_.empty()) {
    if (timeout_ms == 0) {
      changed_.Wait(mu_);
    } else if (const int64_t left = deadline - clock_.MonotonicMs(); left > 0) {
      changed_.WaitFor(mu_, left);
    } else {
      return absl::DeadlineExceededError("the mirror did not acknowledge in time");
    }
  }
  return error_;
}

void AckResponder::Abandon() {
  MutexLock lock(mu_);
  stopping_ = true;
  changed_.NotifyAll();
  if (thread_running_ && mirror_ != nullptr) {
    mirror_->socket().Shutdown();
    upstream_.socket().Shutdown();
  }
  while (thread_running_) changed_.Wait(mu_);
}

void AckResponder::Run() {
  mu_.Lock();
  while (true) {
    while (waiting_.empty() && !stopping_) changed_.Wait(mu_);
    if (stopping_) break;
    const ReceivedPacket packet = waiting_.front();
    mu_.Unlock();
    const absl::Status status = Answer(packet);
    mu_.Lock();
    if (!status.ok()) {
      error_ = status;
      break;
    }
    waiting_.pop_front();
    changed_.NotifyAll();
    if (packet.last) break;
  }
  // The receiving thread may wait for packets that will never be answered.
  if (!error_.ok()) upstream_.socket().Shutdown();
  thread_running_ = false;
  changed_.NotifyAll();
  mu_.Unlock();
}

absl::StatusOr<wire::PipelineAck> AckResponder::ReadMirrorAck(int64_t seqno) {
  while (true) {
    ASSIGN_OR_RETURN(const auto message, mirror_->Read(&wire::AckSize));
    ASSIGN_OR_RETURN(wire::PipelineAck ack, wire::DecodeAck(message));
    if (ack.IsOutOfBand()) {
      ack.replies.insert(ack.replies.begin(), OpStatus::kSuccess);
      if (!ack.flags.empty()) ack.flags.insert(ack.flags.begin(), 0);
      RETURN_IF_ERROR(upstream_.Write(wire::EncodeAck(ack)));
      continue;
    }
    if (ack.seqno != seqno) {
      return absl::InternalError(
          fmt::format("{} acknowledged {} instead of {}", mirror_->peer(), ack.seqno, seqno));
    }
    if (ack.replies.size() != nodes_below_) {
      return absl::InternalError(fmt::format("{} acknowledged for {} nodes instead of {}",
                                             mirror_->peer(), ack.replies.size(), nodes_below_));
    }
    return ack;
  }
}

absl::Status AckResponder::Answer(const ReceivedPacket& packet) {
  auto ack = wire::PipelineAck::Of(packet.seqno, {packet.status});
  if (mirror_ != nullptr) {
    absl::StatusOr<wire::PipelineAck> below = absl::UnavailableError("the mirror has failed");
    const int64_t begun = clock_.MonotonicMs();
    if (!mirror_failed()) below = ReadMirrorAck(packet.seqno);
    {
      MutexLock lock(mu_);
      if (stopping_) return absl::CancelledError("the write was given up");
      if (!below.ok() && !mirror_failed_) {
        mirror_failed_ = true;
        spdlog::warn("blk_{}: mirror {} failed: {}", writer_.block().id, mirror_->peer(),
                     below.status().ToString());
        mirror_->socket().Shutdown();  // the receiving thread may be stuck in writing to it
      }
    }
    if (below.ok()) {
      ack.downstream_ack_time_nanos =
          static_cast<uint64_t>(clock_.MonotonicMs() - begun) * 1'000'000;
      for (size_t i = 0; i < below->replies.size(); ++i) {
        ack.replies.push_back(below->StatusAt(i));
        ack.flags.push_back(below->flags.empty() ? static_cast<uint32_t>(below->replies[i])
                                                 : below->flags[i]);
      }
    } else {
      ack.replies.push_back(OpStatus::kError);
      ack.flags.push_back(static_cast<uint32_t>(OpStatus::kError));
    }
    // What this node sent on was damaged: end silently, so that upstream blames this node.
    if (ack.replies[1] == OpStatus::kErrorChecksum) {
      return absl::DataLossError(fmt::format(
          "{} received data with a wrong checksum from this DataNode", mirror_->peer()));
    }
  }
  if (packet.last) {
    RETURN_IF_ERROR(writer_.Finalize(packet.sync || sync_on_close_, "").status());
  } else if (ack.AllSuccess() && packet.seqno != wire::kHeartbeatSeqno) {
    writer_.SetBytesAcked(packet.end_offset);
  }
  return upstream_.Write(wire::EncodeAck(ack));
}

}  // namespace cairn::datanode
