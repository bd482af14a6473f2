// Slow and congested DataNodes.
#include "client/write/node_flags.h"

#include <gtest/gtest.h>

namespace cairn::client {
namespace {

wire::PipelineAck AckWith(std::vector<uint32_t> flags) {
  wire::PipelineAck ack =
      wire::PipelineAck::Of(1, std::vector<wire::OpStatus>(3, wire::OpStatus::kSuccess));
  ack.flags = std::move(flags);
  return ack;
}

TEST(SlowNodes, OnlyAnUnbrokenRowCounts) {
  SlowNodes slow(3, 3);
  const auto one_slow = AckWith({0, wire::kAckSlow, 0});
  EXPECT_FALSE(slow.Note(one_slow));
  EXPECT_FALSE(slow.Note(one_slow));
  EXPECT_FALSE(slow.Note(AckWith({0, 0, 0})));
  EXPECT_FALSE(slow.Note(one_slow));
  EXPECT_FALSE(slow.Note(one_slow));
  EXPECT_EQ(slow.Note(one_slow), 1u);
}

TEST(SlowNodes, TheOnlyNodeIsKept) {
  SlowNodes slow(1, 1);
  EXPECT_FALSE(slow.Note(AckWith({wire::kAckSlow})));
}

TEST(SlowNodes, AnAcknowledgementWithoutFlagsIsNotSlow) {
  SlowNodes slow(2, 1);
  EXPECT_FALSE(slow.Note(AckWith({})));
}

TEST(CongestionBackoff, PausesGrowUpToTheMaximumAndStartAnew) {
  Random random(1);
  CongestionBackoff backoff(5000, 50'000);
  int64_t before = backoff.NextPauseMs(random);
  EXPECT_LE(before, 5000);
  for (int i = 0; i < 30; ++i) {
    const int64_t pause = backoff.NextPauseMs(random);
    EXPECT_GE(pause, std::min<int64_t>(before * 3, 5000));
    EXPECT_LE(pause, 50'000);
    before = pause;
  }
  backoff.Reset();
  EXPECT_LE(backoff.NextPauseMs(random), 5000);
}

}  // namespace
}  // namespace cairn::client
