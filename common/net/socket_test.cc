// Sockets over loopback: bytes arrive, waits end, errors name the peer.
#include "common/net/socket.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/file_system.h"
#include "common/testing/temp_dir.h"

namespace cairn {
namespace {

constexpr int64_t kTimeoutMs = 10'000;

// Two ends of one connection.
struct Pair {
  explicit Pair(const std::string& host = "127.0.0.1") {
    listener = *TcpListener::Listen({host, 0});
    client = *TcpSocket::Connect({host, listener->port()}, kTimeoutMs);
    server = *listener->Accept();
  }
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<TcpSocket> client;
  std::unique_ptr<TcpSocket> server;
};

bool Names(const absl::Status& status, std::string_view text) {
  return std::string_view(status.message().data(), status.message().size()).find(text) !=
         std::string_view::npos;
}

TEST(TcpSocket, CarriesBytesBothWaysOverIpv4AndIpv6) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    auto listener = TcpListener::Listen({host, 0});
    if (!listener.ok()) {
      ASSERT_STREQ(host, "::1") << listener.status();  // a machine without IPv6
      continue;
    }
    Pair pair(host);
    ASSERT_TRUE(pair.client->WriteFull("question").ok());
    char buffer[8];
    ASSERT_TRUE(pair.server->ReadFull(buffer, 8).ok());
    EXPECT_EQ(std::string_view(buffer, 8), "question");
    ASSERT_TRUE(pair.server->WriteFull("answer").ok());
    ASSERT_TRUE(pair.client->ReadFull(buffer, 6).ok());
    EXPECT_EQ(std::string_view(buffer, 6), "answer");
    EXPECT_EQ(pair.client->local_address().ToString(), pair.server->peer());
    EXPECT_EQ(pair.server->remote_address().ToString(), pair.server->peer());
  }
}

TEST(TcpSocket, WritesManyPartsLargerThanTheBuffersInOrder) {
  Pair pair;
  std::vector<std::string> pieces;
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    pieces.emplace_back(i % 7 == 0 ? 0 : 40'000 + i, static_cast<char>('a' + i % 26));
    expected += pieces.back();
  }
  std::vector<iovec> parts;
  for (std::string& piece : pieces) parts.push_back({piece.data(), piece.size()});
  absl::Status written;
  std::thread writer([&] { written = pair.client->WriteV(parts); });
  std::string got(expected.size(), '\0');
  const absl::Status read = pair.server->ReadFull(got.data(), got.size());
  writer.join();
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_TRUE(got == expected);
}

TEST(TcpSocket, AReadTimesOutAndNamesThePeer) {
  Pair pair;
  pair.client->SetReadTimeout(20);
  char byte;
  const absl::Status status = pair.client->ReadFull(&byte, 1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(Names(status, pair.client->peer())) << status;
}

TEST(TcpSocket, AWriteTimesOutWhenThePeerDoesNotRead) {
  Pair pair;
  pair.client->SetWriteTimeout(20);
  const absl::Status status = pair.client->WriteFull(std::string(64 << 20, 'x'));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(Names(status, pair.client->peer())) << status;
}

TEST(TcpSocket, TellsAnOrderlyEndFromACutOne) {
  Pair pair;
  ASSERT_TRUE(pair.client->WriteFull("ab").ok());
  pair.client->ShutdownWrite();
  char buffer[4];
  ASSERT_TRUE(pair.server->ReadFull(buffer, 1).ok());
  EXPECT_TRUE(absl::IsUnavailable(pair.server->ReadFull(buffer, 4)));
  EXPECT_TRUE(absl::IsOutOfRange(pair.server->ReadFull(buffer, 4)));
}

TEST(TcpSocket, ShutdownFromAnotherThreadEndsAWaitingRead) {
  Pair pair;
  std::thread other([&] { pair.client->Shutdown(); });
  char byte;
  const absl::Status status = pair.client->ReadFull(&byte, 1);
  other.join();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(pair.client->WriteFull("x").ok());
}

TEST(TcpSocket, ARefusedConnectionNamesTheAddress) {
  int port = 0;
  { port = (*TcpListener::Listen({"127.0.0.1", 0}))->port(); }
  const auto socket = TcpSocket::Connect({"127.0.0.1", port}, kTimeoutMs);
  ASSERT_FALSE(socket.ok());
  EXPECT_TRUE(absl::IsUnavailable(socket.status()));
  EXPECT_TRUE(Names(socket.status(), fmt::format("127.0.0.1:{}", port))) << socket.status();
}

TEST(TcpSocket, SendsAPartOfAFile) {
  TempDir dir;
  const std::string path = dir / "f";
  ASSERT_TRUE(PosixFileSystem().WriteFileAtomically(path, "0123456789").ok());
  const auto file = *PosixFileSystem().Open(path, OpenMode::kRead);
  Pair pair;
  ASSERT_TRUE(pair.client->SendFile(file->fd(), 2, 5).ok());
  char buffer[5];
  ASSERT_TRUE(pair.server->ReadFull(buffer, 5).ok());
  EXPECT_EQ(std::string_view(buffer, 5), "23456");
  EXPECT_TRUE(absl::IsDataLoss(pair.client->SendFile(file->fd(), 8, 5)));
}

TEST(TcpSocket, WaitReadableLooksWithoutTaking) {
  Pair pair;
  EXPECT_FALSE(*pair.server->WaitReadable(0));
  ASSERT_TRUE(pair.client->WriteFull("x").ok());
  EXPECT_TRUE(*pair.server->WaitReadable(kTimeoutMs));
  char byte;
  EXPECT_TRUE(pair.server->ReadFull(&byte, 1).ok());
}

TEST(TcpListener, ShutdownEndsAccept) {
  auto listener = *TcpListener::Listen({"127.0.0.1", 0});
  absl::Status status;
  std::thread waiting([&] { status = listener->Accept().status(); });
  listener->Shutdown();
  waiting.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_TRUE(absl::IsCancelled(listener->Accept().status()));
}

TEST(TcpListener, APortInUseIsAnErrorThatNamesIt) {
  auto first = *TcpListener::Listen({"127.0.0.1", 0});
  const auto second = TcpListener::Listen({"127.0.0.1", first->port()});
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(Names(second.status(), fmt::format("127.0.0.1:{}", first->port())));
}

}  // namespace
}  // namespace cairn
