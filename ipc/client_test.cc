// Tests of the Hadoop RPC client, against our server and against what a test plays.
#include "ipc/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/testing/manual_clock.h"
#include "common/types/errors.h"
#include "ipc/server.h"
#include "ipc/testing/raw_client.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/preamble.h"

namespace cairn::ipc {
namespace {

constexpr int64_t kTimeoutMs = 10'000;
constexpr MethodId kEcho{"test.Echo", "echo"};
constexpr MethodId kKeep{"test.Echo", "keep"};
constexpr MethodId kFail{"test.Echo", "fail"};

class ClientTest : public ::testing::Test {
 protected:
  ~ClientTest() override {
    if (server_ != nullptr) server_->Stop();
  }
  void StartServer(int port = 0) {
    ServerOptions options;
    options.listen = {"127.0.0.1", port};
    std::vector<Method> methods = {
        {"echo",
         [this](std::unique_ptr<Call> call) {
           ++calls_;
           call->ReplyBytes(call->request());
         }},
        {"keep",
         [this](std::unique_ptr<Call> call) {
           MutexLock lock(mu_);
           kept_.push_back(std::move(call));
         }},
        {"fail", [](std::unique_ptr<Call> call) {
           call->Fail(errors::ReplicaRecoveryInProgress("somebody else is at it"));
         }}};
    auto server = Server::Start(options, {{"test.Echo", 1, std::move(methods)}}, clock_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = {"127.0.0.1", server_->port()};
  }
  size_t kept() {
    MutexLock lock(mu_);
    return kept_.size();
  }

  ManualClock clock_;
  Random random_{1};
  std::unique_ptr<Server> server_;
  HostPort address_;
  std::atomic<int> calls_{0};
  Mutex mu_;
  std::vector<std::unique_ptr<Call>> kept_ GUARDED_BY(mu_);
};

TEST_F(ClientTest, CallsAndSharesAConnection) {
  StartServer();
  Client client({.user = "ada"}, random_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string request = fmt::format("{} of {}", i, t);
        const auto reply = client.Call(address_, kEcho, request, kTimeoutMs);
        ASSERT_TRUE(reply.ok()) << reply.status();
        EXPECT_EQ(*reply, request);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls_, 800);
  EXPECT_EQ(server_->connections(), 1);
  const std::string large(2 << 20, 'x');
  EXPECT_TRUE(client.Call(address_, kEcho, large, kTimeoutMs).value() == large);
}

TEST_F(ClientTest, ExceptionsComeBackAsTheirKind) {
  StartServer();
  Client client({.user = "ada"}, random_);
  absl::Status status = client.Call(address_, kFail, "", kTimeoutMs).status();
  EXPECT_TRUE(Is(status, ErrorKind::kRecoveryInProgress)) << status;
  EXPECT_EQ(status.message(), "somebody else is at it");
  status = client.Call(address_, {"test.Echo", "unknown"}, "", kTimeoutMs).status();
  EXPECT_TRUE(Is(status, ErrorKind::kIo)) << status;
}

TEST_F(ClientTest, ACallThatIsNotAnsweredEndsInTime) {
  StartServer();
  Client client({.user = "ada"}, random_);
  const absl::Status status = client.Call(address_, kKeep, "", 50).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_NE(status.message().find("keep at 127.0.0.1:"), absl::string_view::npos) << status;
  ASSERT_TRUE(Eventually([&] { return kept() == 1; }));
  {
    MutexLock lock(mu_);
    kept_.clear();  // answered, too late
  }
  EXPECT_EQ(client.Call(address_, kEcho, "goes on", kTimeoutMs).value(), "goes on");
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(ClientTest, ReconnectsToARestartedServer) {
  StartServer();
  Client client({.user = "ada"}, random_);
  EXPECT_TRUE(client.Call(address_, kEcho, "", kTimeoutMs).ok());
  server_->Stop();
  // The end of the old connection may or may not have been noticed.
  EXPECT_TRUE(absl::IsUnavailable(client.Call(address_, kEcho, "", kTimeoutMs).status()));
  EXPECT_TRUE(absl::IsUnavailable(client.Call(address_, kEcho, "", kTimeoutMs).status()));
  StartServer(address_.port);
  EXPECT_TRUE(client.Call(address_, kEcho, "", kTimeoutMs).ok());
}

TEST_F(ClientTest, ARunningCallFailsWithItsConnection) {
  StartServer();
  Client client({.user = "ada"}, random_);
  std::thread caller([&] {
    const absl::Status status = client.Call(address_, kKeep, "", kTimeoutMs).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  });
  ASSERT_TRUE(Eventually([&] { return kept() == 1; }));
  server_->Stop();
  caller.join();
}

TEST_F(ClientTest, ShutdownEndsRunningCalls) {
  StartServer();
  Client client({.user = "ada"}, random_);
  std::thread caller([&] {
    const absl::Status status = client.Call(address_, kKeep, "", kTimeoutMs).status();
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
  });
  ASSERT_TRUE(Eventually([&] { return kept() == 1; }));
  client.Shutdown();
  caller.join();
  EXPECT_TRUE(absl::IsCancelled(client.Call(address_, kEcho, "", kTimeoutMs).status()));
}

TEST_F(ClientTest, AnIdleConnectionIsClosedAndMadeAnew) {
  StartServer();
  Client client({.user = "ada", .max_idle_ms = 10}, random_);
  EXPECT_TRUE(client.Call(address_, kEcho, "", kTimeoutMs).ok());
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
  EXPECT_TRUE(client.Call(address_, kEcho, "", kTimeoutMs).ok());
}

// A server of which a test decides every byte.
class PlayedServer {
 public:
  PlayedServer() : listener_(TcpListener::Listen({"127.0.0.1", 0}).value()) {}
  HostPort address() const { return {"127.0.0.1", listener_->port()}; }
  void Accept() {
    socket_ = listener_->Accept().value();
    socket_->SetReadTimeout(kTimeoutMs);
    std::string preamble(wire::kPreambleBytes, '\0');
    ASSERT_TRUE(socket_->ReadFull(preamble.data(), preamble.size()).ok());
    EXPECT_EQ(preamble, wire::EncodePreamble(wire::RpcAuth::kNone));
  }
  // The content of the next frame.
  std::string Read() {
    std::string length(wire::kFrameLengthBytes, '\0');
    EXPECT_TRUE(socket_->ReadFull(length.data(), length.size()).ok());
    std::string content(wire::FrameSize(length, 1 << 20).value() - length.size(), '\0');
    EXPECT_TRUE(socket_->ReadFull(content.data(), content.size()).ok());
    return content;
  }
  void Write(std::string_view bytes) { EXPECT_TRUE(socket_->WriteFull(bytes).ok()); }

 private:
  std::unique_ptr<TcpListener> listener_;
  std::unique_ptr<TcpSocket> socket_;
};

class PlayedServerTest : public ::testing::Test {
 protected:
  // One call of a new client, to a server that `play`s after preamble and context.
  absl::Status CallAgainst(const std::function<void(PlayedServer&)>& play) {
    PlayedServer server;
    std::thread thread([&] {
      server.Accept();
      server.Read();
      play(server);
    });
    Client client(options_, random_);
    const absl::Status status = client.Call(server.address(), kEcho, "x", kTimeoutMs).status();
    thread.join();
    return status;
  }

  ClientOptions options_{.user = "ada", .max_idle_ms = 10, .ping_interval_ms = 10};
  Random random_{1};
};

TEST_F(PlayedServerTest, AFatalReplyFailsEveryCall) {
  const absl::Status status = CallAgainst([](PlayedServer& server) {
    server.Read();
    std::string bytes;
    wire::AppendFatal({.call_id = wire::kNoCallId},
                      {.code = wire::RpcErrorCode::kFatalUnauthorized,
                       .exception_class = std::string(wire::kAccessControlException),
                       .message = "not you"},
                      bytes);
    server.Write(bytes);
  });
  EXPECT_TRUE(Is(status, ErrorKind::kAccessControl)) << status;
  EXPECT_EQ(status.message(), "not you");
}

TEST_F(PlayedServerTest, RepliesOfStrangersAndGarbageEndTheConnection) {
  std::string stranger;
  wire::AppendReply({.call_id = 0, .retry_count = 0, .client_id = "another client's"}, "",
                    stranger);
  for (const std::string& bytes :
       {stranger, std::string("\0\0\0\x01\x05", 5), std::string("\xff\0\0\0", 4)}) {
    const absl::Status status = CallAgainst([&](PlayedServer& server) {
      server.Read();
      server.Write(bytes);
    });
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  }
}

TEST_F(PlayedServerTest, AWaitingClientPings) {
  const absl::Status status = CallAgainst([](PlayedServer& server) {
    server.Read();
    std::string ping;
    const std::string content = server.Read();
    EXPECT_LT(content.size(), 40u);  // a header and nothing else
    EXPECT_EQ(content, server.Read());
    std::string reply;
    wire::AppendReply({.call_id = 0}, "", reply);
    server.Write(reply);
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ClientErrors, NameAddressAndMethod) {
  Random random(1);
  Client client({.user = "ada"}, random);
  int port = 0;
  { port = TcpListener::Listen({"127.0.0.1", 0}).value()->port(); }
  const absl::Status status = client.Call({"127.0.0.1", port}, kEcho, "", kTimeoutMs).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_NE(status.message().find(fmt::format("echo at 127.0.0.1:{}", port)),
            absl::string_view::npos)
      << status;
}

}  // namespace
}  // namespace cairn::ipc
