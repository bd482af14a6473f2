// Tests of READ_BLOCK against a real store.
#include <gtest/gtest.h>

#include <thread>

#include "common/types/errors.h"
#include "datanode/transfer/testing/test_blocks.h"

namespace cairn::datanode {
namespace {

using wire::OpStatus;

constexpr BlockId kId = 1073741825;

class ReadBlockTest : public ::testing::Test {
 protected:
  void Write(std::string_view data) {
    ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&node_}).ok());
  }
  wire::ReadBlockOp ReadOp(int64_t offset, int64_t length) {
    return {.block = TestBlock(kId), .client_name = "client", .offset = offset, .length = length};
  }
  // The reply to a read that must fail.
  wire::OpResponse Refused(const wire::ReadBlockOp& op) {
    RawClient client(node_.port());
    const auto result = client.Read(op);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->response.status, OpStatus::kError);
    EXPECT_TRUE(client.ClosedByPeer());
    return result->response;
  }

  TransferNode node_;
};

TEST_F(ReadBlockTest, SendsWholeChunksInPacketsOf64KiB) {
  const std::string data = TestData(200'000);
  Write(data);
  RawClient client(node_.port());
  const auto result = client.Read(ReadOp(1000, 100'000));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->response.read_info->checksum, (DataChecksum{ChecksumType::kCrc32c, 512}));
  EXPECT_EQ(result->begin, 512);
  EXPECT_EQ(result->packet_bytes, (std::vector<int32_t>{65536, 35328, 0}));
  EXPECT_TRUE(result->data == data.substr(512, 101376 - 512));
}

TEST_F(ReadBlockTest, EndsAtTheReplicasEnd) {
  const std::string data = TestData(700);
  Write(data);
  EXPECT_TRUE(ReadRange(node_, TestBlock(kId), 0, 700).value_or("") == data);
  EXPECT_TRUE(ReadRange(node_, TestBlock(kId), 699, 1).value_or("") == data.substr(699));
  EXPECT_TRUE(ReadRange(node_, TestBlock(kId), 700, 0).value_or("x") == "");
}

TEST_F(ReadBlockTest, AnEmptyBlockIsReadable) {
  Write("");
  EXPECT_TRUE(ReadRange(node_, TestBlock(kId), 0, 0).value_or("x") == "");
}

TEST_F(ReadBlockTest, KeepsTheConnectionForTheNextOperation) {
  const std::string data = TestData(5'000);
  Write(data);
  RawClient client(node_.port());
  for (int i = 0; i < 5; ++i) {
    const auto result = client.Read(ReadOp(i * 512, 512));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->data == data.substr(static_cast<size_t>(i) * 512, 512));
    // Some operations find the thread still there, others come back from the event loop.
    if (i % 2 == 1) {
      EXPECT_TRUE(Eventually([&] { return node_.server().xceiver_count() == 0; }));
    }
  }
}

TEST_F(ReadBlockTest, PipelinedOperationsAreAllServed) {
  const std::string data = TestData(2'000);
  Write(data);
  RawClient client(node_.port());
  const std::string status = wire::EncodeReadStatus(OpStatus::kChecksumOk);
  std::string bytes;
  for (int i = 0; i < 3; ++i) bytes += wire::EncodeOp(ReadOp(0, 100)) + status;
  ASSERT_TRUE(client.SendBytes(bytes).ok());
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.ReadResponse();
    ASSERT_TRUE(reply.ok()) << i << reply.status();
    ReadResult result{.response = *reply};
    ASSERT_TRUE(client.ReadPackets(result).ok());
    EXPECT_TRUE(result.data == data.substr(0, 512));
  }
}

TEST_F(ReadBlockTest, WithoutChecksumsTheTypeIsNull) {
  const std::string data = TestData(1'000);
  Write(data);
  RawClient client(node_.port());
  auto op = ReadOp(600, 100);
  op.send_checksums = false;
  const auto result = client.Read(op);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->response.read_info->checksum, (DataChecksum{ChecksumType::kNull, 512}));
  EXPECT_TRUE(result->data == data.substr(512));
}

TEST_F(ReadBlockTest, RefusesRangesOutsideTheReplica) {
  Write(TestData(700));
  for (const auto& [offset, length] :
       std::vector<std::pair<int64_t, int64_t>>{{0, 701}, {701, 0}, {-1, 10}, {699, 2}}) {
    const auto reply = Refused(ReadOp(offset, length));
    EXPECT_NE(reply.message.find(fmt::format(" Offset {} and length {} don't match block {} ( "
                                             "blockLen 700 )",
                                             offset, length, TestBlock(kId).ToString())),
              std::string::npos)
        << reply.message;
    EXPECT_TRUE(reply.message.starts_with("opReadBlock " + TestBlock(kId).ToString() +
                                          " received exception java.io.IOException: "));
  }
  Refused(ReadOp(INT64_MAX, INT64_MAX));
  Refused(ReadOp(0, -1));
}

TEST_F(ReadBlockTest, RefusesUnknownBlocksForeignPoolsAndNewerStamps) {
  Write(TestData(100));
  auto op = ReadOp(0, 10);
  op.block.block.id = 77;
  EXPECT_NE(Refused(op).message.find("ReplicaNotFoundException"), std::string::npos);
  op = ReadOp(0, 10);
  op.block.pool_id = "BP-other";
  EXPECT_NE(Refused(op).message.find("Unexpected BlockPoolId BP-other"), std::string::npos);
  op = ReadOp(0, 10);
  op.block.block.generation_stamp = 1002;
  Refused(op);
  op.block.block.generation_stamp = 1000;  // a newer replica is served
  RawClient client(node_.port());
  EXPECT_EQ(client.Read(op)->response.status, OpStatus::kSuccess);
}

TEST_F(ReadBlockTest, DamageReachesTheClientWithItsChecksum) {
  Write(TestData(3'000));
  node_.DamageData(kId, 1'500);
  const auto bytes = ReadRange(node_, TestBlock(kId), 0, 3'000);
  EXPECT_TRUE(absl::IsDataLoss(bytes.status())) << bytes.status();
}

TEST_F(ReadBlockTest, DamagedBytesAreNeverSentWithoutChecksums) {
  Write(TestData(3'000));
  node_.DamageData(kId, 1'500);
  RawClient client(node_.port());
  auto op = ReadOp(0, 3'000);
  op.send_checksums = false;
  EXPECT_FALSE(client.Read(op).ok());
  EXPECT_TRUE(Eventually([&] { return !node_.listener().bad().empty(); }));
}

TEST_F(ReadBlockTest, AClientThatLeavesEarlyHurtsNobody) {
  Write(TestData(4'000'000));
  for (int i = 0; i < 5; ++i) {
    RawClient client(node_.port());
    ASSERT_TRUE(client.Send(ReadOp(0, 4'000'000)).ok());
    ASSERT_TRUE(client.ReadResponse().ok());
  }
  EXPECT_TRUE(Eventually([&] { return node_.server().xceiver_count() == 0; }));
  EXPECT_TRUE(ReadRange(node_, TestBlock(kId), 0, 4'000'000).ok());
}

TEST_F(ReadBlockTest, AReaderSeesWhatIsAcknowledgedWhileTheBlockIsWritten) {
  const std::string data = TestData(3'000);
  RawClient writer(node_.port());
  ASSERT_TRUE(writer.Send(CreateOp(TestBlock(kId), {&node_})).ok());
  ASSERT_EQ(writer.ReadResponse()->status, OpStatus::kSuccess);
  ASSERT_TRUE(writer.SendPacket({.seqno = 0}, data.substr(0, 700)).ok());
  ASSERT_TRUE(writer.ReadAck()->AllSuccess());
  EXPECT_TRUE(ReadRange(node_, TestBlock(kId), 0, 700).value_or("") == data.substr(0, 700));

  // A read of bytes that are not there yet waits for them.
  absl::StatusOr<std::string> later;
  std::thread reader([&] { later = ReadRange(node_, TestBlock(kId), 0, 3'000); });
  EXPECT_TRUE(Eventually([&] { return node_.server().xceiver_count() == 2; }));
  ASSERT_TRUE(writer.SendPacket({.offset_in_block = 512, .seqno = 1}, data.substr(512)).ok());
  ASSERT_TRUE(writer.ReadAck()->AllSuccess());
  reader.join();
  EXPECT_TRUE(later.value_or("") == data) << later.status();
}

TEST_F(ReadBlockTest, BytesBeyondTheAcknowledgedOnesAreRefused) {
  RawClient writer(node_.port());
  ASSERT_TRUE(writer.Send(CreateOp(TestBlock(kId), {&node_})).ok());
  ASSERT_EQ(writer.ReadResponse()->status, OpStatus::kSuccess);
  ASSERT_TRUE(writer.SendPacket({.seqno = 0}, TestData(700)).ok());
  ASSERT_TRUE(writer.ReadAck()->AllSuccess());
  const auto bytes = ReadRange(node_, TestBlock(kId), 0, 701);
  EXPECT_NE(std::string(bytes.status().message()).find("blockLen 700"), std::string::npos)
      << bytes.status();
}

}  // namespace
}  // namespace cairn::datanode
