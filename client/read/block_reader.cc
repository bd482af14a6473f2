// The client's side of READ_BLOCK.
#include "client/read/block_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/status_macros.h"

namespace cairn::client {

BlockReader::BlockReader(std::unique_ptr<DatanodeConnection> connection, const ExtendedBlock& block,
                         bool being_written, int64_t offset, int64_t length)
    : connection_(std::move(connection)),
      block_(block),
      being_written_(being_written),
      position_(offset),
      end_(offset + length) {}

absl::StatusOr<std::unique_ptr<BlockReader>> BlockReader::Open(
    std::unique_ptr<DatanodeConnection> connection, const ExtendedBlock& block, bool being_written,
    int64_t offset, int64_t length, const std::string& client_name) {
  auto reader = std::unique_ptr<BlockReader>(
      new BlockReader(std::move(connection), block, being_written, offset, length));
  RETURN_IF_ERROR(reader->Start(client_name));
  return reader;
}

absl::Status BlockReader::Fail(std::string_view what) const {
  return absl::UnavailableError(fmt::format("{} on DataNode {}: {}", block_.ToString(),
                                            connection_->node().XferAddress(), what));
}

absl::Status BlockReader::Start(const std::string& client_name) {
  wire::ReadBlockOp op;
  op.block = block_;
  op.client_name = client_name;
  op.offset = position_;
  op.length = end_ - position_;
  RETURN_IF_ERROR(connection_->SendOp(op));
  ASSIGN_OR_RETURN(const wire::OpResponse response, connection_->ReceiveResponse());
  if (response.status != wire::OpStatus::kSuccess) {
    return Fail(fmt::format("{}: {}", wire::OpStatusName(response.status), response.message));
  }
  if (!response.read_info) return Fail("the reply lacks checksum information");
  checksum_ = response.read_info->checksum;
  next_packet_offset_ = response.read_info->chunk_offset;
  if (checksum_.type == ChecksumType::kNull) {
    return Fail("the replica has no checksums; refusing to read unverified data");
  }
  if (next_packet_offset_ < 0 || next_packet_offset_ > position_ ||
      next_packet_offset_ % checksum_.bytes_per_checksum != 0 ||
      position_ - next_packet_offset_ >= checksum_.bytes_per_checksum) {
    return Fail(
        fmt::format("asked for offset {}, answered from {}", position_, next_packet_offset_));
  }
  return absl::OkStatus();
}

absl::Status BlockReader::CheckPlace(const wire::PacketView& packet) const {
  const wire::PacketHeader& header = packet.header;
  if (header.seqno != next_seqno_ || header.offset_in_block != next_packet_offset_) {
    return Fail(fmt::format("packet {} at {} where packet {} at {} was due", header.seqno,
                            header.offset_in_block, next_seqno_, next_packet_offset_));
  }
  if (header.last_packet_in_block || packet.data.empty()) {
    return Fail(fmt::format("the data ends at {}, before {}", next_packet_offset_, end_));
  }
  if (next_packet_offset_ % checksum_.bytes_per_checksum != 0) {
    return Fail(fmt::format("packet at {}, within a checksum chunk", next_packet_offset_));
  }
  return absl::OkStatus();
}

absl::Status BlockReader::ReceiveNext() {
  ASSIGN_OR_RETURN(const wire::PacketView packet, connection_->ReceivePacket());
  RETURN_IF_ERROR(CheckPlace(packet));
  const int64_t start = next_packet_offset_;
  if (static_cast<int64_t>(packet.checksums.size()) !=
      checksum_.ChecksumBytes(static_cast<int64_t>(packet.data.size()))) {
    return Fail(fmt::format("{} checksum bytes for {} data bytes", packet.checksums.size(),
                            packet.data.size()));
  }
  const absl::Status verified =
      checksum_.Verify(packet.data, packet.checksums, start, block_.ToString());
  if (!verified.ok() && being_written_) return Fail(std::string(verified.message()));
  if (!verified.ok()) {
    // Tells the DataNode before the connection is dropped; the outcome does not matter.
    connection_->SendReadStatus(wire::OpStatus::kErrorChecksum).IgnoreError();
    return absl::DataLossError(fmt::format("Checksum error on DataNode {}: {}",
                                           connection_->node().XferAddress(),
                                           std::string(verified.message())));
  }
  ++next_seqno_;
  next_packet_offset_ += static_cast<int64_t>(packet.data.size());
  std::string_view data = packet.data;
  data.remove_prefix(std::min<size_t>(data.size(), std::max<int64_t>(0, position_ - start)));
  pending_ = data.substr(0, end_ - position_);
  return absl::OkStatus();
}

absl::StatusOr<size_t> BlockReader::Read(char* out, size_t n) {
  if (n == 0 || position_ == end_) return 0;
  while (pending_.empty()) RETURN_IF_ERROR(ReceiveNext());
  const size_t taken = std::min(n, pending_.size());
  std::memcpy(out, pending_.data(), taken);
  pending_.remove_prefix(taken);
  position_ += static_cast<int64_t>(taken);
  return taken;
}

absl::Status BlockReader::ReadFull(char* out, size_t n) {
  for (size_t done = 0; done < n;) {
    ASSIGN_OR_RETURN(const size_t got, Read(out + done, n - done));
    if (got == 0) return Fail("read past the range");
    done += got;
  }
  return absl::OkStatus();
}

absl::Status BlockReader::Skip(int64_t n) {
  while (n > 0) {
    if (position_ == end_) return Fail("skipped past the range");
    while (pending_.empty()) RETURN_IF_ERROR(ReceiveNext());
    const size_t passed = std::min<size_t>(static_cast<size_t>(n), pending_.size());
    pending_.remove_prefix(passed);
    position_ += static_cast<int64_t>(passed);
    n -= static_cast<int64_t>(passed);
  }
  return absl::OkStatus();
}

std::unique_ptr<DatanodeConnection> BlockReader::Finish() {
  if (position_ != end_) return nullptr;
  const absl::StatusOr<wire::PacketView> packet = connection_->ReceivePacket();
  if (!packet.ok() || !packet->header.last_packet_in_block || !packet->data.empty()) {
    return nullptr;
  }
  if (!connection_->SendReadStatus(wire::OpStatus::kChecksumOk).ok()) return nullptr;
  return std::move(connection_);
}

}  // namespace cairn::client
