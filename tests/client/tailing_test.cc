// Files that are read while they are written and DataNodes stop, over real data ports.
#include <gtest/gtest.h>

#include "tests/client/data_plane_fixture.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/tailing.h"

namespace cairn {
namespace {

using testing::Tailing;

// The parameter is the seed.
class TailingTest : public DataPlane, public ::testing::WithParamInterface<uint64_t> {};

TEST_P(TailingTest, SeesEveryFlush) {
  Start(3);
  Tailing tailing(*client_, *client_, {.files = 2, .seed = GetParam(), .create = {}});
  EXPECT_OK(tailing.Run([] {}));
}

TEST_P(TailingTest, LosesNothingWhileTwoDatanodesStop) {
  options_.read_retry_window_ms = 100;
  Start(5);
  Tailing tailing(*client_, *client_, {.files = 3, .seed = GetParam(), .create = {}});
  EXPECT_OK(tailing.Run([&] {
    tailing.AwaitFlushes(20);
    Stop(GetParam() % 3);
    tailing.AwaitFlushes(tailing.flushes() + 20);
    Stop((GetParam() + 1) % 3);
  }));
  EXPECT_TRUE(namenode_->bad_blocks_reported().empty())
      << "replicas that are cut back while they are sent are not damaged";
}

INSTANTIATE_TEST_SUITE_P(Seeds, TailingTest, ::testing::Range<uint64_t>(1, 5));

}  // namespace
}  // namespace cairn
