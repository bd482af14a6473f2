// Tests of copies between DataNodes: TRANSFER_BLOCK, ordered copies, moves, block checksums.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "common/coding.h"
#include "common/crc32c.h"
#include "datanode/transfer/testing/test_blocks.h"

namespace cairn::datanode {
namespace {

using wire::OpStatus;

constexpr BlockId kId = 1073741825;

std::string Md5(std::string_view bytes) {
  std::string digest(16, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
             EVP_md5(), nullptr);
  return digest;
}

std::string BigEndian(uint32_t value) {
  std::string out;
  PutBigEndian<uint32_t>(out, value);
  return out;
}

class CopyTest : public ::testing::Test {
 protected:
  template <typename Op>
  absl::StatusOr<wire::OpResponse> Ask(TransferNode& node, const Op& op) {
    RawClient client(node.port());
    RETURN_IF_ERROR(client.Send(op));
    return client.ReadResponse();
  }
  wire::TransferBlockOp TransferOp(int64_t length) {
    return {.block = TestBlock(kId, length),
            .client_name = "client",
            .targets = {b_.info()},
            .target_storage_types = {StorageType::kDisk}};
  }

  TransferNode a_, b_, c_;
};

TEST_F(CopyTest, TransferOfAFinalizedReplica) {
  const std::string data = TestData(300'001);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&a_}).ok());
  const auto reply = Ask(a_, TransferOp(300'001));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kSuccess) << reply->message;
  EXPECT_EQ(b_.store().Get(kId)->state, ReplicaState::kFinalized);
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId), 0, 300'001).value_or("") == data);
}

TEST_F(CopyTest, TransferOfAnUnfinishedReplicaSendsWhatIsAcknowledged) {
  const std::string data = TestData(1'300);
  RawClient writer(a_.port());
  ASSERT_TRUE(writer.Send(CreateOp(TestBlock(kId), {&a_})).ok());
  ASSERT_TRUE(writer.ReadResponse().ok());
  ASSERT_TRUE(writer.SendPacket({.seqno = 0}, data).ok());
  ASSERT_TRUE(writer.ReadAck()->AllSuccess());
  const auto reply = Ask(a_, TransferOp(1'300));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kSuccess) << reply->message;
  EXPECT_EQ(b_.store().Get(kId)->state, ReplicaState::kBeingWritten);
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId), 0, 1'300).value_or("") == data);
}

TEST_F(CopyTest, TransferEndsWithinAChunkWhereTheAcknowledgedBytesDo) {
  const std::string data = TestData(1'300);
  WriteRequest request;
  request.block = TestBlock(kId).block;
  const auto writer = *a_.store().CreateRbw(request);
  ASSERT_TRUE(writer->Write(0, data, request.checksum.Compute(data), true).ok());
  writer->SetBytesAcked(700);
  const auto reply = Ask(a_, TransferOp(700));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kSuccess) << reply->message;
  EXPECT_EQ(b_.store().Get(kId)->block.num_bytes, 700);
  EXPECT_EQ(*b_.store().VisibleLength(TestBlock(kId).block), 700);
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId), 0, 700).value_or("") == data.substr(0, 700));
}

TEST_F(CopyTest, TransferRefusesWhatItCannotGive) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "short", {&a_}).ok());
  for (auto op : {TransferOp(6), TransferOp(0)}) {
    if (op.block.block.num_bytes == 0) op.targets.clear();
    const auto reply = Ask(a_, op);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, OpStatus::kError);
    EXPECT_FALSE(reply->message.empty());
  }
}

TEST_F(CopyTest, OrderedCopiesChain) {
  const std::string data = TestData(200'000);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&a_}).ok());
  const absl::Status status = a_.server().CopyForNamenode(
      TestBlock(kId),
      {.nodes = {b_.info(), c_.info()}, .storage_types = {StorageType::kDisk, StorageType::kDisk}});
  ASSERT_TRUE(status.ok()) << status;
  for (TransferNode* node : {&b_, &c_}) {
    EXPECT_TRUE(Eventually([&] {
      return node->store().Get(kId).ok() &&
             node->store().Get(kId)->state == ReplicaState::kFinalized;
    }));
    EXPECT_TRUE(ReadRange(*node, TestBlock(kId), 0, 200'000).value_or("") == data);
  }
}

TEST_F(CopyTest, ACopyGoesOnWithoutAMirrorThatIsGone) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&a_}).ok());
  const DatanodeInfo gone = c_.info();
  c_.StopServer();
  ASSERT_TRUE(a_.server().CopyForNamenode(TestBlock(kId), {.nodes = {b_.info(), gone}}).ok());
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId), 0, 4).value_or("") == "data");
}

TEST_F(CopyTest, ADamagedReplicaIsReportedAndNotCopied) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), TestData(100'000), {&a_}).ok());
  a_.DamageData(kId, 70'000);
  EXPECT_FALSE(a_.server().CopyForNamenode(TestBlock(kId), {.nodes = {b_.info()}}).ok());
  EXPECT_TRUE(Eventually([&] { return !a_.listener().bad().empty(); }));
  EXPECT_TRUE(Eventually([&] { return b_.server().xceiver_count() == 0; }));
  EXPECT_FALSE(b_.store().Get(kId).ok());
}

TEST_F(CopyTest, ACopyOfAnotherStampIsRefused) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId, 0, 1002), "data", {&a_}).ok());
  EXPECT_FALSE(a_.server().CopyForNamenode(TestBlock(kId), {.nodes = {b_.info()}}).ok());
}

TEST_F(CopyTest, Md5OverTheStoredChecksums) {
  const std::string data = TestData(1'300);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&a_}).ok());
  const DataChecksum checksum{ChecksumType::kCrc32c, 512};
  for (const int64_t length : {1'300, 1'024, 600, 0}) {
    const auto reply = Ask(a_, wire::BlockChecksumOp{.block = TestBlock(kId, length)});
    ASSERT_TRUE(reply.ok()) << reply.status();
    ASSERT_TRUE(reply->checksum_result.has_value()) << reply->message;
    EXPECT_EQ(reply->checksum_result->checksum,
              Md5(checksum.Compute(data.substr(0, static_cast<size_t>(length)))));
    EXPECT_EQ(reply->checksum_result->bytes_per_crc, 512);
    EXPECT_EQ(reply->checksum_result->crc_per_block, 3);
    EXPECT_EQ(reply->checksum_result->crc_type, ChecksumType::kCrc32c);
  }
}

TEST_F(CopyTest, CompositeCrcIsThatOfTheData) {
  const std::string data = TestData(1'300);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&a_}).ok());
  for (const int64_t length : {1'300, 1'024, 700}) {
    const auto reply =
        Ask(a_, wire::BlockChecksumOp{.block = TestBlock(kId, length),
                                      .options = {wire::BlockChecksumType::kCompositeCrc, 0}});
    ASSERT_TRUE(reply.ok()) << reply.status();
    ASSERT_TRUE(reply->checksum_result.has_value()) << reply->message;
    EXPECT_EQ(reply->checksum_result->checksum,
              BigEndian(Crc32c(data.substr(0, static_cast<size_t>(length)))));
  }
}

TEST_F(CopyTest, ChecksumOfAnUnknownBlockIsAnError) {
  const auto reply = Ask(a_, wire::BlockChecksumOp{.block = TestBlock(kId, 1)});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kError);
}

TEST_F(CopyTest, ReplaceFromItselfMovesBetweenStorages) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&b_}).ok());
  const auto reply = Ask(b_, wire::ReplaceBlockOp{.block = TestBlock(kId, 4), .source = b_.info()});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, wire::OpStatus::kError);
  EXPECT_NE(reply->message.find("already exists on storage DS-"), std::string::npos)
      << "there is one storage only: " << reply->message;
}

TEST_F(CopyTest, ReplaceFetchesTheBlockAndNamesTheLoser) {
  const std::string data = TestData(150'000);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&a_}).ok());
  const auto reply = Ask(b_, wire::ReplaceBlockOp{.block = TestBlock(kId, 150'000),
                                                  .delete_hint = a_.store().datanode_uuid(),
                                                  .source = a_.info()});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kSuccess) << reply->message;
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId), 0, 150'000).value_or("") == data);
  ASSERT_FALSE(b_.listener().changes().empty());
  EXPECT_EQ(b_.listener().changes().back().delete_hint, a_.store().datanode_uuid());
}

TEST_F(CopyTest, CopyEndsWithTheReleaseOfItsSlot) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), TestData(1'000), {&a_}).ok());
  RawClient client(a_.port());
  ASSERT_TRUE(client.Send(wire::CopyBlockOp{.block = TestBlock(kId)}).ok());
  const auto reply = client.ReadResponse();
  ASSERT_TRUE(reply.ok()) << reply.status();
  ReadResult result{.response = *reply};
  ASSERT_TRUE(client.ReadPackets(result).ok());
  EXPECT_TRUE(result.data == TestData(1'000));
  EXPECT_EQ(client.socket().ReadBytes(2).value_or(""), std::string_view("\0d", 2));
}

TEST_F(CopyTest, MovesAreBoundedBySlots) {
  TransferOptions options = TransferNode::DefaultOptions();
  options.balance_max_moves = 0;
  TransferNode full(options);
  const auto copy = Ask(full, wire::CopyBlockOp{.block = TestBlock(kId)});
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_NE(copy->message.find("threads quota=0 is exceeded"), std::string::npos);
  const auto replace =
      Ask(full, wire::ReplaceBlockOp{.block = TestBlock(kId), .source = a_.info()});
  ASSERT_TRUE(replace.ok()) << replace.status();
  EXPECT_EQ(replace->status, OpStatus::kError);
}

TEST_F(CopyTest, MovesStayBelowTheBandwidth) {
  TransferOptions options = TransferNode::DefaultOptions();
  options.balance_bandwidth = 1 << 20;
  TransferNode slow(options);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), TestData(1 << 20), {&slow}).ok());
  const int64_t begun = SystemClock().MonotonicMs();
  const auto reply =
      Ask(b_, wire::ReplaceBlockOp{.block = TestBlock(kId, 1 << 20), .source = slow.info()});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kSuccess) << reply->message;
  EXPECT_GE(SystemClock().MonotonicMs() - begun, 400);  // 1 s less the burst, with room
}

}  // namespace
}  // namespace cairn::datanode
