// Tests of frames and replies.
#include "wire/hadoop_rpc/response.h"

#include <gtest/gtest.h>

#include "common/coding.h"
#include "proto/hadoop/RpcHeader.pb.h"
#include "proto/hadoop/Security.pb.h"
#include "wire/hadoop_rpc/frame.h"

namespace cairn::wire {
namespace {

using hadoop::common::RpcResponseHeaderProto;

// The content of the only frame in `bytes`.
std::string_view Content(std::string_view bytes) {
  EXPECT_EQ(FrameSize(bytes, 1 << 20).value(), bytes.size());
  return bytes.substr(kFrameLengthBytes);
}

TEST(Frames, AreSizedByTheirLength) {
  EXPECT_EQ(FrameSize("", 10).value(), 0u);
  EXPECT_EQ(FrameSize(std::string_view("\0\0\0", 3), 10).value(), 0u);
  EXPECT_EQ(FrameSize(std::string_view("\0\0\0\x0a", 4), 10).value(), 14u);
  EXPECT_TRUE(absl::IsInvalidArgument(FrameSize(std::string_view("\0\0\0\x0b", 4), 10).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(FrameSize("\xff\xff\xff\xff", 10).status()));
}

TEST(Frames, DelimitedMessagesAreWholeOrNotThere) {
  std::string_view in(
      "\x02"
      "ab"
      "\x03"
      "cd",
      6);
  EXPECT_EQ(TakeDelimited(in), "ab");
  EXPECT_EQ(TakeDelimited(in), std::nullopt);
  EXPECT_EQ(in, std::string_view("\x03"
                                 "cd",
                                 3));
}

// The header written by hand is what Protocol Buffers would write.
TEST(Replies, TheHeaderOfASuccessIsThatOfProtocolBuffers) {
  for (const int32_t call_id : {0, 1, 127, 128, 70000, INT32_MAX, kSaslCallId}) {
    for (const int32_t retry : {-1, 0, 1, 100, INT32_MIN}) {
      for (const std::string& client : {std::string(), std::string(16, '\xab')}) {
        std::string out = "before";
        AppendReply({.call_id = call_id, .retry_count = retry, .client_id = client}, "message",
                    out);
        std::string_view content = Content(std::string_view(out).substr(6));
        RpcResponseHeaderProto expected;
        expected.set_callid(static_cast<uint32_t>(call_id));
        expected.set_status(RpcResponseHeaderProto::SUCCESS);
        expected.set_serveripcversionnum(9);
        expected.set_clientid(client);
        expected.set_retrycount(retry);
        EXPECT_EQ(TakeDelimited(content), expected.SerializeAsString());
        EXPECT_EQ(TakeDelimited(content), "message");
        EXPECT_EQ(content, "");
      }
    }
  }
}

TEST(Replies, OfAMessageAndOfItsBytesAreTheSame) {
  hadoop::common::TokenProto message;
  message.set_identifier(std::string(300, 'i'));
  message.set_password("");
  message.set_kind("");
  message.set_service("");
  std::string bytes, parsed;
  AppendReply({.call_id = 7, .retry_count = 0, .client_id = "c"}, message.SerializeAsString(),
              bytes);
  AppendReply({.call_id = 7, .retry_count = 0, .client_id = "c"}, message, parsed);
  EXPECT_EQ(bytes, parsed);
}

TEST(Replies, AreDecodedByTheClient) {
  std::string out;
  AppendReply({.call_id = 7, .retry_count = 0, .client_id = "client"}, "message", out);
  auto reply = DecodeReply(Content(out));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->call_id, 7);
  EXPECT_EQ(reply->status, RpcReplyStatus::kSuccess);
  EXPECT_EQ(reply->client_id, "client");
  EXPECT_EQ(reply->response, "message");

  const RpcError error{
      .code = RpcErrorCode::kNoSuchMethod, .exception_class = "a.B", .message = "first\nsecond"};
  out.clear();
  AppendError({.call_id = 8, .retry_count = 0, .client_id = "client"}, error, out);
  reply = DecodeReply(Content(out));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->call_id, 8);
  EXPECT_EQ(reply->status, RpcReplyStatus::kError);
  EXPECT_EQ(reply->error, error);

  out.clear();
  AppendFatal({.call_id = kNoCallId}, error, out);
  reply = DecodeReply(Content(out));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->call_id, kNoCallId);
  EXPECT_EQ(reply->status, RpcReplyStatus::kFatal);
}

TEST(Replies, ThatAreNoneAreRefused) {
  EXPECT_FALSE(DecodeReply("").ok());
  EXPECT_FALSE(DecodeReply("\x01").ok());
  EXPECT_FALSE(DecodeReply(std::string_view("\x02\x08\x01", 3)).ok());  // no status
  std::string out;
  AppendReply({.call_id = 7}, "message", out);
  EXPECT_FALSE(DecodeReply(Content(out).substr(0, out.size() - 6)).ok());
}

}  // namespace
}  // namespace cairn::wire
