// Packets of DataTransferProtocol: PLEN int32, HLEN int16, PacketHeaderProto, checksums, data.
// Source of the format: DataTransferProtocol v28 of Hadoop 3.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data_checksum.h"

namespace cairn::wire {

// Sequence number of a heartbeat packet and of its acknowledgement.
inline constexpr int64_t kHeartbeatSeqno = -1;
// Sequence number of an out-of-band acknowledgement.
inline constexpr int64_t kOutOfBandSeqno = -2;
// Bytes of a default write packet in all (dfs.client-write-packet-size).
inline constexpr int32_t kDefaultWritePacketBytes = 65536;
// PLEN and HLEN.
inline constexpr size_t kPacketPrefixBytes = 6;
// The longest header this side encodes: prefix, header and syncBlock.
inline constexpr size_t kMaxEncodedPacketHeaderBytes = kPacketPrefixBytes + 27;

// What a packet says about itself.
struct PacketHeader {
  int64_t offset_in_block = 0;  // of the first data byte
  int64_t seqno = 0;
  bool last_packet_in_block = false;
  int32_t data_bytes = 0;
  bool sync_block = false;  // the data must be durable before it is acknowledged

  friend bool operator==(const PacketHeader&, const PacketHeader&) = default;
  bool is_heartbeat() const { return seqno == kHeartbeatSeqno; }
};

// A complete packet in somebody else's buffer.
struct PacketView {
  PacketHeader header;
  std::string_view checksums;  // empty when none were sent
  std::string_view data;
};

// Bytes of the packet at the front of `received`, 0 while fewer than its 6 length bytes are there.
// The answer may exceed received.size(). kInvalidArgument: impossible lengths, or more than
// limits::kMaxPacketBytes.
absl::StatusOr<size_t> PacketSize(std::string_view received);

// Decodes one complete packet, exactly as sized by PacketSize. kInvalidArgument: a malformed
// header; a data length that is negative or larger than the packet; data in a heartbeat.
absl::StatusOr<PacketView> DecodePacket(std::string_view packet);

// Appends prefix and header; the caller then sends `checksum_bytes` bytes of checksums and
// header.data_bytes bytes of data.
void EncodePacketHeader(const PacketHeader& header, size_t checksum_bytes, std::string& out);
// A whole packet.
std::string EncodePacket(const PacketHeader& header, std::string_view checksums,
                         std::string_view data);

// The most data bytes of a packet of `packet_bytes` in all: whole chunks with their checksums (126
// chunks, 64512 bytes for 65536 and CRC32C/512), at least one chunk.
int32_t MaxPacketDataBytes(int32_t packet_bytes, const DataChecksum& checksum);

}  // namespace cairn::wire
