// Encoding and decoding of packets. The header's encoding is written by hand (it is fixed-width and
// sent per packet); decoding accepts any protobuf encoding of it.
#include "wire/transfer/packet.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/coding.h"
#include "common/types/limits.h"
#include "proto/hadoop/datatransfer.pb.h"

namespace cairn::wire {

namespace {

absl::Status Malformed(std::string why) {
  return absl::InvalidArgumentError("malformed packet: " + why);
}

struct PacketLengths {
  size_t payload_bytes;  // checksums and data
  size_t header_bytes;
};

absl::StatusOr<PacketLengths> ReadLengths(std::string_view prefix) {
  const int32_t payload = GetBigEndian<int32_t>(prefix.data());
  const int16_t header = GetBigEndian<int16_t>(prefix.data() + 4);
  if (payload < 4 || header < 0) {
    return Malformed(fmt::format("payload length {} and header length {}", payload, header));
  }
  const size_t total = static_cast<size_t>(payload) + static_cast<size_t>(header);
  if (total > limits::kMaxPacketBytes) {
    return Malformed(
        fmt::format("{} bytes exceed the limit of {}", total, limits::kMaxPacketBytes));
  }
  return PacketLengths{static_cast<size_t>(payload) - 4, static_cast<size_t>(header)};
}

}  // namespace

absl::StatusOr<size_t> PacketSize(std::string_view received) {
  if (received.size() < kPacketPrefixBytes) return 0;
  const auto lengths = ReadLengths(received);
  if (!lengths.ok()) return lengths.status();
  return kPacketPrefixBytes + lengths->header_bytes + lengths->payload_bytes;
}

absl::StatusOr<PacketView> DecodePacket(std::string_view packet) {
  if (packet.size() < kPacketPrefixBytes) return Malformed("it is cut short");
  const auto lengths = ReadLengths(packet);
  if (!lengths.ok()) return lengths.status();
  packet.remove_prefix(kPacketPrefixBytes);
  if (packet.size() != lengths->header_bytes + lengths->payload_bytes) {
    return Malformed("its size does not match its lengths");
  }
  hadoop::hdfs::PacketHeaderProto proto;
  // Partial: protobuf itself would log every bad packet.
  if (!proto.ParsePartialFromArray(packet.data(), static_cast<int>(lengths->header_bytes)) ||
      !proto.IsInitialized()) {
    return Malformed("its header does not parse");
  }
  PacketView view;
  view.header.offset_in_block = proto.offsetinblock();
  view.header.seqno = proto.seqno();
  view.header.last_packet_in_block = proto.lastpacketinblock();
  view.header.data_bytes = proto.datalen();
  view.header.sync_block = proto.syncblock();
  if (proto.datalen() < 0 || static_cast<size_t>(proto.datalen()) > lengths->payload_bytes) {
    return Malformed(fmt::format("data length {} in a payload of {} bytes", proto.datalen(),
                                 lengths->payload_bytes));
  }
  if (proto.offsetinblock() < 0 || proto.offsetinblock() > INT64_MAX - proto.datalen()) {
    return Malformed(fmt::format("offset {}", proto.offsetinblock()));
  }
  if (view.header.is_heartbeat() && (lengths->payload_bytes != 0 || proto.lastpacketinblock())) {
    return Malformed("a heartbeat with content");
  }
  packet.remove_prefix(lengths->header_bytes);
  const size_t checksum_bytes = lengths->payload_bytes - static_cast<size_t>(proto.datalen());
  view.checksums = packet.substr(0, checksum_bytes);
  view.data = packet.substr(checksum_bytes);
  return view;
}

void EncodePacketHeader(const PacketHeader& header, size_t checksum_bytes, std::string& out) {
  // Field tags of PacketHeaderProto: number << 3 | wire type (1 fixed64, 0 varint, 5 fixed32).
  constexpr char kOffset = 0x09, kSeqno = 0x11, kLast = 0x18, kDataLen = 0x25, kSync = 0x28;
  PutBigEndian<int32_t>(out, static_cast<int32_t>(4 + checksum_bytes + header.data_bytes));
  PutBigEndian<int16_t>(out, header.sync_block ? 27 : 25);
  out.push_back(kOffset);
  PutLittleEndian<int64_t>(out, header.offset_in_block);
  out.push_back(kSeqno);
  PutLittleEndian<int64_t>(out, header.seqno);
  out.push_back(kLast);
  out.push_back(header.last_packet_in_block ? 1 : 0);
  out.push_back(kDataLen);
  PutLittleEndian<int32_t>(out, header.data_bytes);
  if (header.sync_block) {
    out.push_back(kSync);
    out.push_back(1);
  }
}

std::string EncodePacket(const PacketHeader& header, std::string_view checksums,
                         std::string_view data) {
  std::string out;
  out.reserve(kMaxEncodedPacketHeaderBytes + checksums.size() + data.size());
  EncodePacketHeader(header, checksums.size(), out);
  out.append(checksums);
  out.append(data);
  return out;
}

int32_t MaxPacketDataBytes(int32_t packet_bytes, const DataChecksum& checksum) {
  const int64_t body = packet_bytes - static_cast<int64_t>(kMaxEncodedPacketHeaderBytes);
  const int64_t chunk = checksum.bytes_per_checksum;
  const int64_t chunks = body / (chunk + static_cast<int64_t>(checksum.checksum_size()));
  return static_cast<int32_t>(std::max<int64_t>(chunks, 1) * chunk);
}

}  // namespace cairn::wire
