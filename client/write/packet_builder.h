// Cuts the bytes of a file into the packets of its blocks. No I/O, no threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/data_checksum.h"
#include "wire/transfer/packet.h"

namespace cairn::client {

// A packet and where it belongs.
struct OutPacket {
  wire::PacketHeader header;
  std::string data;
  std::string checksums;

  // Offset in the block behind its last byte.
  int64_t end_offset() const { return header.offset_in_block + static_cast<int64_t>(data.size()); }
};

// Shared between the send queue and the sending thread: a DataNode that acknowledges too early
// must not free what is being sent.
using OutPacketPtr = std::shared_ptr<const OutPacket>;

// Thread-compatible. The rules of the DataNode that shape the packets: a packet that starts within
// a checksum chunk must not pass that chunk's end; bytes sent before may be sent again. So after a
// flush in the middle of a chunk the next packet repeats the chunk from its start, which lets
// DataNodes take the checksum as it comes. Sequence numbers rise over the whole file.
class PacketBuilder {
 public:
  // `block_size` is a multiple of checksum.bytes_per_checksum.
  PacketBuilder(const DataChecksum& checksum, int32_t packet_bytes, int64_t block_size);

  // The block to be written next holds `length` bytes already (append); 0 for a new one.
  void StartBlock(int64_t length);
  // Takes bytes from the front of `data`, not beyond the block's end. Returns a packet when one is
  // full, else null (then `data` is empty, or the block is full).
  OutPacketPtr Add(std::string_view& data);
  // What was taken since the last packet, or null when there is nothing to send. With `sync` the
  // packet asks for durability, and there is always one once the block has bytes.
  OutPacketPtr Flush(bool sync);
  // The packet that ends the block. Call Flush first. With `sync` the whole block is durable before
  // it is acknowledged.
  OutPacketPtr EndBlock(bool sync);

  // Bytes of the current block taken so far.
  int64_t block_offset() const { return offset_ + static_cast<int64_t>(data_.size()); }
  bool block_full() const { return block_offset() == block_size_; }
  // The sequence number of the last packet made; -1 before the first.
  int64_t last_seqno() const { return next_seqno_ - 1; }

 private:
  int64_t Capacity() const;
  OutPacketPtr Seal(bool sync);

  const DataChecksum checksum_;
  const int32_t max_data_bytes_;
  const int64_t block_size_;
  int64_t next_seqno_ = 0;
  int64_t offset_ = 0;   // of the packet being filled
  std::string data_;     // its bytes
  int64_t sent_to_ = 0;  // offset behind the last byte of packets made so far
};

}  // namespace cairn::client
