// Golden bytes, round trips and refusals of operation headers. Golden bytes: from Hadoop 3.4.3.
#include "wire/transfer/op.h"

#include <gtest/gtest.h>

#include "wire/transfer/testing/hex.h"

namespace cairn::wire {
namespace {

constexpr char kRead[] =
    "001c512c 0a220a1d0a110a0442502d3110818080800418e907200a12080a0012001a002200120163 1000 180a "
    "2001 2a00";
constexpr char kChecksum[] =
    "001c5525 0a1d0a110a0442502d3110818080800418e907200a12080a0012001a002200 1204 0801 1000";
constexpr char kWrite[] =
    "001c5046 0a220a1d0a110a0442502d3110818080800418e907200a12080a0012001a002200120163 2006 2801 "
    "3000 3800 4000 4a05 0802108004 5200 5801 6800 7000 7800 8201 04 44532d31";

ExtendedBlock GoldenBlock() {
  return {.pool_id = "BP-1",
          .block = {.id = 1073741825, .generation_stamp = 1001, .num_bytes = 10}};
}

DatanodeInfo Node(int n) {
  DatanodeInfo node;
  node.id = {.uuid = "uuid-" + std::to_string(n),
             .ip_addr = "10.0.0." + std::to_string(n),
             .host_name = "host" + std::to_string(n),
             .xfer_port = 9866,
             .ipc_port = 9867,
             .info_port = 9864};
  node.network_location = "/rack";
  return node;
}

WriteBlockOp FullWrite() {
  WriteBlockOp op;
  op.block = GoldenBlock();
  op.token = {"id", "password", "HDFS_BLOCK_TOKEN", "service"};
  op.client_name = "client";
  op.targets = {Node(1), Node(2)};
  op.source = Node(3);
  op.stage = WriteStage::kSetupStreamingRecovery;
  op.pipeline_size = 3;
  op.min_bytes_received = 5;
  op.max_bytes_received = 7;
  op.latest_generation_stamp = 1002;
  op.requested_checksum = {ChecksumType::kCrc32, 4096};
  op.caching = {.drop_behind = true, .readahead_bytes = 1 << 20};
  op.storage_type = StorageType::kSsd;
  op.storage_id = "DS-0";
  op.target_storage_types = {StorageType::kSsd, StorageType::kDisk};
  op.target_storage_ids = {"DS-1", "DS-2"};
  op.allow_lazy_persist = true;
  op.pinning = true;
  op.target_pinnings = {true, false};
  return op;
}

TEST(Op, ReadIsHadoopsBytes) {
  const ReadBlockOp op{.block = GoldenBlock(), .client_name = "c", .offset = 0, .length = 10};
  EXPECT_EQ(ToHex(EncodeOp(op)), ToHex(FromHex(kRead)));
  const auto decoded = DecodeOp(FromHex(kRead));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const auto& read = std::get<ReadBlockOp>(*decoded);
  EXPECT_EQ(read.block, GoldenBlock());
  EXPECT_EQ(read.client_name, "c");
  EXPECT_EQ(read.length, 10);
  EXPECT_TRUE(read.send_checksums);
}

TEST(Op, ChecksumIsHadoopsBytes) {
  EXPECT_EQ(ToHex(EncodeOp(BlockChecksumOp{.block = GoldenBlock()})), ToHex(FromHex(kChecksum)));
  const auto decoded = DecodeOp(FromHex(kChecksum));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(std::get<BlockChecksumOp>(*decoded).options, BlockChecksumOptions{});
}

TEST(Op, WriteIsHadoopsBytes) {
  WriteBlockOp op;
  op.block = GoldenBlock();
  op.client_name = "c";
  op.pipeline_size = 1;
  op.storage_id = "DS-1";
  op.target_pinnings = {false};
  EXPECT_EQ(ToHex(EncodeOp(op)), ToHex(FromHex(kWrite)));
  const auto decoded = DecodeOp(FromHex(kWrite));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(std::get<WriteBlockOp>(*decoded).stage, WriteStage::kSetupCreate);
  EXPECT_EQ(std::get<WriteBlockOp>(*decoded).storage_id, "DS-1");
}

TEST(Op, WriteRoundTripsWithEveryField) {
  const auto decoded = DecodeOp(EncodeOp(FullWrite()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const auto& op = std::get<WriteBlockOp>(*decoded);
  EXPECT_EQ(op.token, FullWrite().token);
  ASSERT_EQ(op.targets.size(), 2u);
  EXPECT_EQ(op.targets[1].id.XferAddress(), "10.0.0.2:9866");
  EXPECT_EQ(op.targets[1].network_location, "/rack");
  EXPECT_EQ(op.source->id.uuid, "uuid-3");
  EXPECT_EQ(op.stage, WriteStage::kSetupStreamingRecovery);
  EXPECT_EQ(op.max_bytes_received, 7);
  EXPECT_EQ(op.latest_generation_stamp, 1002);
  EXPECT_EQ(op.requested_checksum, (DataChecksum{ChecksumType::kCrc32, 4096}));
  EXPECT_EQ(op.caching.drop_behind, true);
  EXPECT_EQ(op.target_storage_types.front(), StorageType::kSsd);
  EXPECT_EQ(op.target_storage_ids.back(), "DS-2");
  EXPECT_TRUE(op.allow_lazy_persist && op.pinning && op.target_pinnings[0]);
  EXPECT_EQ(EncodeOp(op), EncodeOp(FullWrite()));
}

TEST(Op, TheOthersRoundTrip) {
  const Op ops[] = {
      TransferBlockOp{.block = GoldenBlock(), .client_name = "c", .targets = {Node(1)}},
      ReplaceBlockOp{.block = GoldenBlock(), .delete_hint = "uuid-9", .source = Node(2)},
      CopyBlockOp{.block = GoldenBlock()},
      BlockChecksumOp{.block = GoldenBlock(),
                      .options = {BlockChecksumType::kCompositeCrc, 1 << 20}}};
  for (const Op& op : ops) {
    const std::string bytes = EncodeOp(op);
    EXPECT_EQ(*OpSize(bytes), bytes.size());
    const auto decoded = DecodeOp(bytes);
    ASSERT_TRUE(decoded.ok()) << OpName(op) << decoded.status();
    EXPECT_EQ(decoded->index(), op.index());
    EXPECT_EQ(EncodeOp(*decoded), bytes);
  }
}

TEST(Op, ShortCircuitRequestsAreHadoopsBytesAndRoundTrip) {
  EXPECT_EQ(ToHex(EncodeOp(RequestShmOp{"c"})), "001c59030a0163");
  const ShmSlot slot{.shm = {.hi = -1, .lo = 7}, .index = 127};
  const auto request = DecodeOp(EncodeOp(RequestFdsOp{.block = GoldenBlock(),
                                                      .token = {},
                                                      .max_version = 1,
                                                      .slot = slot,
                                                      .supports_receipt_verification = true}));
  ASSERT_TRUE(request.ok()) << request.status();
  const auto& fds = std::get<RequestFdsOp>(*request);
  EXPECT_EQ(fds.block.block.id, GoldenBlock().block.id);
  EXPECT_EQ(fds.max_version, 1u);
  EXPECT_EQ(fds.slot, slot);
  EXPECT_TRUE(fds.supports_receipt_verification);
  const auto release = DecodeOp(EncodeOp(ReleaseFdsOp{slot}));
  ASSERT_TRUE(release.ok()) << release.status();
  EXPECT_EQ(std::get<ReleaseFdsOp>(*release).slot, slot);
}

TEST(Op, SizeIsKnownAsSoonAsTheLengthIs) {
  const std::string bytes = FromHex(kRead);
  for (size_t n = 0; n < 4; ++n) EXPECT_EQ(*OpSize(bytes.substr(0, n)), 0u);
  EXPECT_EQ(*OpSize(bytes.substr(0, 4)), bytes.size());
}

TEST(Op, RefusesAnotherVersionAndUnknownOperations) {
  EXPECT_TRUE(absl::IsInvalidArgument(OpSize(FromHex("001b51")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpSize("GET / HTTP/1.1").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpSize(FromHex("001c01")).status()));
  EXPECT_TRUE(absl::IsUnimplemented(OpSize(FromHex("001c5a030a0163")).status()));  // groups
}

TEST(Op, RefusesAnOversizedHeaderBeforeReadingIt) {
  EXPECT_TRUE(absl::IsInvalidArgument(OpSize(FromHex("001c51ffffff7f")).status()));
}

TEST(Op, RefusesTruncationAtEveryByte) {
  const std::string bytes = EncodeOp(FullWrite());
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DecodeOp(bytes.substr(0, n)).ok());
}

TEST(Op, RefusesWhatTheLimitsForbid) {
  WriteBlockOp op = FullWrite();
  op.requested_checksum.bytes_per_checksum = 0;
  EXPECT_FALSE(DecodeOp(EncodeOp(op)).ok());
  op = FullWrite();
  op.min_bytes_received = -1;
  EXPECT_FALSE(DecodeOp(EncodeOp(op)).ok());
  op = FullWrite();
  op.targets.assign(513, Node(1));
  EXPECT_FALSE(DecodeOp(EncodeOp(op)).ok());
  op = FullWrite();
  op.targets[0].id.xfer_port = 70000;
  EXPECT_FALSE(DecodeOp(EncodeOp(op)).ok());
}

}  // namespace
}  // namespace cairn::wire
