// Sends a file's packets through the pipelines of its blocks and keeps them until acknowledged.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "client/base/client_context.h"
#include "client/write/node_flags.h"
#include "client/write/packet_builder.h"
#include "client/write/pipeline.h"
#include "client/write/pipeline_recovery.h"
#include "common/threads.h"

namespace cairn::client {

// One thread sends packets, sets pipelines up and recovers them; one thread per pipeline reads
// acknowledgements. A packet is in the send queue, then in the acknowledgement queue, and goes back
// to the send queue when a pipeline breaks: none is forgotten before every node has it.
//
// Thread-safe. The first error is final and returned by every later call.
class DataStreamer {
 public:
  // For a new file, or for one that goes on behind `last_block`; with `append_to` that block is
  // reopened (its num_bytes is the length it has). `context` must outlive this.
  DataStreamer(ClientContext& context, WriteTarget target, std::optional<LocatedBlock> append_to,
               std::optional<ExtendedBlock> last_block);
  // Stops the threads; what was not acknowledged is lost.
  ~DataStreamer();

  // Queues a packet; waits while too many are queued or in flight. The packets of a block end with
  // one that says so.
  absl::Status Enqueue(OutPacketPtr packet);
  // Waits until all nodes have acknowledged everything up to `seqno`.
  absl::Status WaitForAck(int64_t seqno);
  // Promised durability makes a lost node worth replacing (the replacement policy).
  void NoteHflushed();
  // Makes `why` the final error.
  void Abort(const absl::Status& why);

  // The block written last, with the length that was acknowledged; absent before the first block.
  std::optional<ExtendedBlock> last_block() const;
  absl::Status status() const;

 private:
  // What broke a pipeline.
  struct Breakage {
    BadNode bad_node;
    absl::Status why;
  };
  // A DataNode to avoid in new blocks, and since when.
  struct Excluded {
    DatanodeId node;
    int64_t since_ms = 0;
  };
  enum class Step { kPacket, kHeartbeat, kRecover, kStop };

  // --- Streamer thread.
  void Run();
  Step NextStep();
  absl::Status SendNext();
  void SendHeartbeat();
  absl::Status OpenBlock();
  absl::Status OpenNewBlock();
  absl::StatusOr<LocatedBlock> AllocateBlock();
  // After the set-up of a new block failed: with the other nodes where that many are enough, else
  // `why`.
  absl::Status GoOnWithFewerNodes(const BadNode& bad_node, const absl::Status& why,
                                  Pipeline& pipeline);
  absl::Status OpenForAppend();
  absl::Status RecoverPipeline();
  // The error to give up with when the same packet broke too many pipelines.
  absl::Status CountRecovery(const absl::Status& why);
  // Makes the pipeline known to the other threads and starts to read its acknowledgements.
  void StartPipeline(Pipeline pipeline);
  // Ends the acknowledgement thread and takes back what was not acknowledged.
  void StopPipeline();
  void FinishBlock();
  // Waits until the acknowledgement queue is empty, sending heartbeats while the block goes on;
  // false when the pipeline broke meanwhile.
  bool WaitUntilAllAcked(bool heartbeats);
  // Pauses while DataNodes are congested.
  void BackOff();
  // After sending failed: the acknowledgement thread may know better which node is bad.
  void NoteSendFailure(const absl::Status& why);

  // --- Acknowledgement thread.
  void ReadAcks(std::shared_ptr<DatanodeConnection> connection, size_t nodes);
  // True to go on reading. `slow`: of the current pipeline.
  bool HandleAck(const wire::PipelineAck& ack, size_t nodes, SlowNodes& slow);
  // Takes the packet an acknowledgement is for out of the queue; false: it is for another one.
  bool TakeAcked(int64_t seqno, bool& last);
  void NoteBreakage(const BadNode& bad_node, const absl::Status& why);

  ClientContext& context_;
  const WriteTarget target_;
  const int64_t heartbeat_after_ms_;

  // Streamer thread only.
  PipelineRecovery recovery_;
  std::vector<ReplicaLocation> nodes_;
  std::vector<Excluded> excluded_;
  std::optional<LocatedBlock> append_to_;
  bool appended_ = false;  // the current block was reopened
  bool closing_ = false;   // only the current block's last packet is left
  int64_t bytes_sent_ = 0;
  int32_t recoveries_ = 0;  // since last_acked_ moved
  int64_t recovered_at_seqno_ = -1;
  int64_t last_sent_ms_ = 0;
  CongestionBackoff backoff_;
  std::thread ack_thread_;

  mutable Mutex mu_;
  CondVar to_streamer_;
  CondVar to_writer_;
  std::deque<OutPacketPtr> send_queue_ GUARDED_BY(mu_);
  std::deque<OutPacketPtr> ack_queue_ GUARDED_BY(mu_);
  int64_t last_acked_ GUARDED_BY(mu_) = -1;
  std::optional<ExtendedBlock> block_ GUARDED_BY(mu_);  // current or last; num_bytes: acknowledged
  std::shared_ptr<DatanodeConnection> connection_ GUARDED_BY(mu_);  // of the current pipeline
  std::optional<Breakage> breakage_ GUARDED_BY(mu_);
  bool acks_ended_ GUARDED_BY(mu_) = false;
  // What the nodes said in the last acknowledgement; absent once that was heeded.
  std::optional<bool> congested_ GUARDED_BY(mu_);
  bool hflushed_ GUARDED_BY(mu_) = false;
  bool stopping_ GUARDED_BY(mu_) = false;
  absl::Status failure_ GUARDED_BY(mu_);

  std::thread thread_;
};

}  // namespace cairn::client
