// Sends the acknowledgements of a write pipeline upstream, in order, one per packet.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/threads.h"
#include "datanode/store/block_store.h"
#include "datanode/transfer/frame_socket.h"
#include "datanode/transfer/operation_threads.h"
#include "wire/transfer/ack.h"

namespace cairn::datanode {

// A packet that was taken in here and waits for its acknowledgement.
struct ReceivedPacket {
  int64_t seqno = 0;
  int64_t end_offset = 0;  // bytes of the block up to and including it
  bool last = false;
  bool sync = false;  // with `last`: finalize durably
  wire::OpStatus status = wire::OpStatus::kSuccess;
  int64_t added_ms = 0;  // monotonic; set by Add
};

// How acknowledgements are given.
struct AckPlan {
  size_t nodes_below = 0;         // the mirror and those behind it
  int64_t mirror_timeout_ms = 0;  // how long the mirror may owe an answer; 0: for ever
  bool sync_on_close = false;     // finalize durably without being asked
  // This node's congestion and slowness as flag bits (wire/transfer/ack.h), asked for each
  // acknowledgement; null: none.
  std::function<uint32_t()> own_flags;
};

// The last node of a pipeline answers at once, in the receiving thread; any other waits on a thread
// of its own for its mirror's acknowledgement and puts its own status in front; what the mirror
// says out of band is passed on at once. The timeouts shrink along the pipeline, so that of all
// nodes the one nearest to a silent one finds it out, and names it. The packet's bytes are in the
// page cache (on disk for syncBlock) before Add, so an acknowledgement never runs ahead of the
// data. Readers see bytes once an all-success acknowledgement for them goes upstream; the last one
// goes out after the replica is finalized.
//
// Add, Finish and Abandon are called by the receiving thread.
class AckResponder {
 public:
  // `mirror` is null at the end of a pipeline. All must outlive this.
  AckResponder(FrameSocket& upstream, FrameSocket* mirror, AckPlan plan, ReplicaWriter& writer,
               const Clock& clock);
  // Abandons.
  ~AckResponder();

  // Starts the thread where there is a mirror. kUnavailable when there is none to be had.
  absl::Status Start(OperationThreads& threads);
  // Takes one packet in. Returns the error that has ended this responder, if any.
  absl::Status Add(const ReceivedPacket& packet) EXCLUDES(mu_);
  // The mirror cannot be written to: from now on packets are answered [SUCCESS, ERROR].
  void MirrorFailed() EXCLUDES(mu_);
  bool mirror_failed() const EXCLUDES(mu_);
  // Waits until everything added was answered, at most `timeout_ms` (0: as long as it takes).
  absl::Status Finish(int64_t timeout_ms) EXCLUDES(mu_);
  // Tells upstream that this DataNode restarts, unless that takes longer than `timeout_ms`; nothing
  // is acknowledged any more. From any thread.
  void AnnounceRestart(int64_t timeout_ms) EXCLUDES(mu_);
  // Ends without answering what is left.
  void Abandon() EXCLUDES(mu_);

 private:
  void Run() EXCLUDES(mu_);
  // Waits for what the mirror says next, and passes it on; true after the last packet.
  absl::StatusOr<bool> Step() EXCLUDES(mu_);
  // The mirror's next acknowledgement, out-of-band ones included.
  absl::StatusOr<wire::PipelineAck> NextMirrorAck() EXCLUDES(mu_);
  // Whether it can be the answer to the packet.
  absl::Status CheckMirrorAck(const wire::PipelineAck& ack, const ReceivedPacket& packet) const;
  // Nothing it says counts from now on.
  void BreakOffMirror(const absl::Status& why) EXCLUDES(mu_);
  // `below`: what the mirror says of the packet; null at the end of a pipeline.
  absl::Status Answer(const ReceivedPacket& packet, const absl::StatusOr<wire::PipelineAck>* below);
  absl::Status SendUpstream(const wire::PipelineAck& ack) EXCLUDES(mu_);
  uint32_t OwnFlags() const { return plan_.own_flags ? plan_.own_flags() : 0; }

  FrameSocket& upstream_;
  FrameSocket* const mirror_;
  const AckPlan plan_;
  ReplicaWriter& writer_;
  const Clock& clock_;
  // Used by the responder's thread alone.
  bool mirror_broken_ = false;
  int64_t last_ack_ms_ = 0;  // monotonic; when the mirror was last heard

  mutable Mutex mu_;
  CondVar changed_;
  std::deque<ReceivedPacket> waiting_ GUARDED_BY(mu_);  // the front one is being answered
  absl::Status error_ GUARDED_BY(mu_);
  bool mirror_failed_ GUARDED_BY(mu_) = false;
  bool stopping_ GUARDED_BY(mu_) = false;
  bool thread_running_ GUARDED_BY(mu_) = false;
  bool sending_ GUARDED_BY(mu_) = false;     // someone writes to upstream
  bool restarting_ GUARDED_BY(mu_) = false;  // upstream has been told: nothing else is sent
};

}  // namespace cairn::datanode
