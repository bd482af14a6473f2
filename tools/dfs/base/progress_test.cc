// The progress line, and when it is shown.
#include "tools/dfs/base/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/testing/manual_clock.h"

namespace cairn::dfs {
namespace {

TEST(ProgressLine, ShowsShareRateAndTimeLeft) {
  EXPECT_EQ(ProgressLine("/f", 100 << 20, 400 << 20, 2000),
            "/f  25% [=====>              ] 100 MB of 400 MB, 50 MB/s, ETA 0:06");
  EXPECT_EQ(ProgressLine("/f", 1024, 1024, 1000),
            "/f 100% [====================] 1 KB of 1 KB, 1 KB/s, ETA 0:00");
  EXPECT_EQ(ProgressLine("/f", 0, 1024, 1000),
            "/f   0% [>                   ] 0 B of 1 KB, 0 B/s, ETA -:--");
  EXPECT_EQ(ProgressLine("/f", 1, 7'201, 1000),
            "/f   0% [>                   ] 1 B of 7.0 KB, 1 B/s, ETA 2:00:00");
  EXPECT_EQ(ProgressLine("/f", 2048, -1, 1000), "/f  2 KB, 2 KB/s");
}

class ProgressTest : public ::testing::Test {
 protected:
  ~ProgressTest() override {
    std::fclose(out_);
    std::free(text_);
  }
  std::string Shown() {
    std::fflush(out_);
    return {text_, size_};
  }
  char* text_ = nullptr;
  size_t size_ = 0;
  std::FILE* out_ = ::open_memstream(&text_, &size_);
  ManualClock clock_;
};

TEST_F(ProgressTest, AppearsAfterASecondAndGoesAwayAtTheEnd) {
  {
    Progress progress(out_, true, clock_, "f", 1000);
    progress.Add(100);
    clock_.Advance(999);
    progress.Add(100);
    EXPECT_EQ(Shown(), "");
    clock_.Advance(1);
    progress.Add(300);
    EXPECT_EQ(Shown(), "\r\x1b[Kf  50% [==========>         ] 500 B of 1000 B, 500 B/s, ETA 0:01");
    clock_.Advance(1);
    progress.Add(1);  // too soon to be drawn again
  }
  EXPECT_TRUE(Shown().ends_with("ETA 0:01\r\x1b[K"));
}

TEST_F(ProgressTest, IsSilentWhenPiped) {
  {
    Progress progress(out_, false, clock_, "f", 1000);
    clock_.Advance(5000);
    progress.Add(100);
  }
  EXPECT_EQ(Shown(), "");
}

}  // namespace
}  // namespace cairn::dfs
