// Packetization of written bytes.
#include "client/write/packet_builder.h"

#include <algorithm>
#include <utility>

namespace cairn::client {

PacketBuilder::PacketBuilder(const DataChecksum& checksum, int32_t packet_bytes, int64_t block_size)
    : checksum_(checksum),
      max_data_bytes_(wire::MaxPacketDataBytes(packet_bytes, checksum)),
      block_size_(block_size) {}

void PacketBuilder::StartBlock(int64_t length) {
  offset_ = length;
  sent_to_ = length;
  data_.clear();
}

int64_t PacketBuilder::Capacity() const {
  const int64_t within_chunk = offset_ % checksum_.bytes_per_checksum;
  if (within_chunk != 0) return checksum_.bytes_per_checksum - within_chunk;
  return std::min<int64_t>(max_data_bytes_, block_size_ - offset_);
}

OutPacketPtr PacketBuilder::Add(std::string_view& data) {
  const int64_t capacity = Capacity();
  const size_t taken = std::min<size_t>(data.size(), static_cast<size_t>(capacity) - data_.size());
  if (data_.capacity() < static_cast<size_t>(capacity)) {
    data_.reserve(static_cast<size_t>(capacity));
  }
  data_.append(data.data(), taken);
  data.remove_prefix(taken);
  if (taken == 0 || static_cast<int64_t>(data_.size()) < capacity) return nullptr;
  return Seal(false);
}

OutPacketPtr PacketBuilder::Seal(bool sync) {
  auto packet = std::make_shared<OutPacket>();
  packet->header.offset_in_block = offset_;
  packet->header.seqno = next_seqno_++;
  packet->header.data_bytes = static_cast<int32_t>(data_.size());
  packet->header.sync_block = sync;
  checksum_.Compute(data_, packet->checksums);
  const int64_t end = block_offset();
  // An unfinished chunk is kept, to be sent again with what follows.
  const int64_t next_start = std::max(offset_, checksum_.RoundDown(end));
  std::string kept = data_.substr(static_cast<size_t>(next_start - offset_));
  packet->data = std::exchange(data_, std::move(kept));
  offset_ = next_start;
  sent_to_ = end;
  return packet;
}

OutPacketPtr PacketBuilder::Flush(bool sync) {
  const bool unsent = block_offset() > sent_to_;
  if (!unsent && !(sync && block_offset() > 0)) return nullptr;
  return Seal(sync);
}

OutPacketPtr PacketBuilder::EndBlock(bool sync) {
  auto packet = std::make_shared<OutPacket>();
  packet->header.offset_in_block = block_offset();
  packet->header.seqno = next_seqno_++;
  packet->header.last_packet_in_block = true;
  packet->header.sync_block = sync;
  StartBlock(0);
  return packet;
}

}  // namespace cairn::client
