// Stopping by signal and by request.
#include "common/server/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace cairn {
namespace {

TEST(StopSignal, ReportsSigterm) {
  StopSignal stop;
  EXPECT_FALSE(stop.WaitFor(1));
  ::raise(SIGTERM);
  EXPECT_EQ(stop.Wait(), "SIGTERM");
  EXPECT_TRUE(stop.stopping());
}

TEST(StopSignal, ARequestFromAnotherThreadEndsTheWaitAndTheFirstReasonStays) {
  StopSignal stop;
  std::thread other([&] { stop.RequestStop("journal failed"); });
  EXPECT_EQ(stop.Wait(), "journal failed");
  other.join();
  stop.RequestStop("later");
  EXPECT_EQ(stop.reason(), "journal failed");
}

TEST(StopSignal, IgnoresSigpipe) {
  StopSignal stop;
  ::raise(SIGPIPE);
  EXPECT_FALSE(stop.WaitFor(1));
}

}  // namespace
}  // namespace cairn
