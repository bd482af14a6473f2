// Packets out of a replica.
#include "datanode/transfer/packet_sender.h"

#include <algorithm>
#include <array>

#include "common/status_macros.h"
#include "wire/transfer/packet.h"

namespace cairn::datanode {

namespace {

// Data bytes of a packet, as HDFS sends them with zero-copy.
constexpr int64_t kPacketDataBytes = 64 << 10;

class PacketSender {
 public:
  PacketSender(FrameSocket& to, const ReplicaReader& reader, const SendPlan& plan)
      : to_(to), reader_(reader), plan_(plan), checksum_(reader.checksum()) {}

  absl::Status Run() {
    const int64_t step = std::max<int64_t>(1, kPacketDataBytes / checksum_.bytes_per_checksum) *
                         checksum_.bytes_per_checksum;
    for (int64_t at = plan_.begin; at < plan_.end; at += step) {
      const int64_t n = std::min(step, plan_.end - at);
      RETURN_IF_ERROR(plan_.verify ? SendVerified(at, n) : SendZeroCopy(at, n));
      if (plan_.throttler != nullptr) plan_.throttler->Acquire(n);
    }
    return to_.Write(wire::EncodePacket(
        {.offset_in_block = plan_.end, .seqno = seqno_, .last_packet_in_block = true}, "", ""));
  }

 private:
  // Header and checksums of the packet with [at, at + n) into prefix_.
  void MakePrefix(int64_t at, int64_t n, std::string_view checksums) {
    prefix_.clear();
    wire::EncodePacketHeader(
        {.offset_in_block = at, .seqno = seqno_++, .data_bytes = static_cast<int32_t>(n)},
        checksums.size(), prefix_);
    prefix_.append(checksums);
  }

  absl::Status SendZeroCopy(int64_t at, int64_t n) {
    checksums_.clear();
    if (plan_.send_checksums) RETURN_IF_ERROR(reader_.ReadChecksums(at, n, checksums_));
    MakePrefix(at, n, checksums_);
    RETURN_IF_ERROR(to_.WriteMore(prefix_));
    return to_.socket().SendFile(reader_.data_fd(), at, n);
  }

  absl::Status SendVerified(int64_t at, int64_t n) {
    // Whole chunks are read, also where the range ends within one.
    const int64_t whole = std::min(checksum_.RoundUp(at + n), reader_.block().num_bytes) - at;
    if (data_.size() < static_cast<size_t>(whole)) data_.resize(static_cast<size_t>(whole));
    RETURN_IF_ERROR(reader_.ReadVerified(at, static_cast<size_t>(whole), data_.data()));
    const std::string_view data(data_.data(), static_cast<size_t>(n));
    checksums_.clear();
    if (plan_.send_checksums) checksum_.Compute(data, checksums_);
    MakePrefix(at, n, checksums_);
    const std::array<iovec, 2> parts = {
        iovec{prefix_.data(), prefix_.size()},
        iovec{const_cast<char*>(data.data()), data.size()},
    };
    return to_.socket().WriteV(parts);
  }

  FrameSocket& to_;
  const ReplicaReader& reader_;
  const SendPlan plan_;
  const DataChecksum checksum_;
  int64_t seqno_ = 0;
  std::string prefix_;
  std::string checksums_;
  std::string data_;
};

}  // namespace

absl::Status SendPackets(FrameSocket& to, const ReplicaReader& reader, const SendPlan& plan) {
  return PacketSender(to, reader, plan).Run();
}

}  // namespace cairn::datanode
