// The web server on loopback: replies, limits, clients that go away.
#include "namenode/http/http_server.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "common/net/socket.h"
#include "namenode/frontend/testing/fake_core.h"
#include "namenode/fsck/testing/fake_salvager.h"
#include "namenode/http/namenode_http.h"

namespace cairn::namenode {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int kTimeoutMs = 20'000;

std::unique_ptr<TcpSocket> ConnectTo(int port) {
  auto socket = TcpSocket::Connect({"127.0.0.1", port}, kTimeoutMs);
  EXPECT_TRUE(socket.ok()) << socket.status();
  (*socket)->SetReadTimeout(kTimeoutMs);
  return *std::move(socket);
}

// Sends `request` and returns everything that comes until the server closes.
std::string Exchange(int port, const std::string& request) {
  const auto socket = ConnectTo(port);
  EXPECT_TRUE(socket->WriteFull(request).ok());
  std::string reply;
  char buffer[4096];
  while (true) {
    const auto read = socket->ReadSome(buffer, sizeof buffer);
    if (!read.ok() || *read == 0) break;
    reply.append(buffer, *read);
  }
  return reply;
}

std::string Get(int port, const std::string& target) {
  return Exchange(port, "GET " + target + " HTTP/1.0\r\n\r\n");
}

std::unique_ptr<HttpServer> Serve(HttpServer::Handler handler, HttpServerOptions options = {}) {
  options.listen = {"127.0.0.1", 0};
  auto server = HttpServer::Start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

void Hello(const HttpRequest& request, HttpReply& reply) {
  reply.body->Write("hello " + request.peer_ip);
  reply.body->Finish();
}

TEST(HttpServer, SendsChunksToOnesThatKnowThem) {
  const auto server = Serve(Hello);
  EXPECT_THAT(Exchange(server->port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"),
                    HasSubstr("Content-Type: text/plain;charset=utf-8\r\n"),
                    EndsWith("\r\n\r\nf\r\nhello 127.0.0.1\r\n0\r\n\r\n")));
  EXPECT_THAT(Get(server->port(), "/"),
              AllOf(StartsWith("HTTP/1.0 200 OK\r\n"), EndsWith("\r\n\r\nhello 127.0.0.1")));
}

TEST(HttpServer, OnlyReadsAreServed) {
  const auto server = Serve(Hello);
  EXPECT_THAT(Exchange(server->port(), "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(Exchange(server->port(), "POST / HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
  EXPECT_THAT(Exchange(server->port(), "GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Exchange(server->port(), "rubbish\r\n\r\n"), HasSubstr(" 400 "));
  EXPECT_THAT(Get(server->port(), "/?a=%"), HasSubstr(" 400 "));
}

TEST(HttpServer, AHeaderHasALimit) {
  const auto server = Serve(Hello, {.max_header_bytes = 1000});
  EXPECT_THAT(Get(server->port(), "/" + std::string(2000, 'x')), HasSubstr(" 431 "));
  EXPECT_THAT(Get(server->port(), "/" + std::string(500, 'x')), HasSubstr(" 200 "));
}

TEST(HttpServer, ASilentClientIsGivenUp) {
  const auto server = Serve(Hello, {.request_timeout_ms = 50});
  EXPECT_THAT(Exchange(server->port(), "GET / HT"), IsEmpty());
}

TEST(HttpServer, ConnectionsHaveALimit) {
  const auto server = Serve(Hello, {.max_connections = 1});
  {
    const auto first = ConnectTo(server->port());
    EXPECT_THAT(Get(server->port(), "/"), IsEmpty());
  }
  // The first one's end is noticed soon.
  std::string reply;
  for (int i = 0; i < 20'000 && reply.empty(); ++i) reply = Get(server->port(), "/");
  EXPECT_THAT(reply, HasSubstr(" 200 "));
}

TEST(HttpServer, ABodyMayBeLargerThanWhatIsBufferedAndTheClientSlow) {
  constexpr int kLines = 60'000;
  std::thread writer;
  const auto server = Serve([&](const HttpRequest&, HttpReply& reply) {
    writer = std::thread([body = reply.body] {
      for (int i = 0; i < kLines; ++i) {
        if (!body->Write(
                fmt::format("a line that is a hundred bytes long, or nearly so {:>49}\n", i)))
          return;
      }
      body->Finish();
    });
  });
  const std::string reply = Get(server->port(), "/");
  writer.join();
  EXPECT_EQ(reply.size() - reply.find("\r\n\r\n") - 4, kLines * 100);
  EXPECT_TRUE(reply.ends_with(fmt::format(" {}\n", kLines - 1)));
}

TEST(HttpServer, AWriterLearnsThatItsClientIsGoneOrTheServerStops) {
  for (const bool stop : {false, true}) {
    std::thread writer;
    std::atomic<bool> began{false};
    const auto server = Serve([&](const HttpRequest&, HttpReply& reply) {
      writer = std::thread([body = reply.body, &began] {
        while (body->Write(std::string(10'000, 'x'))) began = true;
      });
    });
    {
      const auto socket = ConnectTo(server->port());
      ASSERT_TRUE(socket->WriteFull("GET / HTTP/1.1\r\n\r\n").ok());
      // The header may come before the writer began; a piece of the body does not.
      std::string head(1'000, '\0');
      ASSERT_TRUE(socket->ReadFull(head.data(), head.size()).ok());
      ASSERT_THAT(head, HasSubstr("xxx"));
      if (stop) server->Stop();
    }
    writer.join();
    EXPECT_TRUE(began);
  }
}

TEST(HttpServer, ASecondServerCannotTakeThePort) {
  const auto server = Serve(Hello);
  HttpServerOptions options;
  options.listen = {"127.0.0.1", server->port()};
  const auto second = HttpServer::Start(options, Hello);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(fmt::format("127.0.0.1:{}", server->port())));
}

TEST(NameNodeHttp, ServesFsckAndSaysWhatItIs) {
  testing::FakeNamespace names;
  testing::FakeBlockManager blocks;
  testing::FakeGroups groups;
  testing::FakeSalvager salvager;
  testing::FakeAdmin cluster_admin;
  FsckService fsck(
      {.names = names, .blocks = blocks, .clock = SystemClock(), .salvager = salvager});
  names.on_walk = [](const auto& visit, DoneVoid done) {
    FileStatus directory;
    directory.type = FileType::kDirectory;
    visit("/d x", directory);
    done(absl::OkStatus());
  };
  NameNodeHttpOptions options;
  options.server.listen = {"127.0.0.1", 0};
  options.superusers = {.owner = "hdfs", .supergroup = "supergroup"};
  FrontEndCore core{.names = names,
                    .blocks = blocks,
                    .admin = cluster_admin,
                    .clock = SystemClock(),
                    .cluster = {.cluster_id = "CID-1"}};
  auto http = NameNodeHttp::Start(options, core, groups, fsck);
  ASSERT_TRUE(http.ok()) << http.status();
  const int port = (*http)->port();
  EXPECT_THAT(Get(port, "/"), EndsWith("\r\n\r\nThe NameNode of cluster CID-1; /fsck checks its "
                                       "files.\n"));
  EXPECT_THAT(Get(port, "/jmx"), StartsWith("HTTP/1.0 404 "));
  EXPECT_THAT(
      Get(port, "/fsck?ugi=joe&path=%2Fd+x&files=1"),
      AllOf(HasSubstr("FSCK started by joe (auth:SIMPLE) from /127.0.0.1 for path /d x at "),
            HasSubstr("\n\n/d x <dir>\n"),
            EndsWith("\n\nThe filesystem under path '/d x' is HEALTHY")));
  EXPECT_THAT(Get(port, "/fsck"), HasSubstr("FSCK started by dr.who (auth:SIMPLE) from /127.0.0.1 "
                                            "for path / at "));
  EXPECT_THAT(Get(port, "/fsck?ugi=joe&blockId=blk_1+"), HasSubstr("Access denied for user joe."));
  EXPECT_THAT(Get(port, "/fsck?ugi=hdfs&blockId=blk_1+"),
              HasSubstr("\n\nBlock blk_1 does not exist\n"));
  (*http)->Stop();
}

}  // namespace
}  // namespace cairn::namenode
