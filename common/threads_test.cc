// Executor and PeriodicThread.
#include "common/threads.h"

#include <gtest/gtest.h>

#include <atomic>

namespace cairn {
namespace {

TEST(Executor, RunsEverythingThatWasAddedBeforeItEnds) {
  std::atomic<int> sum = 0;
  {
    Executor executor("test", 4);
    for (int i = 1; i <= 100; ++i) EXPECT_TRUE(executor.Add([&sum, i] { sum += i; }));
  }
  EXPECT_EQ(sum, 5050);
}

TEST(Executor, TakesNothingAfterShutdown) {
  Executor executor("test", 1);
  executor.Shutdown();
  EXPECT_FALSE(executor.Add([] {}));
  EXPECT_EQ(executor.queued(), 0u);
}

TEST(PeriodicThread, RunsByItselfAndWhenKicked) {
  Mutex mu;
  CondVar changed;
  int runs = 0;
  const auto wait_for = [&](int wanted) {
    MutexLock lock(mu);
    while (runs < wanted) changed.Wait(mu);
  };
  const auto body = [&] {
    MutexLock lock(mu);
    ++runs;
    changed.NotifyAll();
  };
  {
    PeriodicThread often("often", 1, body);
    wait_for(3);
  }
  const int before = runs;
  PeriodicThread rarely("rarely", 3'600'000, body);
  rarely.Kick();
  wait_for(before + 1);
  rarely.Stop();
}

}  // namespace
}  // namespace cairn
