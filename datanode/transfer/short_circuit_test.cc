// Local clients: files passed over the domain socket, slots in shared memory, and when they lose
// their validity. The client here is written from the protocol, bits included.
#include "datanode/transfer/short_circuit.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/testing/temp_dir.h"
#include "datanode/transfer/testing/test_blocks.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {
namespace {

using ::testing::HasSubstr;
using wire::OpStatus;

constexpr int64_t kWaitMs = 10'000;
constexpr BlockId kId = 1073741825;
constexpr uint64_t kValidBit = uint64_t{1} << 63;
constexpr uint64_t kAnchorableBit = uint64_t{1} << 62;

std::string ReadWhole(int fd) {
  std::string text(1 << 20, '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

// The memory of a segment, as its client maps it.
class ClientSegment {
 public:
  ClientSegment(wire::ShmId id, const OwnedFd& fd)
      : id_(id),
        words_(static_cast<volatile uint64_t*>(
            ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0))) {}
  ~ClientSegment() { ::munmap(const_cast<uint64_t*>(words_), 8192); }
  ClientSegment(const ClientSegment&) = delete;
  ClientSegment& operator=(const ClientSegment&) = delete;

  // Makes a slot the client's, as it must before it is named in a request.
  wire::ShmSlot Take(int32_t index) {
    words_[index * 8] = kValidBit | kAnchorableBit;
    return {.shm = id_, .index = index};
  }
  uint64_t word(int32_t index) const { return words_[index * 8]; }

 private:
  const wire::ShmId id_;
  volatile uint64_t* const words_;
};

class ShortCircuitTest : public ::testing::Test {
 protected:
  ShortCircuitTest() {
    TransferOptions options = TransferNode::DefaultOptions();
    options.domain_socket_path = directory_ / "dn._PORT";
    options.check_domain_socket_path = false;
    node_.emplace(options);
  }

  std::unique_ptr<FrameSocket> ConnectLocally() {
    auto socket = ConnectUnix(directory_ / fmt::format("dn.{}", node_->port()));
    EXPECT_TRUE(socket.ok()) << socket.status();
    (*socket)->SetReadTimeout(kWaitMs);
    (*socket)->SetWriteTimeout(kWaitMs);
    // Files come with a byte of their own: nothing may be read ahead of it.
    return std::make_unique<FrameSocket>(*std::move(socket), kOperationBufferBytes);
  }
  // Reads a reply byte by byte, so that the byte behind it stays in the socket with its files.
  static std::string ReadMessage(FrameSocket& connection) {
    std::string message;
    while (true) {
      const auto size = wire::ResponseSize(message);
      if (!size.ok() || (*size != 0 && message.size() == *size)) return message;
      char byte = 0;
      if (!connection.socket().ReadFull(&byte, 1).ok()) return message;
      message += byte;
    }
  }

  wire::OpResponse Request(FrameSocket& connection, const wire::RequestFdsOp& op) {
    EXPECT_TRUE(connection.Write(wire::EncodeOp(op)).ok());
    const auto response = wire::DecodeResponse(ReadMessage(connection));
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(wire::OpResponse{});
  }
  // A request that succeeds; confirms when that is wanted.
  std::vector<OwnedFd> GetFiles(FrameSocket& connection, const wire::RequestFdsOp& op) {
    const wire::OpResponse response = Request(connection, op);
    EXPECT_EQ(response.status, OpStatus::kSuccess) << response.message;
    EXPECT_EQ(response.short_circuit_version, 1u);
    auto files = ReceiveFiles(connection.socket(), 2, kWaitMs);
    EXPECT_TRUE(files.ok()) << files.status();
    if (!files.ok()) return {};
    EXPECT_EQ(files->byte, op.supports_receipt_verification ? 1 : 0);
    EXPECT_EQ(files->files.size(), 2u);
    if (op.supports_receipt_verification) {
      EXPECT_TRUE(connection.Write(std::string_view("\0", 1)).ok());
    }
    return std::move(files->files);
  }

  wire::ShmResponse AskForSegment(FrameSocket& connection, std::vector<OwnedFd>& files) {
    EXPECT_TRUE(connection.Write(wire::EncodeOp(wire::RequestShmOp{"client"})).ok());
    const auto response = wire::DecodeShmResponse(ReadMessage(connection));
    EXPECT_TRUE(response.ok()) << response.status();
    if (response->status == OpStatus::kSuccess) {
      auto received = ReceiveFiles(connection.socket(), 1, kWaitMs);
      EXPECT_TRUE(received.ok()) << received.status();
      EXPECT_EQ(received->byte, 0);
      files = std::move(received->files);
    }
    return *response;
  }

  wire::ShmResponse Release(FrameSocket& connection, const wire::ShmSlot& slot) {
    EXPECT_TRUE(connection.Write(wire::EncodeOp(wire::ReleaseFdsOp{slot})).ok());
    return wire::DecodeShmResponse(ReadMessage(connection)).value_or(wire::ShmResponse{});
  }

  static wire::RequestFdsOp Fds(std::optional<wire::ShmSlot> slot = std::nullopt,
                                bool verification = true) {
    return {.block = TestBlock(kId),
            .token = {},
            .max_version = 1,
            .slot = slot,
            .supports_receipt_verification = verification};
  }

  TempDir directory_;
  std::optional<TransferNode> node_;
};

TEST_F(ShortCircuitTest, FilesOfAReplicaArePassed) {
  const std::string data = TestData(1000);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&*node_}).ok());
  const auto connection = ConnectLocally();
  for (const bool verification : {false, true}) {
    const auto files = GetFiles(*connection, Fds(std::nullopt, verification));
    ASSERT_EQ(files.size(), 2u);
    EXPECT_TRUE(ReadWhole(files[0].get()) == data);
    const std::string meta = ReadWhole(files[1].get());
    EXPECT_EQ(meta.substr(0, 7), std::string("\0\1\2\0\0\2\0", 7));
    EXPECT_EQ(meta.size(), 7u + 2 * 4);
    EXPECT_EQ(::fcntl(files[0].get(), F_GETFL) & O_ACCMODE, O_RDONLY);
    EXPECT_EQ(::fcntl(files[1].get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  }
}

TEST_F(ShortCircuitTest, SlotsTellOfADeletedReplica) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&*node_}).ok());
  const auto owner = ConnectLocally();
  std::vector<OwnedFd> memory;
  const wire::ShmResponse made = AskForSegment(*owner, memory);
  ASSERT_TRUE(made.id.has_value()) << made.error;
  ClientSegment segment(*made.id, memory[0]);
  const auto connection = ConnectLocally();
  const auto files = GetFiles(*connection, Fds(segment.Take(3)));
  EXPECT_EQ(segment.word(3), kValidBit) << "nothing is held in memory: not anchorable";
  EXPECT_EQ(node_->server().short_circuit().slots(), 1u);

  node_->store().Invalidate({TestBlock(kId).block});
  EXPECT_EQ(segment.word(3) & kValidBit, 0u);
  EXPECT_EQ(ReadWhole(files[0].get()), "data") << "what is open stays readable";
  EXPECT_EQ(node_->server().short_circuit().slots(), 1u) << "until it is released";
  EXPECT_EQ(Release(*connection, {.shm = *made.id, .index = 3}).status, OpStatus::kSuccess);
  EXPECT_EQ(node_->server().short_circuit().slots(), 0u);
  const wire::ShmResponse again = Release(*connection, {.shm = *made.id, .index = 3});
  EXPECT_EQ(again.status, OpStatus::kErrorInvalid);
  EXPECT_FALSE(again.error.empty());
}

TEST_F(ShortCircuitTest, SlotsTellOfAnAppend) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&*node_}).ok());
  const auto owner = ConnectLocally();
  std::vector<OwnedFd> memory;
  const wire::ShmResponse made = AskForSegment(*owner, memory);
  ClientSegment segment(made.id.value_or(wire::ShmId{}), memory.at(0));
  const auto connection = ConnectLocally();
  GetFiles(*connection, Fds(segment.Take(0)));
  WriteRequest append;
  append.block = TestBlock(kId, 4).block;
  append.latest_generation_stamp = 1002;
  append.min_bytes_received = 4;
  append.stop_writer = [] {};
  const auto writer = node_->store().Append(append);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ(segment.word(0) & kValidBit, 0u);
}

TEST_F(ShortCircuitTest, SlotsMustBeTheClientsToBeUsed) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&*node_}).ok());
  const auto owner = ConnectLocally();
  std::vector<OwnedFd> memory;
  const wire::ShmResponse made = AskForSegment(*owner, memory);
  ClientSegment segment(made.id.value_or(wire::ShmId{}), memory.at(0));
  const auto connection = ConnectLocally();
  const auto refused = [&](const wire::ShmSlot& slot) {
    const wire::OpResponse response = Request(*connection, Fds(slot));
    EXPECT_EQ(response.status, OpStatus::kError);
    return response.message;
  };
  EXPECT_THAT(refused({.shm = *made.id, .index = 5}), HasSubstr("not marked as valid"));
  EXPECT_THAT(refused({.shm = *made.id, .index = 128}), HasSubstr("no slot 128"));
  EXPECT_THAT(refused({.shm = *made.id, .index = -1}), HasSubstr("no slot -1"));
  EXPECT_THAT(refused({.shm = {1, 2}, .index = 0}),
              HasSubstr("there is no shared memory segment registered with shmId"));
  const wire::ShmSlot slot = segment.Take(127);
  GetFiles(*connection, Fds(slot));
  EXPECT_THAT(refused(slot), HasSubstr("in use"));
  EXPECT_EQ(segment.word(127), kValidBit) << "the first use goes on";
  // A replica that is not there frees the slot again.
  wire::RequestFdsOp missing = Fds(segment.Take(1));
  missing.block = TestBlock(kId + 1);
  EXPECT_EQ(Request(*connection, missing).status, OpStatus::kError);
  EXPECT_EQ(node_->server().short_circuit().slots(), 1u);
}

TEST_F(ShortCircuitTest, ASegmentEndsWithItsConnection) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&*node_}).ok());
  auto owner = ConnectLocally();
  std::vector<OwnedFd> memory;
  const wire::ShmResponse made = AskForSegment(*owner, memory);
  ClientSegment segment(made.id.value_or(wire::ShmId{}), memory.at(0));
  const auto connection = ConnectLocally();
  GetFiles(*connection, Fds(segment.Take(0)));
  EXPECT_EQ(node_->server().short_circuit().segments(), 1u);
  owner.reset();
  EXPECT_TRUE(Eventually([&] { return node_->server().short_circuit().segments() == 0; }));
  EXPECT_EQ(node_->server().short_circuit().slots(), 0u);
  EXPECT_EQ(segment.word(0) & kValidBit, 0u);
}

TEST_F(ShortCircuitTest, TooOldClientsAndTcpAreToldThatItIsNotSupported) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&*node_}).ok());
  const auto connection = ConnectLocally();
  wire::RequestFdsOp old = Fds();
  old.max_version = 0;
  wire::OpResponse response = Request(*connection, old);
  EXPECT_EQ(response.status, OpStatus::kErrorUnsupported);
  EXPECT_EQ(response.short_circuit_version, 1u);
  EXPECT_EQ(GetFiles(*connection, Fds()).size(), 2u) << "the connection goes on";

  RawClient remote(node_->port());
  response = Request(remote.socket(), Fds());
  EXPECT_EQ(response.status, OpStatus::kErrorUnsupported);
  EXPECT_EQ(response.short_circuit_version, std::nullopt);
  std::vector<OwnedFd> memory;
  const wire::ShmResponse refused = AskForSegment(remote.socket(), memory);
  EXPECT_EQ(refused.status, OpStatus::kErrorInvalid);
  EXPECT_THAT(refused.error, HasSubstr("must request a shared memory segment over a UNIX domain"));
}

TEST_F(ShortCircuitTest, OrdinaryReadsAreServedThereToo) {
  const std::string data = TestData(200'000);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&*node_}).ok());
  RawClient client(ConnectLocally());
  const auto read = client.Read({.block = TestBlock(kId),
                                 .token = {},
                                 .client_name = "client",
                                 .offset = 0,
                                 .length = static_cast<int64_t>(data.size())});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->data == data);
}

TEST(DomainSocketPath, IsRefusedWhereOthersCouldReplaceTheSocket) {
  TempDir directory;  // below a folder that everybody may write to
  TransferOptions options = TransferNode::DefaultOptions();
  options.domain_socket_path = directory / "dn";
  TransferNode node;
  const auto server = TransferServer::Start(options, node.store(), SystemClock());
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("is world-writable"));
}

}  // namespace
}  // namespace cairn::datanode
