// Each fault of the proxy, seen from both ends of a connection.
#include "tests/fault/proxy/fault_proxy.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
constexpr char kSelf[] = "127.0.0.1";

int64_t NowMs() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// A connection through the proxy: caller_ and daemon_ are its ends.
class FaultProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(listener_, TcpListener::Listen({kSelf, 0}));
    ASSERT_OK_AND_ASSIGN(proxy_, FaultProxy::Start({"127.0.2.7", 0}, {kSelf, listener_->port()}));
    Connect();
  }
  void Connect() {
    ASSERT_OK_AND_ASSIGN(caller_, TcpSocket::Connect({"127.0.2.7", proxy_->port()}, 5000));
    ASSERT_OK_AND_ASSIGN(daemon_, listener_->Accept());
    ASSERT_OK(cairn::testing::WaitFor("the connection to be served", 10,
                                      [&] { return !proxy_->Sources().empty(); }));
    for (TcpSocket* socket : {caller_.get(), daemon_.get()}) socket->SetReadTimeout(5000);
  }
  static std::string Receive(TcpSocket& socket, size_t n) {
    std::string bytes(n, '\0');
    const absl::Status status = socket.ReadFull(bytes.data(), n);
    return status.ok() ? bytes : status.ToString();
  }
  static bool Silent(TcpSocket& socket) { return !*socket.WaitReadable(100); }
  // What a read answers when there is nothing to read any more.
  static absl::Status EndOf(TcpSocket& socket) {
    char byte;
    return socket.ReadSome(&byte, 1).status();
  }
  // How a connection that the proxy resets ends: already while connecting, where the reset
  // overtakes it.
  absl::Status EndOfNewConnection() const {
    const auto connection = TcpSocket::Connect({"127.0.2.7", proxy_->port()}, 5000);
    if (!connection.ok()) return connection.status();
    (*connection)->SetReadTimeout(5000);
    return EndOf(**connection);
  }

  std::unique_ptr<TcpListener> listener_;
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<TcpSocket> caller_;
  std::unique_ptr<TcpSocket> daemon_;
};

TEST_F(FaultProxyTest, PassesBothFlowsAndTheEndOfEach) {
  ASSERT_OK(caller_->WriteFull("ping"));
  EXPECT_EQ(Receive(*daemon_, 4), "ping");
  caller_->ShutdownWrite();
  EXPECT_TRUE(absl::IsOutOfRange(EndOf(*daemon_)));
  ASSERT_OK(daemon_->WriteFull("pong"));
  EXPECT_EQ(Receive(*caller_, 4), "pong");
  EXPECT_EQ(proxy_->passed(kSelf, Flow::kToDaemon), 4);
  EXPECT_OK(
      cairn::testing::WaitFor("half of it to end", 10, [&] { return proxy_->Sources().empty(); }));
  EXPECT_EQ(proxy_->struck(), 0);
}

TEST_F(FaultProxyTest, TheDaemonSeesTheCallersAddress) {
  EXPECT_EQ(daemon_->remote_address().ip(), kSelf);
  EXPECT_EQ(proxy_->Sources(), std::vector<std::string>{kSelf});
}

TEST_F(FaultProxyTest, AHeldFlowIsSilentAndTheOtherGoesOn) {
  proxy_->Shape(kSelf, Flow::kToDaemon, {.held = true});
  ASSERT_OK(caller_->WriteFull("late"));
  EXPECT_TRUE(Silent(*daemon_));
  ASSERT_OK(daemon_->WriteFull("back"));
  EXPECT_EQ(Receive(*caller_, 4), "back");
  proxy_->Heal();
  EXPECT_EQ(Receive(*daemon_, 4), "late");
  EXPECT_EQ(proxy_->struck(), 1);
}

TEST_F(FaultProxyTest, ShapingOfAnotherSourceChangesNothing) {
  proxy_->Shape("127.0.9.9", Flow::kToDaemon, {.held = true});
  ASSERT_OK(caller_->WriteFull("ping"));
  EXPECT_EQ(Receive(*daemon_, 4), "ping");
}

TEST_F(FaultProxyTest, DelaysAndThrottles) {
  proxy_->Shape("", Flow::kToDaemon, {.delay_ms = 200});
  int64_t begun = NowMs();
  ASSERT_OK(caller_->WriteFull("x"));
  EXPECT_EQ(Receive(*daemon_, 1), "x");
  EXPECT_GE(NowMs() - begun, 200);
  proxy_->Shape("", Flow::kToDaemon, {.bytes_per_second = 1000});
  begun = NowMs();
  ASSERT_OK(caller_->WriteFull(std::string(300, 'y')));
  EXPECT_EQ(Receive(*daemon_, 300), std::string(300, 'y'));
  EXPECT_GE(NowMs() - begun, 290);
}

TEST_F(FaultProxyTest, FlipsExactlyOneBitOfTheByteNamed) {
  proxy_->FlipOnce(kSelf, Flow::kToDaemon, 3);
  ASSERT_OK(caller_->WriteFull("aaaaaa"));
  EXPECT_EQ(Receive(*daemon_, 6), "aaaqaa");
  EXPECT_EQ(proxy_->struck(), 1);
  ASSERT_OK(caller_->WriteFull("aaaaaa"));
  EXPECT_EQ(Receive(*daemon_, 6), "aaaaaa");
}

TEST_F(FaultProxyTest, AnActionRunsBetweenTwoBytes) {
  std::atomic<bool> ran = false;
  proxy_->Once(kSelf, Flow::kToDaemon, 2, [&] {
    EXPECT_EQ(Receive(*daemon_, 2), "ab");
    EXPECT_TRUE(Silent(*daemon_));
    proxy_->Reset("");
    ran = true;
  });
  ASSERT_OK(caller_->WriteFull("abc"));
  ASSERT_OK(cairn::testing::WaitFor("the action", 10, [&] { return ran.load(); }));
  EXPECT_TRUE(absl::IsUnavailable(EndOf(*daemon_)));
}

TEST_F(FaultProxyTest, AResetIsNotAnOrderlyEnd) {
  proxy_->Reset(kSelf);
  EXPECT_TRUE(absl::IsUnavailable(EndOf(*caller_))) << EndOf(*caller_);
  EXPECT_TRUE(absl::IsUnavailable(EndOf(*daemon_))) << EndOf(*daemon_);
}

TEST_F(FaultProxyTest, AHalfClosedConnectionStillAnswers) {
  proxy_->HalfClose(kSelf, Flow::kToDaemon);
  EXPECT_TRUE(absl::IsOutOfRange(EndOf(*daemon_)));
  ASSERT_OK(daemon_->WriteFull("pong"));
  EXPECT_EQ(Receive(*caller_, 4), "pong");
}

TEST_F(FaultProxyTest, AStoppedLinkRefusesUntilReopened) {
  proxy_->Stop("");
  EXPECT_TRUE(absl::IsUnavailable(EndOf(*caller_)));
  EXPECT_EQ(proxy_->struck(), 1);
  EXPECT_TRUE(absl::IsUnavailable(EndOfNewConnection()));
  EXPECT_EQ(proxy_->struck(), 2);
  proxy_->Reopen("");
  Connect();
  ASSERT_OK(caller_->WriteFull("ping"));
  EXPECT_EQ(Receive(*daemon_, 4), "ping");
}

TEST_F(FaultProxyTest, AnAbsentDaemonIsAReset) {
  listener_.reset();
  EXPECT_TRUE(absl::IsUnavailable(EndOfNewConnection()));
}

}  // namespace
}  // namespace cairn::fault
