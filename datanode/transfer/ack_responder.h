// Sends the acknowledgements of a write pipeline upstream, in order, one per packet.
#pragma once

#include <cstdint>
#include <deque>
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
};

// The last node of a pipeline answers at once, in the receiving thread; any other waits on a thread
// of its own for its mirror's acknowledgement and puts its own status in front. The packet's bytes
// are in the page cache (on disk for syncBlock) before Add, so an acknowledgement never runs ahead
// of the data. Readers see bytes once an all-success acknowledgement for them goes upstream; the
// last one goes out after the replica is finalized.
//
// Add, Finish and Abandon are called by the receiving thread.
class AckResponder {
 public:
  // `mirror` is null at the end of a pipeline, otherwise the first of `nodes_below` nodes;
  // `sync_on_close` finalizes durably without being asked. All must outlive this.
  AckResponder(FrameSocket& upstream, FrameSocket* mirror, size_t nodes_below,
               ReplicaWriter& writer, const Clock& clock, bool sync_on_close);
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
  // Ends without answering what is left.
  void Abandon() EXCLUDES(mu_);

 private:
  void Run() EXCLUDES(mu_);
  absl::Status Answer(const ReceivedPacket& packet);
  // The mirror's acknowledgement of `seqno`; out-of-band ones before it are passed on.
  absl::StatusOr<wire::PipelineAck> ReadMirrorAck(int64_t seqno);

  FrameSocket& upstream_;
  FrameSocket* const mirror_;
  const size_t nodes_below_;
  ReplicaWriter& writer_;
  const Clock& clock_;
  const bool sync_on_close_;

  mutable Mutex mu_;
  CondVar changed_;
  std::deque<ReceivedPacket> waiting_ GUARDED_BY(mu_);  // the front one is being answered
  absl::Status error_ GUARDED_BY(mu_);
  bool mirror_failed_ GUARDED_BY(mu_) = false;
  bool stopping_ GUARDED_BY(mu_) = false;
  bool thread_running_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::datanode
