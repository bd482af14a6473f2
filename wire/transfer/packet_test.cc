// Golden bytes, round trips and refusals of packets. Golden bytes: produced by Hadoop 3.4.3.
#include "wire/transfer/packet.h"

#include <gtest/gtest.h>

#include "common/coding.h"
#include "common/types/limits.h"
#include "wire/transfer/testing/hex.h"

namespace cairn::wire {
namespace {

constexpr char kFirst[] = "0000000d 0019 09 0000000000000000 11 0000000000000000 18 00 25 05000000";
constexpr char kLastSync[] =
    "00000004 001b 09 0500000000000000 11 0100000000000000 18 01 25 00000000 28 01";

TEST(Packet, EncodesHadoopsBytes) {
  std::string out;
  EncodePacketHeader({.data_bytes = 5}, 4, out);
  EXPECT_EQ(ToHex(out), ToHex(FromHex(kFirst)));
  out.clear();
  EncodePacketHeader(
      {.offset_in_block = 5, .seqno = 1, .last_packet_in_block = true, .sync_block = true}, 0, out);
  EXPECT_EQ(ToHex(out), ToHex(FromHex(kLastSync)));
}

TEST(Packet, DecodesHadoopsBytes) {
  const std::string bytes = FromHex(kFirst) + "crc!hello";
  EXPECT_EQ(*PacketSize(bytes), bytes.size());
  const auto packet = DecodePacket(bytes);
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->header, (PacketHeader{.data_bytes = 5}));
  EXPECT_EQ(packet->checksums, "crc!");
  EXPECT_EQ(packet->data, "hello");
  const auto last = DecodePacket(FromHex(kLastSync));
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(last->header.last_packet_in_block);
  EXPECT_TRUE(last->header.sync_block);
  EXPECT_EQ(last->header.offset_in_block, 5);
}

TEST(Packet, SizeWaitsForTheLengths) {
  EXPECT_EQ(*PacketSize(""), 0u);
  EXPECT_EQ(*PacketSize(FromHex(kFirst).substr(0, 5)), 0u);
  EXPECT_EQ(*PacketSize(FromHex(kFirst).substr(0, 6)), 6u + 25 + 9);
}

TEST(Packet, RoundTrips) {
  const PacketHeader header{.offset_in_block = (int64_t{1} << 40) + 7,
                            .seqno = 1234567,
                            .data_bytes = 3,
                            .sync_block = true};
  const auto packet = DecodePacket(EncodePacket(header, "abcd", "xyz"));
  ASSERT_TRUE(packet.ok());
  EXPECT_EQ(packet->header, header);
}

TEST(Packet, RefusesImpossibleLengths) {
  EXPECT_FALSE(PacketSize(FromHex("00000003 0019")).ok());
  EXPECT_FALSE(PacketSize(FromHex("ffffffff 0019")).ok());
  EXPECT_FALSE(PacketSize(FromHex("00000004 ffff")).ok());
  EXPECT_FALSE(PacketSize(FromHex("01000001 0019")).ok());
  std::string most;
  PutBigEndian<int32_t>(most, static_cast<int32_t>(limits::kMaxPacketBytes) - 25);
  EXPECT_TRUE(PacketSize(most + FromHex("0019")).ok());
}

TEST(Packet, RefusesADataLengthThatDoesNotFit) {
  std::string bytes = FromHex(kFirst) + "crc!hello";
  bytes[27] = 10;  // 9 bytes of payload
  EXPECT_FALSE(DecodePacket(bytes).ok());
  bytes[30] = static_cast<char>(0x80);  // negative
  EXPECT_FALSE(DecodePacket(bytes).ok());
}

TEST(Packet, RefusesTruncationAtEveryByte) {
  const std::string bytes = FromHex(kFirst) + "crc!hello";
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DecodePacket(bytes.substr(0, n)).ok());
}

TEST(Packet, RefusesHeartbeatsWithContent) {
  EXPECT_TRUE(DecodePacket(EncodePacket({.seqno = kHeartbeatSeqno}, "", "")).ok());
  EXPECT_FALSE(
      DecodePacket(EncodePacket({.seqno = kHeartbeatSeqno, .data_bytes = 1}, "", "x")).ok());
}

TEST(Packet, DefaultWritePacketHolds126Chunks) {
  EXPECT_EQ(MaxPacketDataBytes(kDefaultWritePacketBytes, {ChecksumType::kCrc32c, 512}), 64512);
  EXPECT_EQ(MaxPacketDataBytes(100, {ChecksumType::kCrc32c, 512}), 512);
}

}  // namespace
}  // namespace cairn::wire
