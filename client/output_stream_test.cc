// Writing without failures of DataNodes: blocks, flushes, closing, the NameNode's moods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/fake_cluster.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(OutputStream, EveryReplicaGetsEveryByte) {
  FakeCluster cluster(3);
  const std::string data = TestData(150'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_TRUE(cluster.namenode().IsClosed("/f"));
  EXPECT_EQ(cluster.namenode().BlocksOf("/f").size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(cluster.Stored("/f", i), data) << i;
}

TEST(OutputStream, AFileOfExactlyOneBlockHasNoSecondOne) {
  FakeCluster cluster(1);
  ASSERT_TRUE(cluster.Put("/f", TestData(64 << 10)).ok());
  EXPECT_EQ(cluster.namenode().BlocksOf("/f").size(), 1u);
  EXPECT_THAT(cluster.namenode().calls(),
              ElementsAre("create /f", "addBlock /f", "complete blk_1073741825_1001"));
}

TEST(OutputStream, ManySmallWritesMakeTheSameFile) {
  FakeCluster cluster(2);
  const std::string data = TestData(70'000);
  auto out = cluster.client().Create("/f").value();
  for (size_t at = 0; at < data.size(); at += 997) {
    ASSERT_TRUE(out->Write(std::string_view(data).substr(at, 997)).ok());
  }
  EXPECT_EQ(out->Tell(), 70'000);
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(cluster.Get("/f").value(), data);
}

TEST(OutputStream, FlushesInTheMiddleOfChunksKeepTheBytesInOrder) {
  FakeCluster cluster(3);
  const std::string data = TestData(20'000);
  auto out = cluster.client().Create("/f").value();
  size_t at = 0;
  for (const size_t n : {1, 511, 1, 700, 5000, 13, 4096, 3}) {
    ASSERT_TRUE(out->Write(std::string_view(data).substr(at, n)).ok());
    at += n;
    ASSERT_TRUE((n % 2 == 0 ? out->Hsync() : out->Hflush()).ok());
    const auto replica = cluster.dn(2).Replica(1073741825);
    ASSERT_TRUE(replica);
    EXPECT_EQ(replica->data, data.substr(0, at)) << "flushed bytes are on every node";
  }
  ASSERT_TRUE(out->Write(std::string_view(data).substr(at)).ok());
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(cluster.Get("/f").value(), data);
}

TEST(OutputStream, HsyncTellsTheNamenodeTheLength) {
  FakeCluster cluster(1);
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Write("12345").ok());
  ASSERT_TRUE(out->Hsync().ok());
  EXPECT_THAT(cluster.namenode().CallsOf("fsync"), ElementsAre("fsync 5"));
  ASSERT_TRUE(out->Write("67").ok());
  ASSERT_TRUE(out->Hsync().ok());
  EXPECT_EQ(cluster.namenode().CallsOf("fsync").size(), 1u) << "only with UPDATE_LENGTH";
  ASSERT_TRUE(out->Hsync({.update_length = true}).ok());
  EXPECT_THAT(cluster.namenode().CallsOf("fsync"), ElementsAre("fsync 5", "fsync 7"));
  EXPECT_TRUE(out->Close().ok());
}

TEST(OutputStream, TheFirstFlushOfEachBlockTellsTheNamenode) {
  FakeCluster cluster(1);
  const std::string data = TestData(70'000);
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Hflush().ok()) << "nothing to tell";
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 10)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  ASSERT_TRUE(out->Hflush().ok());
  ASSERT_TRUE(out->Write(std::string_view(data).substr(10)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  EXPECT_THAT(cluster.namenode().CallsOf("fsync"), ElementsAre("fsync 10", "fsync 4464"));
  EXPECT_TRUE(out->Close().ok());
}

// The sync flags of the packets one DataNode received, as "offset" or "offset last".
std::vector<std::string> SyncedPackets(const FakeDatanode& node) {
  std::vector<std::string> synced;
  for (const wire::PacketHeader& header : node.packets()) {
    if (!header.sync_block) continue;
    synced.push_back(
        fmt::format("{}{}", header.offset_in_block, header.last_packet_in_block ? " last" : ""));
  }
  return synced;
}

TEST(OutputStream, HsyncAsksEveryNodeForDurability) {
  FakeCluster cluster(3);
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Write(TestData(1000)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  ASSERT_TRUE(out->Hsync().ok()) << "also when nothing is left to send";
  ASSERT_TRUE(out->Close().ok());
  for (size_t i = 0; i < 3; ++i) EXPECT_THAT(SyncedPackets(cluster.dn(i)), ElementsAre("512"));
}

// The block had been ended by then, and nothing was synced.
TEST(OutputStream, HsyncAtTheEndOfABlockIsAboutThatBlock) {
  FakeCluster cluster(2);
  const std::string data = TestData(65'536 + 100);
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 65'536)).ok());
  ASSERT_TRUE(out->Hsync().ok());
  EXPECT_THAT(SyncedPackets(cluster.dn(0)), ElementsAre("65536"));
  ASSERT_TRUE(out->Write(std::string_view(data).substr(65'536)).ok());
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(cluster.namenode().BlocksOf("/f").size(), 2u);
  EXPECT_EQ(cluster.Get("/f").value(), data);
}

TEST(OutputStream, SyncBlockMakesTheEndOfEveryBlockDurable) {
  FakeCluster cluster(2);
  CreateOptions create;
  create.sync_block = true;
  ASSERT_TRUE(cluster.Put("/f", TestData(70'000), create).ok());
  EXPECT_THAT(SyncedPackets(cluster.dn(1)), ElementsAre("65536 last", "4464 last"));
}

TEST(OutputStream, SyncBlockHoldsForWhatIsAppended) {
  FakeCluster cluster(2);
  ASSERT_TRUE(cluster.Put("/f", TestData(1'000)).ok());
  auto out = cluster.client().Append("/f", {.new_block = true, .sync_block = true}).value();
  ASSERT_TRUE(out->Write(TestData(3'000)).ok());
  ASSERT_TRUE(out->Close().ok());
  EXPECT_THAT(SyncedPackets(cluster.dn(0)), ElementsAre("3000 last"));
}

TEST(OutputStream, HsyncMayEndTheBlock) {
  FakeCluster cluster(2);
  const std::string data = TestData(10'000);
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 3000)).ok());
  ASSERT_TRUE(out->Hsync({.end_block = true}).ok());
  ASSERT_TRUE(out->Hsync({.end_block = true}).ok()) << "no block, nothing to end";
  ASSERT_TRUE(out->Write(std::string_view(data).substr(3000)).ok());
  ASSERT_TRUE(out->Close().ok());
  const auto blocks = cluster.namenode().BlocksOf("/f");
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].block.block.num_bytes, 3000);
  EXPECT_THAT(SyncedPackets(cluster.dn(0)), ElementsAre("0", "3000 last"));
  EXPECT_EQ(cluster.Get("/f").value(), data);
}

TEST(OutputStream, AWriterThatLostItsLeaseNeverReportsSuccess) {
  FakeCluster cluster(1);
  const auto lost = [] { return errors::NotOpenForWriting("/f", 16386, "a lease"); };
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Write("x").ok());
  cluster.namenode().FailNext("fsync", {lost()});
  EXPECT_TRUE(Is(out->Hflush(), ErrorKind::kLeaseExpired));
  cluster.namenode().FailNext("complete", {lost()});
  EXPECT_TRUE(Is(out->Close(), ErrorKind::kLeaseExpired));
  EXPECT_TRUE(Is(out->Close(), ErrorKind::kLeaseExpired));
}

TEST(OutputStream, CompleteIsAskedAgainWithGrowingPauses) {
  FakeCluster cluster(1);
  cluster.namenode().DelayComplete(3);
  ASSERT_TRUE(cluster.Put("/f", "x").ok());
  EXPECT_THAT(cluster.sleeps(), ElementsAre(10, 20, 40));
}

TEST(OutputStream, AFileThatNeverCompletesIsAnErrorThatNamesTheBlock) {
  FakeCluster cluster(1);
  cluster.namenode().DelayComplete(1000);
  const absl::Status closed = cluster.Put("/f", "x");
  EXPECT_THAT(std::string(closed.message()),
              HasSubstr("Unable to close file because the last block BP-1:blk_1073741825_1001 does "
                        "not have enough number of replicas."));
}

TEST(OutputStream, CloseIsRepeatable) {
  FakeCluster cluster(1);
  auto out = cluster.client().Create("/f").value();
  EXPECT_TRUE(out->Close().ok());
  EXPECT_TRUE(out->Close().ok());
  EXPECT_FALSE(out->Write("x").ok());
  EXPECT_EQ(cluster.namenode().CallsOf("complete").size(), 1u);
}

TEST(OutputStream, NotReplicatedYetIsWaitedFor) {
  FakeCluster cluster(1);
  cluster.namenode().FailNext("addBlock", {errors::NotReplicatedYet("/f")});
  EXPECT_TRUE(cluster.Put("/f", "x").ok());
  EXPECT_THAT(cluster.sleeps(), ElementsAre(10));
}

TEST(OutputStream, AnOpenFileSurvivesARestartOfTheNamenode) {
  FakeCluster cluster(1);
  const absl::Status gone = absl::UnavailableError("connection refused");
  cluster.namenode().FailNext("addBlock", {gone, errors::SafeMode("add block to /f", "tip"), gone});
  cluster.namenode().FailNext("complete", {gone, errors::SafeMode("complete file /f", "tip")});
  EXPECT_TRUE(cluster.Put("/f", "x").ok());
  EXPECT_EQ(cluster.sleeps().size(), 5u);
}

TEST(OutputStream, CreateInSafeModeFailsAtOnceWithItsMessage) {
  FakeCluster cluster(1);
  cluster.namenode().FailNext("create", {errors::SafeMode("create file/f", "tip")});
  const auto out = cluster.client().Create("/f");
  EXPECT_TRUE(Is(out.status(), ErrorKind::kSafeMode));
  EXPECT_THAT(std::string(out.status().message()),
              HasSubstr("Cannot create file/f. Name node is in safe mode."));
  EXPECT_TRUE(cluster.sleeps().empty());
}

TEST(OutputStream, AnErrorOfTheNamenodeReachesTheWriter) {
  FakeCluster cluster(1);
  cluster.namenode().FailNext("addBlock", {errors::NotEnoughTargets("/f", 0, 1, 0, 0, "")});
  const absl::Status put = cluster.Put("/f", "x");
  EXPECT_THAT(std::string(put.message()), HasSubstr("could only be written to 0 of the 1"));
}

TEST(OutputStream, TheRefusalOfABlockNamesTheAddressThatCouldNotBeReached) {
  FakeCluster cluster(1);
  const std::string address = cluster.dn(0).location().datanode.id.XferAddress();
  cluster.dn(0).Kill();
  const absl::Status put = cluster.Put("/f", "x");
  EXPECT_TRUE(Is(put, ErrorKind::kIo));
  EXPECT_THAT(std::string(put.message()),
              testing::AllOf(HasSubstr("File /f could only be written to 0 of the 1"),
                             HasSubstr("\nThe last failure: DataNode " + address + ": ")));
}

TEST(OutputStream, AppendContinuesAPartialBlockWithANewGenerationStamp) {
  FakeCluster cluster(2);
  const std::string data = TestData(100'000);
  ASSERT_TRUE(cluster.Put("/f", data.substr(0, 70'001)).ok());
  const auto before = cluster.namenode().BlocksOf("/f");
  auto out = cluster.client().Append("/f").value();
  EXPECT_EQ(out->Tell(), 70'001);
  ASSERT_TRUE(out->Write(data.substr(70'001)).ok());
  ASSERT_TRUE(out->Close().ok());
  const auto after = cluster.namenode().BlocksOf("/f");
  ASSERT_EQ(after.size(), before.size());
  EXPECT_GT(after.back().block.block.generation_stamp, before.back().block.block.generation_stamp);
  EXPECT_EQ(cluster.Get("/f").value(), data);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(cluster.Stored("/f", i), data) << i;
}

TEST(OutputStream, AppendToAFullBlockStartsANewOne) {
  FakeCluster cluster(1);
  const std::string data = TestData(80'000);
  ASSERT_TRUE(cluster.Put("/f", data.substr(0, 64 << 10)).ok());
  auto out = cluster.client().Append("/f").value();
  ASSERT_TRUE(out->Write(data.substr(64 << 10)).ok());
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(cluster.Get("/f").value(), data);
  EXPECT_THAT(cluster.namenode().CallsOf("updatePipeline"), testing::IsEmpty());
}

TEST(OutputStream, AppendMayLeaveAPartialBlockAsItIs) {
  FakeCluster cluster(1);
  const std::string data = TestData(90'000);
  ASSERT_TRUE(cluster.Put("/f", data.substr(0, 70'000)).ok());
  const auto before = cluster.namenode().BlocksOf("/f");
  auto out = cluster.client().Append("/f", {.new_block = true}).value();
  ASSERT_TRUE(out->Write(data.substr(70'000)).ok());
  ASSERT_TRUE(out->Close().ok());
  const auto after = cluster.namenode().BlocksOf("/f");
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[1].block, before[1].block);
  EXPECT_EQ(cluster.Get("/f").value(), data);
}

TEST(OutputStream, AnAppendOfNothingCompletesWithTheBlockThatWasThere) {
  FakeCluster cluster(1);
  ASSERT_TRUE(cluster.Put("/f", TestData(64 << 10)).ok());
  ASSERT_TRUE(cluster.client().Append("/f").value()->Close().ok());
  EXPECT_EQ(cluster.namenode().CallsOf("complete").back(), "complete blk_1073741825_1001");
  ASSERT_TRUE(cluster.Put("/empty", "").ok());
  ASSERT_TRUE(cluster.client().Append("/empty").value()->Close().ok());
  EXPECT_EQ(cluster.namenode().CallsOf("complete").back(), "complete");
}

TEST(OutputStream, AHeartbeatKeepsAnIdlePipelineAlive) {
  FakeCluster cluster(2);
  cluster.options.socket_timeout_ms = 200;  // a heartbeat every 100 ms
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Write("x").ok());
  std::atomic<int> heartbeats{0};
  DatanodeFaults watch;
  watch.change_ack = [&](wire::PipelineAck& ack) {
    if (ack.seqno == wire::kHeartbeatSeqno) ++heartbeats;
  };
  cluster.dn(0).SetFaults(watch);
  ASSERT_TRUE(out->Hflush().ok());
  while (heartbeats < 2) std::this_thread::yield();
  ASSERT_TRUE(out->Write("y").ok());
  EXPECT_TRUE(out->Close().ok());
  EXPECT_EQ(cluster.Get("/f").value(), "xy");
  cluster.dn(0).SetFaults({});
}

// A client that waited in silence for its last acknowledgements was given up by the DataNodes, and
// the wrong one was blamed for it.
TEST(OutputStream, HeartbeatsGoOnWhileTheLastPacketWaitsForAcknowledgements) {
  FakeCluster cluster(4);
  cluster.options.socket_timeout_ms = 2'000;  // a heartbeat every second
  auto out = cluster.client().Create("/f").value();
  ASSERT_TRUE(out->Write("x").ok());
  ASSERT_TRUE(out->Hflush().ok());
  DatanodeFaults silent;
  silent.swallow_acks = true;
  cluster.dn(0).SetFaults(silent);
  ASSERT_TRUE(out->Write("y").ok());
  absl::Status closed;
  std::thread closer([&] { closed = out->Close(); });
  const auto beat = [](const wire::PacketHeader& header) { return header.is_heartbeat(); };
  std::vector<wire::PacketHeader> packets;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  do {
    packets = cluster.dn(0).packets();
  } while (std::none_of(packets.begin(), packets.end(), beat) &&
           std::chrono::steady_clock::now() < deadline);
  const auto first_beat = std::find_if(packets.begin(), packets.end(), beat);
  EXPECT_TRUE(first_beat != packets.end());
  EXPECT_TRUE(std::none_of(packets.begin(), first_beat,
                           [](const auto& header) { return header.last_packet_in_block; }));
  cluster.dn(0).Kill();  // the other one has it all
  closer.join();
  EXPECT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(cluster.Get("/f").value(), "xy");
}

TEST(OutputStream, AStreamDestroyedWithoutCloseLeavesTheFileOpen) {
  FakeCluster cluster(1);
  {
    auto out = cluster.client().Create("/f").value();
    ASSERT_TRUE(out->Write("x").ok());
  }
  EXPECT_FALSE(cluster.namenode().IsClosed("/f"));
}

}  // namespace
}  // namespace cairn::client
