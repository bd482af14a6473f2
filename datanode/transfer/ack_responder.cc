// Acknowledgements of a write pipeline. Source of the rules: PacketResponder's behaviour in
// HDFS 3.4.
#include "datanode/transfer/ack_responder.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/status_macros.h"
#include "wire/transfer/packet.h"

namespace cairn::datanode {

using wire::OpStatus;

namespace {
constexpr int64_t kForeverMs = 86'400'000;  // asked again then
}  // namespace

AckResponder::AckResponder(FrameSocket& upstream, FrameSocket* mirror, AckPlan plan,
                           ReplicaWriter& writer, const Clock& clock)
    : upstream_(upstream),
      mirror_(mirror),
      plan_(std::move(plan)),
      writer_(writer),
      clock_(clock) {}

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
  if (mirror_ == nullptr) return Answer(packet, nullptr);
  MutexLock lock(mu_);
  if (!error_.ok()) return error_;
  waiting_.push_back(packet);
  waiting_.back().added_ms = clock_.MonotonicMs();
  changed_.NotifyAll();
  return absl::OkStatus();
}

void AckResponder::MirrorFailed() {
  MutexLock lock(mu_);
  mirror_failed_ = true;
  mirror_->socket().Shutdown();  // the thread may be waiting for it
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

void AckResponder::AnnounceRestart(int64_t timeout_ms) {
  const int64_t deadline = clock_.MonotonicMs() + timeout_ms;
  {
    MutexLock lock(mu_);
    while (sending_ && !stopping_) {
      const int64_t left = deadline - clock_.MonotonicMs();
      if (left <= 0) return;  // it does not read its acknowledgements
      changed_.WaitFor(mu_, left);
    }
    if (stopping_ || restarting_) return;
    restarting_ = true;
    sending_ = true;
  }
  upstream_.socket().SetWriteTimeout(std::max<int64_t>(1, deadline - clock_.MonotonicMs()));
  auto notice = wire::PipelineAck::Of(wire::kOutOfBandSeqno, {OpStatus::kOobRestart});
  notice.flags[0] |= OwnFlags();
  const absl::Status sent = upstream_.Write(wire::EncodeAck(notice));
  if (!sent.ok()) spdlog::info("cannot announce the restart: {}", sent.ToString());
  MutexLock lock(mu_);
  sending_ = false;
  changed_.NotifyAll();
}

absl::Status AckResponder::SendUpstream(const wire::PipelineAck& ack) {
  {
    MutexLock lock(mu_);
    while (sending_) changed_.Wait(mu_);
    if (restarting_) return absl::CancelledError("this DataNode restarts");
    sending_ = true;
  }
  absl::Status sent = upstream_.Write(wire::EncodeAck(ack));
  MutexLock lock(mu_);
  sending_ = false;
  changed_.NotifyAll();
  return sent;
}

void AckResponder::Run() {
  absl::StatusOr<bool> done = false;
  while (done.ok() && !*done) done = Step();
  MutexLock lock(mu_);
  if (!done.ok()) {
    error_ = done.status();
    // The receiving thread may wait for packets that will never be answered.
    upstream_.socket().Shutdown();
  }
  thread_running_ = false;
  changed_.NotifyAll();
}

absl::StatusOr<bool> AckResponder::Step() {
  auto below = NextMirrorAck();
  if (below.ok() && below->IsOutOfBand()) {
    below->replies.insert(below->replies.begin(), OpStatus::kSuccess);
    if (!below->flags.empty()) below->flags.insert(below->flags.begin(), OwnFlags());
    RETURN_IF_ERROR(SendUpstream(*below));
    return false;
  }
  ReceivedPacket packet;
  {
    // An acknowledgement may be here before its packet has been stored.
    MutexLock lock(mu_);
    while (waiting_.empty() && !stopping_) changed_.Wait(mu_);
    if (stopping_) return absl::CancelledError("the write was given up");
    packet = waiting_.front();
  }
  if (below.ok()) {
    const absl::Status fits = CheckMirrorAck(*below, packet);
    if (!fits.ok()) below = fits;
  }
  if (!below.ok()) BreakOffMirror(below.status());
  RETURN_IF_ERROR(Answer(packet, &below));
  MutexLock lock(mu_);
  waiting_.pop_front();
  changed_.NotifyAll();
  return packet.last;
}

absl::StatusOr<wire::PipelineAck> AckResponder::NextMirrorAck() {
  if (mirror_broken_) return absl::UnavailableError("the mirror has failed");
  while (true) {
    const bool bounded = plan_.mirror_timeout_ms > 0;
    int64_t left = bounded ? plan_.mirror_timeout_ms : kForeverMs;
    bool no_more = false;
    {
      MutexLock lock(mu_);
      if (stopping_) return absl::CancelledError("the write was given up");
      no_more = mirror_failed_;
      if (bounded && !waiting_.empty()) {
        left += std::max(waiting_.front().added_ms, last_ack_ms_) - clock_.MonotonicMs();
      }
    }
    ASSIGN_OR_RETURN(const bool whole, mirror_->Poll(&wire::AckSize));
    if (whole) break;
    // Only now: it may have said something before it could not be written to any more.
    if (no_more) return absl::UnavailableError("it could not be written to");
    if (left <= 0) {
      return absl::DeadlineExceededError(fmt::format("{} did not acknowledge a packet within {} ms",
                                                     mirror_->peer(), plan_.mirror_timeout_ms));
    }
    RETURN_IF_ERROR(mirror_->socket().WaitReadable(left).status());
  }
  ASSIGN_OR_RETURN(const auto message, mirror_->Read(&wire::AckSize));
  last_ack_ms_ = clock_.MonotonicMs();
  return wire::DecodeAck(message);
}

absl::Status AckResponder::CheckMirrorAck(const wire::PipelineAck& ack,
                                          const ReceivedPacket& packet) const {
  if (ack.seqno != packet.seqno) {
    return absl::InternalError(
        fmt::format("{} acknowledged {} instead of {}", mirror_->peer(), ack.seqno, packet.seqno));
  }
  if (ack.replies.size() != plan_.nodes_below) {
    return absl::InternalError(fmt::format("{} acknowledged for {} nodes instead of {}",
                                           mirror_->peer(), ack.replies.size(), plan_.nodes_below));
  }
  return absl::OkStatus();
}

void AckResponder::BreakOffMirror(const absl::Status& why) {
  if (mirror_broken_) return;
  mirror_broken_ = true;
  MutexLock lock(mu_);
  mirror_failed_ = true;
  spdlog::warn("blk_{}: mirror {} failed: {}", writer_.block().id, mirror_->peer(), why.ToString());
  mirror_->socket().Shutdown();  // the receiving thread may be stuck in writing to it
}

absl::Status AckResponder::Answer(const ReceivedPacket& packet,
                                  const absl::StatusOr<wire::PipelineAck>* below) {
  auto ack = wire::PipelineAck::Of(packet.seqno, {packet.status});
  ack.flags[0] |= OwnFlags();
  if (below != nullptr && below->ok()) {
    const wire::PipelineAck& theirs = **below;
    ack.downstream_ack_time_nanos =
        static_cast<uint64_t>(clock_.MonotonicMs() - packet.added_ms) * 1'000'000;
    for (size_t i = 0; i < theirs.replies.size(); ++i) {
      ack.replies.push_back(theirs.StatusAt(i));
      ack.flags.push_back(theirs.flags.empty() ? static_cast<uint32_t>(theirs.replies[i])
                                               : theirs.flags[i]);
    }
  } else if (below != nullptr) {
    ack.replies.push_back(OpStatus::kError);
    ack.flags.push_back(static_cast<uint32_t>(OpStatus::kError));
  }
  // What this node sent on was damaged: end silently, so that upstream blames this node.
  if (ack.replies.size() > 1 && ack.replies[1] == OpStatus::kErrorChecksum) {
    return absl::DataLossError(
        fmt::format("{} received data with a wrong checksum from this DataNode", mirror_->peer()));
  }
  if (packet.last) {
    RETURN_IF_ERROR(writer_.Finalize(packet.sync || plan_.sync_on_close, "").status());
  } else if (ack.AllSuccess() && packet.seqno != wire::kHeartbeatSeqno) {
    writer_.SetBytesAcked(packet.end_offset);
  }
  return SendUpstream(ack);
}

}  // namespace cairn::datanode
