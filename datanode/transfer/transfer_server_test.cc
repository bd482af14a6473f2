// Tests of the data port's endurance: garbage, half-open sockets, limits, stopping.
#include "datanode/transfer/transfer_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "datanode/transfer/testing/test_blocks.h"

namespace cairn::datanode {
namespace {

using wire::OpStatus;

constexpr BlockId kId = 1073741825;

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * ::getpagesize();
}

TEST(TransferServer, GarbageIsRefusedAndCostsNoMemory) {
  TransferNode node;
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "good", {&node}).ok());
  const std::vector<std::string> garbage = {
      "GET / HTTP/1.1\r\n\r\n",
      std::string(100, '\0'),
      std::string("\x00\x1b\x51", 3),                      // another version
      std::string("\x00\x1c\x01", 3),                      // an unknown operation
      std::string("\x00\x1c\x51\xff\xff\xff\x7f", 7),      // a header of 256 MiB
      std::string("\x00\x1c\x51\x03\xff\xff\xff", 7),      // no protobuf
      std::string("\x00\x1c\x51\x80\x80\x80\x80\x80", 8),  // an endless length
      TestData(10'000),
  };
  const int64_t before = ResidentBytes();
  for (int round = 0; round < 20; ++round) {
    for (const std::string& bytes : garbage) {
      RawClient client(node.port());
      client.SendBytes(bytes).IgnoreError();
      EXPECT_TRUE(client.ClosedByPeer()) << round;
    }
  }
  EXPECT_LT(ResidentBytes() - before, 64 << 20);
  EXPECT_TRUE(ReadRange(node, TestBlock(kId), 0, 4).value_or("") == "good");
}

TEST(TransferServer, AnnouncedPacketsCostOnlyWhatIsSent) {
  TransferNode node;
  std::vector<std::unique_ptr<RawClient>> clients;
  const int64_t before = ResidentBytes();
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<RawClient>(node.port()));
    ASSERT_TRUE(clients.back()->Send(CreateOp(TestBlock(kId + i), {&node})).ok());
    ASSERT_TRUE(clients.back()->ReadResponse().ok());
    // A packet of nearly 16 MiB of which a few bytes come.
    ASSERT_TRUE(clients.back()->SendBytes(std::string("\x00\xff\xff\x00\x00\x19zzz", 9)).ok());
  }
  EXPECT_LT(ResidentBytes() - before, 64 << 20);
}

TEST(TransferServer, BadPacketsEndTheWrite) {
  TransferNode node;
  const std::vector<std::string> packets = {
      std::string("\x7f\xff\xff\xff\x00\x19", 6),                     // 2 GiB
      std::string("\x00\x00\x00\x04\x7f\xff", 6) + TestData(40'000),  // no header
      wire::EncodePacket({.offset_in_block = -5, .data_bytes = 1}, "crc!", "x"),
      wire::EncodePacket({.data_bytes = 1}, "bad length", "x"),
  };
  for (size_t i = 0; i < packets.size(); ++i) {
    RawClient client(node.port());
    ASSERT_TRUE(client.Send(CreateOp(TestBlock(kId + static_cast<BlockId>(i)), {&node})).ok());
    ASSERT_TRUE(client.ReadResponse().ok());
    client.SendBytes(packets[i]).IgnoreError();
    EXPECT_TRUE(client.ClosedByPeer()) << i;
  }
}

TEST(TransferServer, OperationsThatAreNotServedAreDeclined) {
  TransferNode node;
  RawClient client(node.port());
  ASSERT_TRUE(client.SendBytes(std::string("\x00\x1c\x5a\x03\x0a\x01\x63", 7)).ok());
  const auto reply = client.ReadResponse();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kErrorUnsupported);
}

TEST(TransferServer, HalfOpenConnectionsCostNoThreadAndAreClosed) {
  TransferOptions options = TransferNode::DefaultOptions();
  options.first_operation_ms = 300;
  options.max_transfer_threads = 1;
  TransferNode node(options);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node}).ok());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(node.port()));
    if (i % 2 == 0) ASSERT_TRUE(clients.back()->SendBytes(std::string("\x00\x1c\x51", 3)).ok());
  }
  EXPECT_TRUE(Eventually([&] { return node.server().xceiver_count() == 0; }));
  EXPECT_TRUE(ReadRange(node, TestBlock(kId), 0, 4).value_or("") == "data");
  for (auto& client : clients) EXPECT_TRUE(client->ClosedByPeer());
  EXPECT_TRUE(Eventually([&] { return node.server().idle_connections() == 0; }));
}

TEST(TransferServer, AnIdleConnectionIsClosedAfterItsKeepAlive) {
  TransferOptions options = TransferNode::DefaultOptions();
  options.keepalive_ms = 200;
  TransferNode node(options);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node}).ok());
  RawClient client(node.port());
  ASSERT_TRUE(
      client.Read({.block = TestBlock(kId), .client_name = "c", .offset = 0, .length = 4}).ok());
  const int64_t begun = SystemClock().MonotonicMs();
  EXPECT_TRUE(client.ClosedByPeer());
  EXPECT_LT(SystemClock().MonotonicMs() - begun, 5'000);
}

TEST(TransferServer, AHeaderMayComeByteByByte) {
  TransferNode node;
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node}).ok());
  RawClient client(node.port());
  const std::string header = wire::EncodeOp(
      wire::ReadBlockOp{.block = TestBlock(kId), .client_name = "c", .offset = 0, .length = 4});
  for (const char c : header) ASSERT_TRUE(client.SendBytes(std::string(1, c)).ok());
  const auto reply = client.ReadResponse();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, OpStatus::kSuccess);
}

TEST(TransferServer, OperationsBeyondTheLimitAreClosed) {
  TransferOptions options = TransferNode::DefaultOptions();
  options.max_transfer_threads = 2;
  TransferNode node(options);
  RawClient first(node.port()), second(node.port()), third(node.port());
  ASSERT_TRUE(first.Send(CreateOp(TestBlock(kId), {&node})).ok());
  ASSERT_TRUE(first.ReadResponse().ok());
  ASSERT_TRUE(second.Send(CreateOp(TestBlock(kId + 1), {&node})).ok());
  ASSERT_TRUE(second.ReadResponse().ok());
  ASSERT_TRUE(third.Send(CreateOp(TestBlock(kId + 2), {&node})).ok());
  EXPECT_TRUE(third.ClosedByPeer());
}

TEST(TransferServer, IdleConnectionsBeyondTheirLimitAreClosed) {
  TransferOptions options = TransferNode::DefaultOptions();
  options.max_idle_connections = 2;
  TransferNode node(options);
  RawClient first(node.port()), second(node.port());
  EXPECT_TRUE(Eventually([&] { return node.server().idle_connections() == 2; }));
  RawClient third(node.port());
  EXPECT_TRUE(third.ClosedByPeer());
}

TEST(TransferServer, StopEndsWaitingOperationsAtOnce) {
  auto a = std::make_unique<TransferNode>();
  TransferNode b;
  RawClient writer(a->port()), idle(a->port());
  ASSERT_TRUE(writer.Send(CreateOp(TestBlock(kId), {a.get(), &b})).ok());
  ASSERT_TRUE(writer.ReadResponse().ok());
  const int64_t begun = SystemClock().MonotonicMs();
  a->StopServer();
  EXPECT_LT(SystemClock().MonotonicMs() - begun, 5'000);
  EXPECT_TRUE(writer.ClosedByPeer());
  EXPECT_TRUE(idle.ClosedByPeer());
}

TEST(TransferServer, ManyClientsAtATime) {
  TransferNode a, b, c;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const ExtendedBlock block = TestBlock(kId + t * 100 + i);
        const std::string data = TestData(70'000, static_cast<uint32_t>(t * 100 + i + 1));
        const absl::Status written = WriteWhole(block, data, {&a, &b, &c});
        if (!written.ok() || ReadRange(i % 2 ? b : c, block, 0, 70'000).value_or("") != data) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace cairn::datanode
