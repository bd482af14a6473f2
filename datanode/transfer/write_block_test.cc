// Tests of WRITE_BLOCK: pipelines of data ports in this process over real stores.
#include <gtest/gtest.h>

#include <thread>

#include "datanode/transfer/testing/test_blocks.h"
#include "datanode/transfer/write_block.h"

namespace cairn::datanode {
namespace {

using wire::OpStatus;
using wire::WriteStage;

constexpr BlockId kId = 1073741825;

class WriteBlockTest : public ::testing::Test {
 protected:
  // Sets a pipeline up and expects success.
  std::unique_ptr<RawClient> Begin(const wire::WriteBlockOp& op, TransferNode& first) {
    auto client = std::make_unique<RawClient>(first.port());
    EXPECT_TRUE(client->Send(op).ok());
    const auto reply = client->ReadResponse();
    EXPECT_TRUE(reply.ok()) << reply.status();
    if (reply.ok()) EXPECT_EQ(reply->status, OpStatus::kSuccess);
    return client;
  }

  TransferNode a_, b_, c_;
};

TEST_F(WriteBlockTest, ThreeNodesHoldWhatWasWritten) {
  const std::string data = TestData(1'000'000);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&a_, &b_, &c_}).ok());
  for (TransferNode* node : {&a_, &b_, &c_}) {
    EXPECT_TRUE(ReadRange(*node, TestBlock(kId), 0, 1'000'000).value_or("") == data);
    EXPECT_EQ(node->store().Get(kId)->state, ReplicaState::kFinalized);
    const auto changes = node->listener().changes();
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceiving);
    EXPECT_EQ(changes[1].kind, ReplicaChangeKind::kReceived);
    EXPECT_EQ(changes[1].block.num_bytes, 1'000'000);
  }
}

TEST_F(WriteBlockTest, APartialChunkMayBeWrittenAgain) {
  const std::string data = TestData(800);
  auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, data.substr(0, 700)).ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  ASSERT_TRUE(client->SendPacket({.offset_in_block = 512, .seqno = 1}, data.substr(512)).ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  ASSERT_TRUE(client->SendLast(800, 2).ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  EXPECT_TRUE(ReadRange(a_, TestBlock(kId), 0, 800).value_or("") == data);
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId), 0, 800).value_or("") == data);
}

TEST_F(WriteBlockTest, HeartbeatsAndSyncsAreAcknowledgedInOrder) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_, &c_}), a_);
  ASSERT_TRUE(client->SendPacket({.seqno = wire::kHeartbeatSeqno}, "").ok());
  ASSERT_TRUE(client->SendPacket({.seqno = 0, .sync_block = true}, "synced").ok());
  ASSERT_TRUE(client->SendPacket({.offset_in_block = 6, .seqno = 1, .sync_block = true}, "").ok());
  ASSERT_TRUE(client->SendLast(6, 2, /*sync=*/true).ok());
  for (const int64_t seqno : {wire::kHeartbeatSeqno, int64_t{0}, int64_t{1}, int64_t{2}}) {
    const auto ack = client->ReadAck();
    ASSERT_TRUE(ack.ok()) << ack.status();
    EXPECT_EQ(ack->seqno, seqno);
    EXPECT_EQ(ack->replies.size(), 3u);
    EXPECT_TRUE(ack->AllSuccess());
  }
}

TEST_F(WriteBlockTest, AnUnreachableMirrorIsNamed) {
  const DatanodeInfo gone = b_.info();
  b_.StopServer();
  RawClient client(a_.port());
  auto op = CreateOp(TestBlock(kId), {&a_, &b_, &c_});
  ASSERT_TRUE(client.Send(op).ok());
  const auto reply = client.ReadResponse();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kError);
  EXPECT_EQ(reply->first_bad_link, gone.id.XferAddress());
  EXPECT_TRUE(client.ClosedByPeer());
}

TEST_F(WriteBlockTest, AnUnreachableLastNodeIsNamedThroughThePipeline) {
  const DatanodeInfo gone = c_.info();
  c_.StopServer();
  RawClient client(a_.port());
  ASSERT_TRUE(client.Send(CreateOp(TestBlock(kId), {&a_, &b_, &c_})).ok());
  const auto reply = client.ReadResponse();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kError);
  EXPECT_EQ(reply->first_bad_link, gone.id.XferAddress());
}

TEST_F(WriteBlockTest, AMirrorThatDiesIsReportedAndTheRestIsStored) {
  const std::string data = TestData(100'000);
  auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, data.substr(0, 51'200)).ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  b_.StopServer();
  ASSERT_TRUE(
      client->SendPacket({.offset_in_block = 51'200, .seqno = 1}, data.substr(51'200)).ok());
  const auto ack = client->ReadAck();
  ASSERT_TRUE(ack.ok()) << ack.status();
  EXPECT_EQ(ack->seqno, 1);
  EXPECT_EQ(ack->replies, (std::vector<OpStatus>{OpStatus::kSuccess, OpStatus::kError}));
  // Not acknowledged by all: invisible, but there for the recovery.
  EXPECT_EQ(*a_.store().VisibleLength(TestBlock(kId).block), 51'200);
  EXPECT_EQ(a_.store().Get(kId)->block.num_bytes, 100'000);
}

// A node that sets a pipeline up and then says nothing more.
class SilentNode {
 public:
  SilentNode() : listener_(*TcpListener::Listen({"127.0.0.1", 0})) {
    thread_ = std::thread([this] {
      auto socket = listener_->Accept();
      if (!socket.ok()) return;
      (*socket)->SetReadTimeout(10'000);
      FrameSocket connection(*std::move(socket), kPacketBufferBytes);
      EXPECT_TRUE(connection.Read(&wire::OpSize).ok());
      EXPECT_TRUE(
          connection
              .Write(wire::EncodeResponse({.status = OpStatus::kSuccess, .first_bad_link = ""}))
              .ok());
      connection.DrainForClose(10'000);
    });
  }
  ~SilentNode() {
    listener_->Shutdown();
    thread_.join();
  }
  DatanodeInfo info() const {
    DatanodeInfo info;
    info.id = {.uuid = "silent", .ip_addr = "127.0.0.1", .xfer_port = listener_->port()};
    return info;
  }

 private:
  const std::unique_ptr<TcpListener> listener_;
  std::thread thread_;
};

TransferOptions ShortTimeouts() {
  TransferOptions options = TransferNode::DefaultOptions();
  options.socket_timeout_ms = 400;
  options.timeout_per_node_ms = 300;
  return options;
}

TEST_F(WriteBlockTest, TheNeighbourOfASilentNodeFindsItOutFirst) {
  TransferNode a(ShortTimeouts());
  TransferNode b(ShortTimeouts());
  SilentNode c;
  auto op = CreateOp(TestBlock(kId), {&a, &b, &c_});
  op.targets.back() = c.info();
  auto client = Begin(op, a);
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, "data").ok());
  const auto ack = client->ReadAck();
  ASSERT_TRUE(ack.ok()) << ack.status();
  EXPECT_EQ(ack->seqno, 0);
  EXPECT_EQ(ack->replies,
            (std::vector<OpStatus>{OpStatus::kSuccess, OpStatus::kSuccess, OpStatus::kError}));
  EXPECT_EQ(*a.store().VisibleLength(TestBlock(kId).block), 0);
}

// Acknowledges packets one by one, each after a while.
class SlowNode {
 public:
  explicit SlowNode(int64_t pause_ms) : listener_(*TcpListener::Listen({"127.0.0.1", 0})) {
    thread_ = std::thread([this, pause_ms] {
      auto socket = listener_->Accept();
      if (!socket.ok()) return;
      (*socket)->SetReadTimeout(10'000);
      FrameSocket connection(*std::move(socket), kPacketBufferBytes);
      if (!connection.Read(&wire::OpSize).ok()) return;
      connection.Write(wire::EncodeResponse({.status = OpStatus::kSuccess, .first_bad_link = ""}))
          .IgnoreError();
      while (true) {
        const auto bytes = connection.Read(&wire::PacketSize);
        if (!bytes.ok()) return;
        const auto packet = wire::DecodePacket(*bytes);
        const int64_t until = SystemClock().MonotonicMs() + pause_ms;
        EXPECT_TRUE(Eventually([&] { return SystemClock().MonotonicMs() >= until; }));
        const auto ack = wire::PipelineAck::Of(packet->header.seqno, {OpStatus::kSuccess});
        if (!connection.Write(wire::EncodeAck(ack)).ok()) return;
      }
    });
  }
  ~SlowNode() {
    listener_->Shutdown();
    thread_.join();
  }
  DatanodeInfo info() const {
    DatanodeInfo info;
    info.id = {.uuid = "slow", .ip_addr = "127.0.0.1", .xfer_port = listener_->port()};
    return info;
  }

 private:
  const std::unique_ptr<TcpListener> listener_;
  std::thread thread_;
};

TEST_F(WriteBlockTest, ASlowMirrorIsNotTakenForASilentOne) {
  TransferOptions options = ShortTimeouts();
  options.socket_timeout_ms = 1'000;
  TransferNode a(options);
  SlowNode slow(200);
  auto op = CreateOp(TestBlock(kId), {&a, &b_});
  op.targets.back() = slow.info();
  auto client = Begin(op, a);
  // All at once: the last one waits for longer than a mirror may be silent.
  for (int64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(client->SendPacket({.offset_in_block = i * 512, .seqno = i}, TestData(512)).ok());
  }
  for (int64_t i = 0; i < 8; ++i) {
    if (i == 4) {
      ASSERT_TRUE(client->SendPacket({.seqno = wire::kHeartbeatSeqno}, "").ok());
    }
    const auto ack = client->ReadAck();
    ASSERT_TRUE(ack.ok()) << ack.status();
    EXPECT_EQ(ack->seqno, i);
    EXPECT_TRUE(ack->AllSuccess());
  }
}

TEST_F(WriteBlockTest, AMirrorWithNothingToSayIsNotBlamed) {
  TransferNode a(ShortTimeouts());
  auto client = Begin(CreateOp(TestBlock(kId), {&a, &b_}), a);
  // Longer than the mirror may take to answer, all in all.
  for (int i = 0; i < 8; ++i) {
    ASSERT_FALSE(*client->socket().socket().WaitReadable(150));
    ASSERT_TRUE(client->SendPacket({.seqno = wire::kHeartbeatSeqno}, "").ok());
    ASSERT_TRUE(client->ReadAck()->AllSuccess());
  }
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, "data").ok());
  EXPECT_TRUE(client->ReadAck()->AllSuccess());
}

TEST_F(WriteBlockTest, AWriterThatFallsSilentIsGivenUp) {
  TransferNode a(ShortTimeouts());
  auto client = Begin(CreateOp(TestBlock(kId), {&a, &b_}), a);
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, "data").ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  EXPECT_TRUE(client->ClosedByPeer());
  EXPECT_TRUE(Eventually([&] { return b_.server().xceiver_count() == 0; }));
  EXPECT_EQ(b_.store().Get(kId)->state, ReplicaState::kBeingWritten);
}

TEST_F(WriteBlockTest, ARestartIsAnnouncedToTheWriter) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, "data").ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  a_.server().Stop(/*will_restart=*/true);
  const auto ack = client->ReadAck();
  ASSERT_TRUE(ack.ok()) << ack.status();
  EXPECT_EQ(ack->seqno, wire::kOutOfBandSeqno);
  EXPECT_EQ(ack->replies, std::vector<OpStatus>{OpStatus::kOobRestart});
  EXPECT_EQ(ack->StatusAt(0), OpStatus::kOobRestart);
  EXPECT_TRUE(client->ClosedByPeer());
}

TEST_F(WriteBlockTest, ARestartBelowIsPassedOnWithoutWaitingForAPacket) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_, &c_}), a_);
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, "data").ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  c_.server().Stop(/*will_restart=*/true);
  const auto ack = client->ReadAck();
  ASSERT_TRUE(ack.ok()) << ack.status();
  EXPECT_EQ(ack->seqno, wire::kOutOfBandSeqno);
  EXPECT_EQ(ack->replies,
            (std::vector<OpStatus>{OpStatus::kSuccess, OpStatus::kSuccess, OpStatus::kOobRestart}));
  EXPECT_EQ(ack->StatusAt(2), OpStatus::kOobRestart);
}

TEST_F(WriteBlockTest, AnOrdinaryStopAnnouncesNothing) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_}), a_);
  a_.server().Stop();
  EXPECT_FALSE(client->ReadAck().ok());
}

TEST_F(WriteBlockTest, NeitherDoesOneWithoutTimeForIt) {
  TransferOptions options = TransferNode::DefaultOptions();
  options.restart_notice_ms = 0;
  TransferNode a(options);
  auto client = Begin(CreateOp(TestBlock(kId), {&a}), a);
  a.server().Stop(/*will_restart=*/true);
  EXPECT_FALSE(client->ReadAck().ok());
}

TEST_F(WriteBlockTest, LoadIsToldInTheFlags) {
  struct Case {
    bool ecn, slownode;
    double ratio;
    uint32_t flag;
  };
  for (const Case& c : {Case{false, false, -1, 0}, Case{true, false, -1, wire::kAckEcnCongested},
                        Case{true, false, 1e9, wire::kAckEcnSupported},
                        Case{true, true, 1e9, wire::kAckEcnSupported | wire::kAckNotSlow}}) {
    TransferOptions options = TransferNode::DefaultOptions();
    options.report_congestion = c.ecn;
    options.report_slowness = c.slownode;
    options.congestion_ratio = c.ratio;
    TransferNode busy(options);
    auto client = Begin(CreateOp(TestBlock(kId), {&a_, &busy}), a_);
    ASSERT_TRUE(client->SendPacket({.seqno = 0}, "data").ok());
    const auto ack = client->ReadAck();
    ASSERT_TRUE(ack.ok()) << ack.status();
    EXPECT_TRUE(ack->AllSuccess());
    EXPECT_EQ(ack->flags, (std::vector<uint32_t>{0, c.flag})) << "and passed on by others";
    client.reset();
    ASSERT_TRUE(Eventually([&] { return a_.server().xceiver_count() == 0; }));
    a_.store().Invalidate({TestBlock(kId).block});
    a_.store().DrainDeletions();
  }
}

TEST_F(WriteBlockTest, APacketWithoutTheAgreedChecksumsEndsTheWrite) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
  ASSERT_TRUE(
      client->SendBytes(wire::EncodePacket({.seqno = 0, .data_bytes = 4}, "", "data")).ok());
  EXPECT_TRUE(client->ClosedByPeer());
  EXPECT_EQ(a_.store().Get(kId)->block.num_bytes, 0);
  EXPECT_EQ(b_.store().Get(kId)->block.num_bytes, 0);
}

TEST_F(WriteBlockTest, AChecksumErrorIsAcknowledgedByTheLastNode) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_}), a_);
  std::string packet =
      wire::EncodePacket({.seqno = 0, .data_bytes = 1000}, client->checksum.Compute(TestData(1000)),
                         TestData(1000, 2));
  ASSERT_TRUE(client->SendBytes(packet).ok());
  const auto ack = client->ReadAck();
  ASSERT_TRUE(ack.ok()) << ack.status();
  EXPECT_EQ(ack->StatusAt(0), OpStatus::kErrorChecksum);
  EXPECT_TRUE(client->ClosedByPeer());
  EXPECT_EQ(a_.store().Get(kId)->block.num_bytes, 0);
}

TEST_F(WriteBlockTest, ANodeWhoseMirrorSawAChecksumErrorEndsItself) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
  ASSERT_TRUE(client
                  ->SendBytes(wire::EncodePacket({.seqno = 0, .data_bytes = 1000},
                                                 client->checksum.Compute(TestData(1000)),
                                                 TestData(1000, 2)))
                  .ok());
  EXPECT_TRUE(client->ClosedByPeer());
  EXPECT_EQ(*a_.store().VisibleLength(TestBlock(kId).block), 0);
}

TEST_F(WriteBlockTest, AGapInTheBlockEndsTheConnection) {
  auto client = Begin(CreateOp(TestBlock(kId), {&a_}), a_);
  ASSERT_TRUE(client->SendPacket({.offset_in_block = 512, .seqno = 0}, "x").ok());
  EXPECT_TRUE(client->ClosedByPeer());
}

TEST_F(WriteBlockTest, AnExistingReplicaClosesTheConnectionWithoutAReply) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "old", {&a_}).ok());
  RawClient client(a_.port());
  ASSERT_TRUE(client.Send(CreateOp(TestBlock(kId), {&a_})).ok());
  EXPECT_TRUE(client.ClosedByPeer());
  EXPECT_TRUE(ReadRange(a_, TestBlock(kId), 0, 3).value_or("") == "old");
}

TEST_F(WriteBlockTest, AForeignPoolAndImpossibleStagesAreRefused) {
  auto op = CreateOp(TestBlock(kId), {&a_});
  op.block.pool_id = "BP-other";
  auto streaming = CreateOp(TestBlock(kId), {&a_});
  streaming.stage = WriteStage::kDataStreaming;
  auto transfer = CreateOp(TestBlock(kId), {&a_, &b_});
  transfer.stage = WriteStage::kTransferRbw;
  for (const auto& bad : {op, streaming, transfer}) {
    RawClient client(a_.port());
    ASSERT_TRUE(client.Send(bad).ok());
    EXPECT_TRUE(client.ClosedByPeer());
  }
}

TEST_F(WriteBlockTest, RecoveryStopsTheOldWriterAndGoesOn) {
  const std::string data = TestData(2'000);
  auto old_writer = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
  ASSERT_TRUE(old_writer->SendPacket({.seqno = 0}, data.substr(0, 1024)).ok());
  ASSERT_TRUE(old_writer->ReadAck()->AllSuccess());

  auto op = CreateOp(TestBlock(kId, 1024), {&a_, &b_});
  op.stage = WriteStage::kSetupStreamingRecovery;
  op.latest_generation_stamp = 1002;
  op.min_bytes_received = 1024;
  op.max_bytes_received = 1024;
  auto client = Begin(op, a_);
  EXPECT_TRUE(old_writer->ClosedByPeer());
  ASSERT_TRUE(client->SendPacket({.offset_in_block = 1024, .seqno = 1}, data.substr(1024)).ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  ASSERT_TRUE(client->SendLast(2'000, 2).ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  for (TransferNode* node : {&a_, &b_}) {
    EXPECT_TRUE(ReadRange(*node, TestBlock(kId, 0, 1002), 0, 2'000).value_or("") == data);
  }
}

TEST_F(WriteBlockTest, AppendContinuesAFinalizedBlock) {
  const std::string data = TestData(1'500);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data.substr(0, 700), {&a_, &b_}).ok());
  auto op = CreateOp(TestBlock(kId, 700), {&a_, &b_});
  op.stage = WriteStage::kSetupAppend;
  op.latest_generation_stamp = 1002;
  op.min_bytes_received = 700;
  op.max_bytes_received = 700;
  auto client = Begin(op, a_);
  // The rest of the partial chunk travels alone.
  ASSERT_TRUE(client->SendPacket({.offset_in_block = 700, .seqno = 0}, data.substr(700, 324)).ok());
  ASSERT_TRUE(client->SendPacket({.offset_in_block = 1024, .seqno = 1}, data.substr(1024)).ok());
  ASSERT_TRUE(client->SendLast(1'500, 2).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client->ReadAck()->AllSuccess());
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId, 0, 1002), 0, 1'500).value_or("") == data);
}

TEST_F(WriteBlockTest, CloseRecoveryFinalizesWithoutPackets) {
  auto writer = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
  ASSERT_TRUE(writer->SendPacket({.seqno = 0}, "all of it").ok());
  ASSERT_TRUE(writer->ReadAck()->AllSuccess());
  auto op = CreateOp(TestBlock(kId, 9), {&a_, &b_});
  op.stage = WriteStage::kCloseRecovery;
  op.latest_generation_stamp = 1002;
  op.min_bytes_received = 9;
  op.max_bytes_received = 9;
  auto client = Begin(op, a_);
  for (TransferNode* node : {&a_, &b_}) {
    EXPECT_EQ(node->store().Get(kId)->state, ReplicaState::kFinalized);
    EXPECT_TRUE(ReadRange(*node, TestBlock(kId, 0, 1002), 0, 9).value_or("") == "all of it");
  }
}

TEST_F(WriteBlockTest, AStaleStampIsRefusedInRecovery) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId, 0, 1005), "newer", {&a_}).ok());
  auto op = CreateOp(TestBlock(kId, 5, 1001), {&a_});
  op.stage = WriteStage::kSetupAppend;
  op.latest_generation_stamp = 1002;
  op.min_bytes_received = 5;
  RawClient client(a_.port());
  ASSERT_TRUE(client.Send(op).ok());
  EXPECT_TRUE(client.ClosedByPeer());
}

TEST_F(WriteBlockTest, AWriterThatVanishesLeavesItsReplicaForRecovery) {
  {
    auto client = Begin(CreateOp(TestBlock(kId), {&a_, &b_}), a_);
    ASSERT_TRUE(client->SendPacket({.seqno = 0}, "half").ok());
    ASSERT_TRUE(client->ReadAck()->AllSuccess());
  }
  EXPECT_TRUE(Eventually(
      [&] { return a_.server().xceiver_count() == 0 && b_.server().xceiver_count() == 0; }));
  EXPECT_EQ(a_.store().Get(kId)->state, ReplicaState::kBeingWritten);
  EXPECT_TRUE(ReadRange(b_, TestBlock(kId), 0, 4).value_or("") == "half");
}

TEST_F(WriteBlockTest, DataWithoutChecksumsGetsThem) {
  auto op = CreateOp(TestBlock(kId), {&a_});
  op.requested_checksum.type = ChecksumType::kNull;
  auto client = Begin(op, a_);
  client->checksum = op.requested_checksum;
  ASSERT_TRUE(client->SendPacket({.seqno = 0}, "plain").ok());
  ASSERT_TRUE(client->SendLast(5, 1).ok());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  ASSERT_TRUE(client->ReadAck()->AllSuccess());
  EXPECT_TRUE(ReadRange(a_, TestBlock(kId), 0, 5).value_or("") == "plain");
}

TEST(ForNextNode, TakesTheFirstTargetOff) {
  wire::WriteBlockOp op;
  op.targets.resize(2);
  op.targets[0].id.uuid = "first";
  op.targets[1].id.uuid = "second";
  op.target_storage_types = {StorageType::kSsd, StorageType::kArchive};
  op.target_storage_ids = {"DS-1", "DS-2"};
  op.target_pinnings = {true, false};
  op.allow_lazy_persist = true;
  const wire::WriteBlockOp next = ForNextNode(op);
  ASSERT_EQ(next.targets.size(), 1u);
  EXPECT_EQ(next.targets[0].id.uuid, "second");
  EXPECT_EQ(next.storage_type, StorageType::kSsd);
  EXPECT_EQ(next.storage_id, "DS-1");
  EXPECT_EQ(next.target_storage_ids, std::vector<std::string>{"DS-2"});
  EXPECT_TRUE(next.pinning);
  EXPECT_FALSE(next.allow_lazy_persist);
}

}  // namespace
}  // namespace cairn::datanode
