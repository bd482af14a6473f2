// The health of a daemon's parts.
#include "common/server/health.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Health, IsAsGoodAsItsWorstPart) {
  Health health;
  EXPECT_TRUE(health.Overall().ok());
  health.Set("journal", absl::OkStatus());
  health.Set("volume /d1", absl::DataLossError("disk gone"));
  EXPECT_EQ(health.Overall(), absl::DataLossError("volume /d1: disk gone"));
  EXPECT_EQ(health.Parts().size(), 2u);
  health.Set("volume /d1", absl::OkStatus());
  EXPECT_TRUE(health.Overall().ok());
  health.Set("volume /d1", absl::DataLossError("disk gone"));
  health.Remove("volume /d1");
  EXPECT_TRUE(health.Overall().ok());
}

}  // namespace
}  // namespace cairn
