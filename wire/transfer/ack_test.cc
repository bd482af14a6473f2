// Golden bytes, round trips and refusals of acknowledgements. Golden bytes: from Hadoop 3.4.3.
#include "wire/transfer/ack.h"

#include <gtest/gtest.h>

#include "common/types/limits.h"
#include "wire/transfer/packet.h"
#include "wire/transfer/testing/hex.h"

namespace cairn::wire {
namespace {

constexpr OpStatus kOk = OpStatus::kSuccess;

TEST(PipelineAck, EncodesHadoopsBytes) {
  EXPECT_EQ(ToHex(EncodeAck({.seqno = 7, .replies = {kOk, kOk}, .flags = {kAckEcnSupported, 0}})),
            "0c080e10001000180022022000");
  EXPECT_EQ(ToHex(EncodeAck(PipelineAck::Of(kHeartbeatSeqno, {kOk}))), "09080110001800220100");
}

TEST(PipelineAck, DecodesHadoopsBytes) {
  const std::string bytes = FromHex("0c 080e 1000 1000 1800 2202 2000");
  EXPECT_EQ(*AckSize(bytes), bytes.size());
  const auto ack = DecodeAck(bytes);
  ASSERT_TRUE(ack.ok()) << ack.status();
  EXPECT_EQ(ack->seqno, 7);
  EXPECT_EQ(ack->replies.size(), 2u);
  EXPECT_TRUE(ack->AllSuccess());
}

TEST(PipelineAck, AbsentFlagsComeFromTheReplies) {
  const auto ack = DecodeAck(EncodeAck({.seqno = 1, .replies = {kOk, OpStatus::kErrorChecksum}}));
  ASSERT_TRUE(ack.ok());
  EXPECT_EQ(ack->StatusAt(1), OpStatus::kErrorChecksum);
  EXPECT_FALSE(ack->AllSuccess());
}

TEST(PipelineAck, AFlagCarriesTheStatusOfItsNode) {
  const PipelineAck ack{
      .seqno = 1, .replies = {kOk, kOk}, .flags = {kAckEcnSupported | 1u, kAckSlow}};
  EXPECT_EQ(ack.StatusAt(0), OpStatus::kError);
  EXPECT_EQ(ack.StatusAt(1), kOk);
}

TEST(PipelineAck, RefusesFlagsThatDoNotMatchTheNodes) {
  EXPECT_FALSE(DecodeAck(EncodeAck({.seqno = 1})).ok()) << "of no node";
  EXPECT_FALSE(DecodeAck(EncodeAck({.seqno = 1, .replies = {kOk}, .flags = {0, 0}})).ok());
  EXPECT_FALSE(DecodeAck(EncodeAck({.seqno = 1, .replies = {kOk}, .flags = {15}})).ok());
}

TEST(PipelineAck, RefusesTooManyNodesAndTooManyBytes) {
  EXPECT_FALSE(DecodeAck(EncodeAck({.seqno = 1, .replies = std::vector<OpStatus>(513, kOk)})).ok());
  EXPECT_FALSE(AckSize(FromHex("818004")).ok());  // 65537
}

TEST(PipelineAck, RefusesTruncationAtEveryByte) {
  const std::string bytes = EncodeAck(PipelineAck::Of(1234, {kOk, OpStatus::kError}));
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DecodeAck(bytes.substr(0, n)).ok());
}

TEST(PipelineAck, OutOfBandHasItsOwnSequenceNumber) {
  const auto ack = DecodeAck(EncodeAck(PipelineAck::Of(kOutOfBandSeqno, {OpStatus::kOobRestart})));
  ASSERT_TRUE(ack.ok());
  EXPECT_TRUE(ack->IsOutOfBand());
}

}  // namespace
}  // namespace cairn::wire
