// Packetization: sizes, boundaries, flushes in the middle of a chunk.
#include "client/write/packet_builder.h"

#include <gtest/gtest.h>

#include <vector>

namespace cairn::client {
namespace {

constexpr int64_t kBlockSize = 1 << 20;

std::vector<OutPacketPtr> AddAll(PacketBuilder& builder, std::string_view data) {
  std::vector<OutPacketPtr> packets;
  while (!data.empty() && !builder.block_full()) {
    if (OutPacketPtr packet = builder.Add(data)) packets.push_back(std::move(packet));
  }
  return packets;
}

TEST(PacketBuilder, DefaultPacketsHold126Chunks) {
  PacketBuilder builder({}, 65536, kBlockSize);
  const std::string data(64512 * 2 + 10, 'x');
  const auto packets = AddAll(builder, data);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[0]->data.size(), 64512u);
  EXPECT_EQ(packets[0]->checksums.size(), 126u * 4);
  EXPECT_EQ(packets[0]->header.seqno, 0);
  EXPECT_EQ(packets[1]->header.offset_in_block, 64512);
  const OutPacketPtr rest = builder.Flush(false);
  ASSERT_NE(rest, nullptr);
  EXPECT_EQ(rest->header.offset_in_block, 129024);
  EXPECT_EQ(rest->data.size(), 10u);
  EXPECT_EQ(rest->header.seqno, 2);
}

TEST(PacketBuilder, ABlockEndsAtItsSize) {
  PacketBuilder builder({}, 4096, 8192);
  std::string data(10000, 'y');
  const auto packets = AddAll(builder, data);
  EXPECT_TRUE(builder.block_full());
  EXPECT_EQ(packets.back()->end_offset(), 8192);
  const OutPacketPtr end = builder.EndBlock(/*sync=*/false);
  EXPECT_TRUE(end->header.last_packet_in_block);
  EXPECT_EQ(end->header.offset_in_block, 8192);
  EXPECT_EQ(end->header.data_bytes, 0);
  EXPECT_EQ(builder.block_offset(), 0);
}

TEST(PacketBuilder, AFlushWithinAChunkSendsTheChunkAgainLater) {
  PacketBuilder builder({}, 65536, kBlockSize);
  AddAll(builder, std::string(700, 'a'));
  const OutPacketPtr first = builder.Flush(false);
  EXPECT_EQ(first->data.size(), 700u);
  EXPECT_EQ(builder.Flush(false), nullptr) << "nothing new";
  AddAll(builder, std::string(100, 'b'));
  const OutPacketPtr second = builder.Flush(false);
  EXPECT_EQ(second->header.offset_in_block, 512);
  EXPECT_EQ(second->data, std::string(188, 'a') + std::string(100, 'b'));
  EXPECT_EQ(second->checksums, DataChecksum().Compute(second->data));
  EXPECT_EQ(builder.block_offset(), 800);
}

TEST(PacketBuilder, ASyncAlwaysSendsAPacketOnceThereAreBytes) {
  PacketBuilder builder({}, 65536, kBlockSize);
  EXPECT_EQ(builder.Flush(true), nullptr);
  AddAll(builder, std::string(1024, 'a'));
  EXPECT_FALSE(builder.Flush(false)->header.sync_block);
  const OutPacketPtr sync = builder.Flush(true);
  ASSERT_NE(sync, nullptr);
  EXPECT_TRUE(sync->header.sync_block);
  EXPECT_EQ(sync->header.offset_in_block, 1024);
  EXPECT_TRUE(sync->data.empty());
}

TEST(PacketBuilder, AppendWithinAChunkFirstFillsTheChunk) {
  PacketBuilder builder({}, 65536, kBlockSize);
  builder.StartBlock(700);
  const auto packets = AddAll(builder, std::string(1000, 'c'));
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(packets[0]->header.offset_in_block, 700);
  EXPECT_EQ(packets[0]->end_offset(), 1024);
  EXPECT_EQ(packets[0]->checksums.size(), 4u);
  EXPECT_EQ(builder.Flush(false)->header.offset_in_block, 1024);
}

TEST(PacketBuilder, AFlushWithinTheFirstChunkOfAnAppendRepeatsOnlyNewBytes) {
  PacketBuilder builder({}, 65536, kBlockSize);
  builder.StartBlock(700);
  AddAll(builder, "12345");
  EXPECT_EQ(builder.Flush(false)->header.offset_in_block, 700);
  AddAll(builder, "678");
  const OutPacketPtr again = builder.Flush(false);
  EXPECT_EQ(again->header.offset_in_block, 700);
  EXPECT_EQ(again->data, "12345678");
}

}  // namespace
}  // namespace cairn::client
