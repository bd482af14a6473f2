// The receiving side of a block.
#include "datanode/transfer/packet_receiver.h"

#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::datanode {

namespace {

// How long a checksum error may take to travel through the pipeline before the end.
constexpr int64_t kChecksumReplyMs = 3'000;

class Receiver {
 public:
  Receiver(FrameSocket& from, ReplicaWriter& writer, const ReceivePlan& plan)
      : from_(from), writer_(writer), plan_(plan) {}

  absl::Status Run() {
    while (true) {
      ASSIGN_OR_RETURN(const std::string_view bytes, from_.Read(&wire::PacketSize));
      ASSIGN_OR_RETURN(const wire::PacketView packet, wire::DecodePacket(bytes));
      if (!packet.header.is_heartbeat() &&
          packet.header.offset_in_block > writer_.bytes_on_disk()) {
        return absl::InvalidArgumentError(
            fmt::format("Received an out-of-sequence packet for {} from {} at offset {}. Expecting "
                        "packet starting at {}",
                        writer_.block().ToString(), from_.peer(), packet.header.offset_in_block,
                        writer_.bytes_on_disk()));
      }
      Forward(bytes);
      if (packet.header.is_heartbeat()) {
        RETURN_IF_ERROR(Acknowledge({.seqno = wire::kHeartbeatSeqno}));
      } else {
        RETURN_IF_ERROR(Store(packet));
      }
      if (packet.header.last_packet_in_block) return absl::OkStatus();
      if (plan_.after_packet) RETURN_IF_ERROR(plan_.after_packet());
    }
  }

 private:
  bool MirrorWorks() const {
    return plan_.mirror != nullptr && !mirror_failed_ &&
           (plan_.responder == nullptr || !plan_.responder->mirror_failed());
  }

  void Forward(std::string_view packet) {
    if (!MirrorWorks()) return;
    const absl::Status status = plan_.mirror->Write(packet);
    if (status.ok()) return;
    mirror_failed_ = true;
    if (plan_.responder != nullptr) plan_.responder->MirrorFailed();
    spdlog::warn("{}: cannot forward to {}: {}", writer_.block().ToString(), plan_.mirror->peer(),
                 status.ToString());
  }

  absl::Status Acknowledge(const ReceivedPacket& packet) {
    return plan_.responder == nullptr ? absl::OkStatus() : plan_.responder->Add(packet);
  }

  absl::Status Store(const wire::PacketView& packet) {
    const wire::PacketHeader& header = packet.header;
    ReceivedPacket received{.seqno = header.seqno,
                            .end_offset = header.offset_in_block + header.data_bytes,
                            .last = header.last_packet_in_block,
                            .sync = header.sync_block};
    if (!packet.data.empty()) {
      const absl::Status status =
          writer_.Write(header.offset_in_block, packet.data, packet.checksums,
                        plan_.always_verify || !MirrorWorks());
      if (Is(status, ErrorKind::kChecksum)) {
        received.status = wire::OpStatus::kErrorChecksum;
        received.last = false;
        TellChecksumError(received);
      }
      RETURN_IF_ERROR(status);
    }
    if (header.sync_block && !header.last_packet_in_block) RETURN_IF_ERROR(writer_.Sync());
    RETURN_IF_ERROR(Acknowledge(received));
    if (plan_.throttler != nullptr) plan_.throttler->Acquire(header.data_bytes);
    return absl::OkStatus();
  }

  // The acknowledgement must reach a sender that is still sending, before the connection ends.
  void TellChecksumError(const ReceivedPacket& packet) {
    if (plan_.responder == nullptr) return;
    if (!plan_.responder->Add(packet).ok()) return;
    if (plan_.responder->Finish(kChecksumReplyMs).ok()) from_.DrainForClose(kChecksumReplyMs);
  }

  FrameSocket& from_;
  ReplicaWriter& writer_;
  const ReceivePlan& plan_;
  bool mirror_failed_ = false;
};

}  // namespace

absl::Status ReceivePackets(FrameSocket& from, ReplicaWriter& writer, const ReceivePlan& plan) {
  return Receiver(from, writer, plan).Run();
}

}  // namespace cairn::datanode
