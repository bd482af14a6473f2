// Tests of the Hadoop RPC server over loopback.
#include "ipc/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "common/testing/manual_clock.h"
#include "common/types/errors.h"
#include "ipc/testing/raw_client.h"
#include "proto/hadoop/IpcConnectionContext.pb.h"
#include "wire/hadoop_rpc/preamble.h"

namespace cairn::ipc {
namespace {

using hadoop::common::UserInformationProto;

// A server with some methods to play with, and calls it has been told to keep.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.listen = {"127.0.0.1", 0};
    options_.sweep_interval_ms = 5;
  }
  ~ServerTest() override {
    if (server_ != nullptr) server_->Stop();
    executor_.Shutdown();
  }

  void Start() {
    std::vector<Method> methods = {
        {"echo", [](std::unique_ptr<Call> call) { call->ReplyBytes(call->request()); }},
        {"keep",
         [this](std::unique_ptr<Call> call) {
           MutexLock lock(mu_);
           most_kept_ = std::max(most_kept_, static_cast<int>(++unanswered_));
           kept_.push_back(std::move(call));
         }},
        {"forget", [](std::unique_ptr<Call> call) {}},
        {"big",
         [this](std::unique_ptr<Call> call) {
           ++begun_;
           call->ReplyBytes(std::string(64 << 10, 'x'));
         }},
        {"fail",
         [](std::unique_ptr<Call> call) { call->Fail(errors::FileDoesNotExist("/nowhere")); }},
        {"whoAmI", Unary<UserInformationProto, UserInformationProto>(
                       [](const Call& call, const UserInformationProto& request,
                          UserInformationProto& response) {
                         response.set_effectiveuser(call.caller().effective_user + "@" +
                                                    call.peer_ip() + request.effectiveuser());
                         return absl::OkStatus();
                       })},
        {"elsewhere",
         OnExecutor(executor_,
                    [](std::unique_ptr<Call> call) { call->ReplyBytes(call->request()); })},
        {.name = "quick",
         .handler = [](std::unique_ptr<Call> call) { call->ReplyBytes("handled"); },
         .quick = [](const CallView& call) -> std::optional<std::string_view> {
           if (call.request == "slow") return std::nullopt;
           call.room = fmt::format("{} of {} at {}", call.request, call.caller.effective_user,
                                   call.peer_ip);
           return call.room;
         }},
    };
    auto server = Server::Start(options_, {{"test.Echo", 1, std::move(methods)}}, clock_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  RawClient Connect() {
    RawClient client(server_->port());
    EXPECT_TRUE(client.Begin().ok());
    return client;
  }
  std::vector<std::unique_ptr<Call>> TakeKept(size_t at_least) {
    EXPECT_TRUE(Eventually([&] {
      MutexLock lock(mu_);
      return kept_.size() >= at_least;
    }));
    MutexLock lock(mu_);
    unanswered_ -= static_cast<int>(kept_.size());
    return std::exchange(kept_, {});
  }

  ServerOptions options_;
  ManualClock clock_;
  Executor executor_{"test", 2};
  std::unique_ptr<Server> server_;
  std::atomic<int> begun_{0};
  Mutex mu_;
  std::vector<std::unique_ptr<Call>> kept_ GUARDED_BY(mu_);
  int unanswered_ GUARDED_BY(mu_) = 0;
  int most_kept_ GUARDED_BY(mu_) = 0;
};

TEST_F(ServerTest, AnswersCalls) {
  Start();
  RawClient client = Connect();
  for (const std::string_view method : {"echo", "elsewhere"}) {
    for (int id = 0; id < 3; ++id) {
      ASSERT_TRUE(client.SendCall(id, method, fmt::format("request {}", id)).ok());
      const auto reply = client.Receive();
      ASSERT_TRUE(reply.ok()) << reply.status();
      EXPECT_EQ(reply->call_id, id);
      EXPECT_EQ(reply->response, fmt::format("request {}", id));
    }
  }
}

TEST_F(ServerTest, WhatCannotBeAnsweredAtOnceIsHandled) {
  Start();
  RawClient client = Connect();
  const std::vector<std::pair<std::string, std::string>> calls = {
      {"first", "first of ada at 127.0.0.1"},
      {"slow", "handled"},
      {"last", "last of ada at 127.0.0.1"}};
  for (size_t id = 0; id < calls.size(); ++id) {
    ASSERT_TRUE(client.SendCall(static_cast<int32_t>(id), "quick", calls[id].first).ok());
    const auto reply = client.Receive();
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->call_id, static_cast<int32_t>(id));
    EXPECT_EQ(reply->response, calls[id].second);
  }
}

TEST_F(ServerTest, AHandlerOfMessagesKnowsItsCaller) {
  Start();
  RawClient client = Connect();
  UserInformationProto message;
  message.set_effectiveuser("!");
  ASSERT_TRUE(client.SendCall(0, "whoAmI", message.SerializeAsString()).ok());
  const auto reply = client.Receive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_TRUE(message.ParseFromString(reply->response));
  EXPECT_EQ(message.effectiveuser(), "ada@127.0.0.1!");
  ASSERT_TRUE(client.SendCall(1, "whoAmI", "\xff\xff").ok());
  EXPECT_EQ(client.Receive()->error.exception_class, wire::kInvalidMessageException);
}

TEST_F(ServerTest, WhatIsNotServedIsRefusedAndTheConnectionStays) {
  Start();
  RawClient client = Connect();
  ASSERT_TRUE(client.SendCall(1, "echo", "", "test.Other").ok());
  ASSERT_TRUE(client.SendCall(2, "echo", "", "test.Echo", 7).ok());
  ASSERT_TRUE(client.SendCall(3, "shout", "").ok());
  ASSERT_TRUE(client.SendCall(4, "fail", "").ok());
  ASSERT_TRUE(client.SendCall(5, "forget", "").ok());
  const std::vector<wire::RpcError> expected = {
      {wire::RpcErrorCode::kNoSuchProtocol, "org.apache.hadoop.ipc.RpcNoSuchProtocolException",
       "Unknown protocol: test.Other"},
      {wire::RpcErrorCode::kRpcVersionMismatch, "org.apache.hadoop.ipc.RPC$VersionMismatch",
       "Protocol test.Echo version mismatch. (client = 7, server = 1)"},
      {wire::RpcErrorCode::kNoSuchMethod, "org.apache.hadoop.ipc.RpcNoSuchMethodException",
       "Unknown method shout called on test.Echo protocol."},
      {wire::RpcErrorCode::kApplication, "java.io.FileNotFoundException",
       "File does not exist: /nowhere"},
      {wire::RpcErrorCode::kRpcServer, "org.apache.hadoop.ipc.RpcServerException",
       "The server gave up the call"}};
  for (int32_t id = 1; id <= 5; ++id) {
    const auto reply = client.Receive();
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->call_id, id);
    EXPECT_EQ(reply->status, wire::RpcReplyStatus::kError);
    EXPECT_EQ(reply->error, expected[id - 1]);
  }
  ASSERT_TRUE(client.SendCall(6, "echo", "still here").ok());
  EXPECT_EQ(client.Receive()->response, "still here");
}

TEST_F(ServerTest, CallsOnOneConnectionAreAnsweredInAnyOrder) {
  Start();
  RawClient client = Connect();
  std::string bytes;
  for (int32_t id = 0; id < 4; ++id) bytes += RawClient::CallBytes(id, "keep", "");
  bytes += RawClient::CallBytes(4, "echo", "overtakes");
  ASSERT_TRUE(client.Send(bytes).ok());
  EXPECT_EQ(client.Receive()->call_id, 4);
  auto calls = TakeKept(4);
  std::thread other([&] {
    for (int i = 3; i >= 0; --i) calls[i]->ReplyBytes("late");
  });
  for (int32_t id = 3; id >= 0; --id) EXPECT_EQ(client.Receive()->call_id, id);
  other.join();
}

// Notes how calls are grouped.
class NotedGroups : public CallGroups {
 public:
  void Begin() override { ++open; }
  void End(const std::shared_ptr<TaskQueue>& loop) override {
    --open;
    MutexLock lock(mu);
    last_loop = loop;
  }

  std::atomic<int> open{0};
  Mutex mu;
  std::shared_ptr<TaskQueue> last_loop GUARDED_BY(mu);
};

TEST_F(ServerTest, CallsAreBegunInGroupsAndMayBeAnsweredOnTheLoop) {
  NotedGroups groups;
  options_.groups = &groups;
  Start();
  RawClient client = Connect();
  constexpr int32_t kCalls = 300;  // more than one group
  std::string bytes;
  for (int32_t id = 0; id < kCalls; ++id) bytes += RawClient::CallBytes(id, "keep", "");
  ASSERT_TRUE(client.Send(bytes).ok());
  std::vector<std::unique_ptr<Call>> calls;
  while (calls.size() < kCalls) {
    for (auto& call : TakeKept(1)) calls.push_back(std::move(call));
  }
  std::shared_ptr<TaskQueue> loop;
  EXPECT_TRUE(Eventually([&] {
    MutexLock lock(groups.mu);
    loop = groups.last_loop;
    return loop != nullptr && groups.open == 0;
  }));
  loop->Run([&] {
    for (int i = 0; i + 1 < kCalls; ++i) calls[static_cast<size_t>(i)]->ReplyBytes("together");
  });
  for (int32_t id = 0; id + 1 < kCalls; ++id) EXPECT_EQ(client.Receive()->call_id, id);
  server_->Stop();
  bool ran = false;
  loop->Run([&] { ran = true; });  // nobody else is left to run it
  EXPECT_TRUE(ran);
  calls.clear();
}

TEST_F(ServerTest, ManyThreadsAnswerManyConnections) {
  options_.event_loops = 2;
  Start();
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([this, c] {
      RawClient client = Connect();
      std::string bytes;
      for (int32_t id = 0; id < 500; ++id) {
        bytes +=
            RawClient::CallBytes(id, id % 2 ? "echo" : "elsewhere", fmt::format("{}/{}", c, id));
      }
      ASSERT_TRUE(client.Send(bytes).ok());
      std::vector<bool> seen(500);
      for (int i = 0; i < 500; ++i) {
        const auto reply = client.Receive();
        ASSERT_TRUE(reply.ok()) << reply.status();
        EXPECT_FALSE(seen[reply->call_id]);
        seen[reply->call_id] = true;
        EXPECT_EQ(reply->response, fmt::format("{}/{}", c, reply->call_id));
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

TEST_F(ServerTest, StrangersAreAnsweredAndClosed) {
  Start();
  RawClient browser(server_->port());
  ASSERT_TRUE(browser.Send("GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n").ok());
  EXPECT_TRUE(browser.ReceiveAll().starts_with("HTTP/1.1 404 Not Found\r\n"));

  RawClient future(server_->port());
  ASSERT_TRUE(future.Send(std::string_view("hrpc\x0a\0\0", 7)).ok());
  const auto reply = future.Receive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, wire::RpcReplyStatus::kFatal);
  EXPECT_TRUE(future.ClosedByPeer());

  RawClient garbage(server_->port());
  ASSERT_TRUE(garbage.Send(std::string_view("\x16\x03\x01\x02\0\x01\0", 7)).ok());
  EXPECT_TRUE(garbage.ClosedByPeer());
  // What was told the reason stays until the peer has had the time to read it.
  browser.socket().Shutdown();
  future.socket().Shutdown();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(ServerTest, AFatalErrorReachesAClientThatSentMoreThanIsRead) {
  Start();
  RawClient client(server_->port());
  // A call without a context, and a lot behind it.
  ASSERT_TRUE(client.Send(wire::EncodePreamble(wire::RpcAuth::kNone)).ok());
  std::string bytes = RawClient::CallBytes(0, "echo", "");
  bytes += RawClient::CallBytes(1, "echo", std::string(1 << 20, 'x'));
  std::thread writer([&] { client.Send(bytes).IgnoreError(); });
  const auto reply = client.Receive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, wire::RpcReplyStatus::kFatal);
  EXPECT_EQ(reply->error.message, "Connection context not established");
  writer.join();
  client.socket().ShutdownWrite();
  EXPECT_TRUE(client.ClosedByPeer());
}

TEST_F(ServerTest, NobodyActsAsAnotherUnlessTheServerSaysSo) {
  const auto begin = [&](RawClient& client) {
    std::string bytes = wire::EncodePreamble(wire::RpcAuth::kNone);
    wire::AppendContext({.effective_user = "ada", .real_user = "bob", .protocol = "test.Echo"},
                        RawClient::kClientId, bytes);
    bytes += RawClient::CallBytes(0, "echo", "");
    ASSERT_TRUE(client.Send(bytes).ok());
  };
  Start();
  RawClient refused(server_->port());
  begin(refused);
  const auto reply = refused.Receive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, wire::RpcReplyStatus::kFatal);
  EXPECT_EQ(reply->call_id, wire::kContextCallId);
  EXPECT_EQ(reply->error,
            (wire::RpcError{wire::RpcErrorCode::kFatalUnauthorized,
                            "org.apache.hadoop.security.authorize.AuthorizationException",
                            "User: bob is not allowed to impersonate ada"}));
  EXPECT_TRUE(refused.ClosedByPeer());
  server_->Stop();

  options_.authorize = [](const wire::RpcContext& context, const std::string& peer_ip,
                          const Authorized& done) {
    EXPECT_EQ(context.real_user, "bob");
    EXPECT_EQ(peer_ip, "127.0.0.1");
    done(std::nullopt);
  };
  Start();
  RawClient allowed(server_->port());
  begin(allowed);
  EXPECT_EQ(allowed.Receive()->status, wire::RpcReplyStatus::kSuccess);
}

TEST_F(ServerTest, FramesBeyondTheLimitEndTheConnectionWithoutReply) {
  options_.max_request_bytes = 1 << 20;
  Start();
  for (const std::string_view length :
       {std::string_view("\0\x10\0\x01", 4), std::string_view("\xff\xff\xff\xff", 4)}) {
    RawClient client = Connect();
    ASSERT_TRUE(client.Send(length).ok());
    EXPECT_TRUE(client.ClosedByPeer());
  }
}

TEST_F(ServerTest, LargeCallsAndTheirNeighboursArriveWhole) {
  Start();
  RawClient client = Connect();
  std::string large(3 << 20, 'l');
  for (size_t i = 0; i < large.size(); i += 97) large[i] = static_cast<char>(i);
  std::string bytes = RawClient::CallBytes(0, "echo", "small");
  bytes += RawClient::CallBytes(1, "echo", large);
  bytes += RawClient::CallBytes(2, "echo", "small too");
  std::thread writer([&] { EXPECT_TRUE(client.Send(bytes).ok()); });
  EXPECT_EQ(client.Receive()->response, "small");
  EXPECT_TRUE(client.Receive()->response == large);
  EXPECT_EQ(client.Receive()->response, "small too");
  writer.join();
}

TEST_F(ServerTest, ASlowWriterIsWaitedFor) {
  Start();
  RawClient client(server_->port());
  std::string bytes = wire::EncodePreamble(wire::RpcAuth::kNone);
  wire::AppendContext({.effective_user = "u", .real_user = "", .protocol = "p"}, "", bytes);
  bytes += RawClient::CallBytes(0, "echo", "at last");
  for (const char byte : bytes) ASSERT_TRUE(client.Send(std::string_view(&byte, 1)).ok());
  EXPECT_EQ(client.Receive()->response, "at last");
}

TEST_F(ServerTest, AConnectionRunsABoundedNumberOfCalls) {
  options_.max_calls = 10;
  Start();
  RawClient client = Connect();
  std::string bytes;
  for (int32_t id = 0; id < 55; ++id) bytes += RawClient::CallBytes(id, "keep", "");
  ASSERT_TRUE(client.Send(bytes).ok());
  int answered = 0;
  while (answered < 55) {
    for (auto& call : TakeKept(1)) {
      call->ReplyBytes("");
      ++answered;
    }
  }
  for (int i = 0; i < 55; ++i) ASSERT_TRUE(client.Receive().ok());
  MutexLock lock(mu_);
  EXPECT_LE(most_kept_, 10);
}

TEST_F(ServerTest, APeerThatDoesNotReadIsNotServedForEver) {
  constexpr int kCalls = 2000;  // 128 MB of replies
  options_.max_unsent_bytes = 1 << 20;
  Start();
  RawClient greedy = Connect();
  std::string bytes;
  for (int32_t id = 0; id < kCalls; ++id) bytes += RawClient::CallBytes(id, "big", "");
  ASSERT_TRUE(greedy.Send(bytes).ok());
  // The loop has looked at the greedy one before it has answered the other so often.
  RawClient other = Connect();
  for (int32_t id = 0; id < 20; ++id) {
    ASSERT_TRUE(other.SendCall(id, "echo", "").ok());
    ASSERT_TRUE(other.Receive().ok());
  }
  EXPECT_GT(begun_.load(), 0);
  EXPECT_LT(begun_.load(), kCalls / 2);
  for (int i = 0; i < kCalls; ++i) ASSERT_TRUE(greedy.Receive().ok());
  EXPECT_EQ(begun_.load(), kCalls);
}

TEST_F(ServerTest, SilentConnectionsWithoutContextAreClosed) {
  Start();
  RawClient silent(server_->port());
  RawClient half(server_->port());
  ASSERT_TRUE(half.Send("hrpc").ok());
  RawClient idle = Connect();
  ASSERT_TRUE(idle.SendCall(0, "echo", "").ok());
  ASSERT_TRUE(idle.Receive().ok());
  ASSERT_TRUE(Eventually([&] { return server_->connections() == 3; }));
  clock_.Advance(options_.setup_timeout_ms);
  EXPECT_TRUE(silent.ClosedByPeer());
  EXPECT_TRUE(half.ClosedByPeer());
  ASSERT_TRUE(idle.SendCall(1, "echo", "").ok());
  EXPECT_TRUE(idle.Receive().ok());
}

TEST_F(ServerTest, IdleConnectionsAreClosedOnlyWhenThereAreMany) {
  options_.idle_threshold = 2;
  Start();
  RawClient busy = Connect();
  ASSERT_TRUE(busy.SendCall(0, "keep", "").ok());
  const auto kept = TakeKept(1);
  std::vector<RawClient> idle;
  for (int i = 0; i < 2; ++i) {
    idle.push_back(Connect());
    ASSERT_TRUE(idle.back().SendCall(0, "echo", "").ok());
    ASSERT_TRUE(idle.back().Receive().ok());
  }
  clock_.Advance(options_.max_idle_ms);
  EXPECT_TRUE(Eventually([&] { return server_->connections() < 3; }));
  kept[0]->ReplyBytes("was not idle");
  EXPECT_EQ(busy.Receive()->response, "was not idle");
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreClosed) {
  options_.max_connections = 1;
  Start();
  RawClient first = Connect();
  ASSERT_TRUE(first.SendCall(0, "echo", "").ok());
  ASSERT_TRUE(first.Receive().ok());
  RawClient second(server_->port());
  EXPECT_TRUE(second.ClosedByPeer());
}

TEST_F(ServerTest, StopsWithRunningCallsWhichMayBeAnsweredLater) {
  Start();
  RawClient client = Connect();
  ASSERT_TRUE(client.SendCall(0, "keep", "").ok());
  ASSERT_TRUE(client.SendCall(1, "keep", "").ok());
  auto calls = TakeKept(2);
  server_->Stop();
  EXPECT_TRUE(client.ClosedByPeer());
  calls[0]->ReplyBytes("to nobody");
  server_.reset();
  calls.clear();
}

// Sanitizers keep memory for themselves.
#if defined(__has_feature) && (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// In kilobytes.
int64_t ResidentMemory() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) >> 10);
}

TEST_F(ServerTest, AThousandIdleConnectionsCostLittle) {
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur < 2'200) GTEST_SKIP() << "too few descriptors allowed";
  Start();
  const auto use = [&](RawClient& client) {
    ASSERT_TRUE(client.SendCall(0, "echo", std::string(20'000, 'x')).ok());
    ASSERT_TRUE(client.Receive().ok());
  };
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(Connect());
    use(clients.back());
  }
  const int64_t before_kb = ResidentMemory();
  for (int i = 0; i < 1'000; ++i) {
    clients.push_back(Connect());
    use(clients.back());
  }
  // Both ends are in this process.
  if (!kSanitized) EXPECT_LT(ResidentMemory() - before_kb, 4'000);
  EXPECT_EQ(server_->connections(), 1'020);
  for (RawClient& client : clients) use(client);
}

}  // namespace
}  // namespace cairn::ipc
