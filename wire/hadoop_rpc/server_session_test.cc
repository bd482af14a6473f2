// Tests of a connection's rules. Golden bytes and texts are those of a Hadoop 3.4.3 server.
#include "wire/hadoop_rpc/server_session.h"

#include <gtest/gtest.h>

#include "common/coding.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/response.h"
#include "wire/hadoop_rpc/sasl.h"

namespace cairn::wire {
namespace {

using hadoop::common::RpcRequestHeaderProto;
using Next = ServerSession::Next;

constexpr char kClientId[] = "0123456789abcdef";

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

class ServerSessionTest : public ::testing::Test {
 protected:
  ServerSession::Outcome Preamble(std::string_view bytes) { return session_.OnPreamble(bytes); }
  // `frame` with its length.
  ServerSession::Outcome Frame(std::string_view frame) {
    EXPECT_EQ(FrameSize(frame, 1 << 20).value(), frame.size());
    content_ = frame.substr(kFrameLengthBytes);
    return session_.OnFrame(content_, scratch_, request_);
  }
  // A frame with just this header, and what follows it.
  ServerSession::Outcome Header(const RpcRequestHeaderProto& header, std::string_view rest = "") {
    std::string frame;
    {
      const FrameScope scope(frame);
      PutVarint64(frame, header.ByteSizeLong());
      header.AppendToString(&frame);
      frame.append(rest);
    }
    return Frame(frame);
  }
  static RpcRequestHeaderProto GoodHeader(int32_t call_id) {
    RpcRequestHeaderProto header;
    header.set_rpckind(hadoop::common::RPC_PROTOCOL_BUFFER);
    header.set_rpcop(RpcRequestHeaderProto::RPC_FINAL_PACKET);
    header.set_callid(call_id);
    header.set_clientid(kClientId);
    return header;
  }
  static std::string Context() {
    std::string frame;
    AppendContext({.effective_user = "ada", .real_user = "oozie", .protocol = "a.Protocol"},
                  kClientId, frame);
    return frame;
  }
  // A session that takes calls.
  void SetUpSession() {
    ASSERT_EQ(Preamble(EncodePreamble(RpcAuth::kNone)).next, Next::kContinue);
    ASSERT_EQ(Frame(Context()).next, Next::kContinue);
  }
  static void ExpectFatal(const ServerSession::Outcome& outcome, int32_t call_id, RpcErrorCode code,
                          std::string_view exception_class, std::string_view message) {
    EXPECT_EQ(outcome.next, Next::kClose);
    ASSERT_GT(outcome.reply.size(), kFrameLengthBytes);
    const auto reply = DecodeReply(std::string_view(outcome.reply).substr(kFrameLengthBytes));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, RpcReplyStatus::kFatal);
    EXPECT_EQ(reply->call_id, call_id);
    EXPECT_EQ(reply->error.code, code);
    EXPECT_EQ(reply->error.exception_class, exception_class);
    EXPECT_EQ(reply->error.message, message);
  }
  static void ExpectBadHeader(const ServerSession::Outcome& outcome, int32_t call_id,
                              std::string_view message) {
    ExpectFatal(outcome, call_id, RpcErrorCode::kFatalInvalidRpcHeader, kRpcServerException,
                message);
  }

  ServerSession session_;
  RequestScratch scratch_;
  RpcRequest request_;
  std::string content_;
};

TEST_F(ServerSessionTest, ACallIsTakenApart) {
  SetUpSession();
  EXPECT_EQ(session_.context(),
            (RpcContext{.effective_user = "ada", .real_user = "oozie", .protocol = "a.Protocol"}));
  std::string frame;
  AppendRequest({.call_id = 5,
                 .retry_count = 2,
                 .client_id = kClientId,
                 .caller_context = "job_1",
                 .protocol = "a.Protocol",
                 .version = 1,
                 .method = "doIt",
                 .request = "message"},
                frame);
  EXPECT_EQ(Frame(frame).next, Next::kCall);
  EXPECT_EQ(request_.call_id, 5);
  EXPECT_EQ(request_.retry_count, 2);
  EXPECT_EQ(request_.client_id, kClientId);
  EXPECT_EQ(request_.caller_context, "job_1");
  EXPECT_EQ(request_.protocol, "a.Protocol");
  EXPECT_EQ(request_.version, 1u);
  EXPECT_EQ(request_.method, "doIt");
  EXPECT_EQ(request_.request, "message");
}

TEST_F(ServerSessionTest, FieldsInAnyOrderAndUnknownOnesAreTaken) {
  SetUpSession();
  RpcRequestHeaderProto header = GoodHeader(300);
  header.set_retrycount(7);
  hadoop::common::RequestHeaderProto method;
  method.set_methodname("doIt");
  method.set_declaringclassprotocolname("a.Protocol");
  method.set_clientprotocolversion(1000);
  std::string rest;
  PutVarint64(rest, method.ByteSizeLong());
  method.AppendToString(&rest);
  rest +=
      "\x03"
      "abc";
  const auto expect_call = [&](std::string_view header_bytes) {
    std::string frame;
    {
      const FrameScope scope(frame);
      PutVarint64(frame, header_bytes.size());
      frame.append(header_bytes).append(rest);
    }
    request_ = {.caller_context = "of an earlier call"};
    EXPECT_EQ(Frame(frame).next, Next::kCall);
    EXPECT_EQ(request_.call_id, 300);
    EXPECT_EQ(request_.client_id, kClientId);
    EXPECT_EQ(request_.caller_context, "");
    EXPECT_EQ(request_.protocol, "a.Protocol");
    EXPECT_EQ(request_.version, 1000u);
    EXPECT_EQ(request_.method, "doIt");
    EXPECT_EQ(request_.request, "abc");
  };
  const std::string plain = header.SerializeAsString();
  expect_call(plain);
  EXPECT_EQ(request_.retry_count, 7);
  // The last of several counts, as for messages.
  RpcRequestHeaderProto earlier = header;
  earlier.set_callid(1);
  expect_call(earlier.SerializeAsString() + plain);
  // Field 100, and one that other servers use.
  expect_call(plain + std::string("\xa0\x06\x01", 3));
  header.set_stateid(5);
  expect_call(header.SerializeAsString());
  header.clear_stateid();
  header.clear_retrycount();
  expect_call(header.SerializeAsString());
  EXPECT_EQ(request_.retry_count, -1);
}

TEST_F(ServerSessionTest, AnotherVersionIsAnsweredAsHadoopDoes) {
  const auto outcome = Preamble(std::string_view("hrpc\x0a\0\0", 7));
  EXPECT_EQ(outcome.next, Next::kClose);
  EXPECT_EQ(outcome.reply, Unhex("0000007c7b08ffffffff0f100218092229") +
                               "org.apache.hadoop.ipc.RPC$VersionMismatch" + Unhex("2a3e") +
                               "Server IPC version 9 cannot communicate with client version 10" +
                               Unhex("300e3a004001"));
}

TEST_F(ServerSessionTest, OldVersionsAndStrangersAreDroppedSilently) {
  for (const std::string_view bytes :
       {std::string_view("hrpc\x08\0\0", 7), std::string_view("hello, ", 7).substr(0, 7),
        std::string_view("\0\0\0\0\0\0\0", 7)}) {
    ServerSession session;
    const auto outcome = session.OnPreamble(bytes);
    EXPECT_EQ(outcome.next, Next::kClose);
    if (bytes[4] < 9) EXPECT_EQ(outcome.reply, "");
  }
}

TEST_F(ServerSessionTest, WrongMagicIsAWrongVersion) {
  ExpectFatal(Preamble("hello, "), kNoCallId, RpcErrorCode::kFatalVersionMismatch,
              kVersionMismatchException,
              "Server IPC version 9 cannot communicate with client version 111");
}

TEST_F(ServerSessionTest, BrowsersGetAPage) {
  const auto outcome = Preamble("GET / H");
  EXPECT_EQ(outcome.next, Next::kClose);
  EXPECT_TRUE(
      outcome.reply.starts_with("HTTP/1.1 404 Not Found\r\nContent-type: text/plain\r\n\r\n"));
  EXPECT_TRUE(outcome.reply.ends_with("\r\n"));
}

TEST_F(ServerSessionTest, UnknownAuthenticationIsFatal) {
  ExpectFatal(Preamble(std::string_view("hrpc\x09\0\x51", 7)), kNoCallId,
              RpcErrorCode::kFatalUnauthorized, kIpcException, "Unknown auth protocol:81");
}

TEST_F(ServerSessionTest, HeadersMustBeComplete) {
  SetUpSession();
  RpcRequestHeaderProto header = GoodHeader(3);
  header.clear_rpcop();
  ExpectBadHeader(Header(header), 3, " IPC Server: No rpc op in rpcRequestHeader");
  header = GoodHeader(3);
  header.set_rpcop(RpcRequestHeaderProto::RPC_CONTINUATION_PACKET);
  ExpectBadHeader(Header(header), 3,
                  "IPC Server does not implement rpc header operationRPC_CONTINUATION_PACKET");
  header = GoodHeader(3);
  header.clear_rpckind();
  ExpectBadHeader(Header(header), 3, " IPC Server: No rpc kind in rpcRequestHeader");
  header = GoodHeader(3);
  header.set_rpckind(hadoop::common::RPC_WRITABLE);
  ExpectBadHeader(Header(header), 3, "Unknown rpc kind in rpc headerRPC_WRITABLE");
}

TEST_F(ServerSessionTest, GarbageIsFatal) {
  SetUpSession();
  for (const std::string_view content : {"", "\x05", "\x02\xff\xff", "\x01\x08"}) {
    std::string frame;
    {
      const FrameScope scope(frame);
      frame.append(content);
    }
    const auto outcome = Frame(frame);
    EXPECT_EQ(outcome.next, Next::kClose);
    const auto reply = DecodeReply(std::string_view(outcome.reply).substr(kFrameLengthBytes));
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(reply->error.code, RpcErrorCode::kFatalDeserializingRequest);
  }
  // A good header, then nothing.
  EXPECT_EQ(Header(GoodHeader(3)).next, Next::kClose);
}

TEST_F(ServerSessionTest, TheContextComesOnceAndFirst) {
  ASSERT_EQ(Preamble(EncodePreamble(RpcAuth::kNone)).next, Next::kContinue);
  EXPECT_FALSE(session_.has_context());
  ExpectBadHeader(Header(GoodHeader(0)), 0, "Connection context not established");
  EXPECT_EQ(Frame(Context()).next, Next::kContinue);
  EXPECT_TRUE(session_.has_context());
  ExpectBadHeader(Frame(Context()), kContextCallId, "Connection context already processed");
}

TEST_F(ServerSessionTest, PingsAreNotAnsweredAndOtherCallsOutOfBandRefused) {
  SetUpSession();
  std::string frame;
  AppendPing(kClientId, frame);
  const auto outcome = Frame(frame);
  EXPECT_EQ(outcome.next, Next::kContinue);
  EXPECT_EQ(outcome.reply, "");
  ExpectBadHeader(Header(GoodHeader(-7)), -7, "Unknown out of band call #-7");
}

TEST_F(ServerSessionTest, AClientThatNegotiatesIsToldThatNothingIsAskedOfIt) {
  ASSERT_EQ(Preamble(EncodePreamble(RpcAuth::kSasl)).next, Next::kContinue);
  ExpectBadHeader(Frame(Context()), kContextCallId,
                  "Connection header sent during SASL negotiation");
  // As the Java client writes it.
  auto outcome = Frame(Unhex("0000000e") + Unhex("0a080210001841220028010210") + Unhex("01"));
  EXPECT_EQ(outcome.next, Next::kContinue);
  std::string success;
  AppendSaslReply({.state = SaslState::kSuccess, .auths = {}}, success);
  EXPECT_EQ(outcome.reply, success);
  EXPECT_EQ(success.substr(kFrameLengthBytes + 1, 6), Unhex("08dfffffff0f"));
  EXPECT_EQ(Frame(Context()).next, Next::kContinue);
  std::string again;
  AppendSaslRequest({.state = SaslState::kNegotiate, .auths = {}}, again);
  ExpectFatal(Frame(again), kSaslCallId, RpcErrorCode::kFatalUnauthorized, kAccessControlException,
              "Client already attempted negotiation");
}

TEST_F(ServerSessionTest, AClientMayChooseSimpleByItself) {
  ASSERT_EQ(Preamble(EncodePreamble(RpcAuth::kSasl)).next, Next::kContinue);
  std::string frame;
  AppendSaslRequest(
      {.state = SaslState::kInitiate, .auths = {{.method = "SIMPLE", .mechanism = ""}}}, frame);
  const auto outcome = Frame(frame);
  EXPECT_EQ(outcome.next, Next::kContinue);
  EXPECT_EQ(outcome.reply, "");
  EXPECT_EQ(Frame(Context()).next, Next::kContinue);
}

TEST_F(ServerSessionTest, NothingButSimpleIsOffered) {
  ASSERT_EQ(Preamble(EncodePreamble(RpcAuth::kSasl)).next, Next::kContinue);
  std::string frame;
  AppendSaslRequest(
      {.state = SaslState::kInitiate, .auths = {{.method = "TOKEN", .mechanism = "DIGEST-MD5"}}},
      frame);
  std::string offer;
  AppendSaslReply(
      {.state = SaslState::kNegotiate, .auths = {{.method = "SIMPLE", .mechanism = ""}}}, offer);
  EXPECT_EQ(Frame(frame).reply, offer);
  ExpectFatal(Frame(frame), kSaslCallId, RpcErrorCode::kFatalUnauthorized, kAccessControlException,
              "TOKEN authentication is not enabled.  Available:[SIMPLE]");
}

TEST_F(ServerSessionTest, AMalformedChoiceIsRefused) {
  ASSERT_EQ(Preamble(EncodePreamble(RpcAuth::kSasl)).next, Next::kContinue);
  std::string frame;
  AppendSaslRequest({.state = SaslState::kInitiate, .auths = {}}, frame);
  ExpectFatal(Frame(frame), kSaslCallId, RpcErrorCode::kFatalUnauthorized, kSaslException,
              "Client mechanism is malformed");
}

TEST_F(ServerSessionTest, SaslWithoutAnnouncementIsRefused) {
  ASSERT_EQ(Preamble(EncodePreamble(RpcAuth::kNone)).next, Next::kContinue);
  std::string frame;
  AppendSaslRequest({.state = SaslState::kNegotiate, .auths = {}}, frame);
  ExpectBadHeader(Frame(frame), kSaslCallId, "SASL protocol not requested by client");
}

}  // namespace
}  // namespace cairn::wire
