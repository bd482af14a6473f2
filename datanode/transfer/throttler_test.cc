// Tests of the balancing bounds and of the threads that operations borrow.
#include "datanode/transfer/throttler.h"

#include <gtest/gtest.h>

#include <thread>

#include "datanode/transfer/operation_threads.h"

namespace cairn::datanode {
namespace {

TEST(Throttler, SpreadsBytesOverTime) {
  Throttler throttler(1'000'000, SystemClock());
  const int64_t begun = SystemClock().MonotonicMs();
  for (int i = 0; i < 8; ++i) throttler.Acquire(100'000);
  const int64_t taken = SystemClock().MonotonicMs() - begun;
  EXPECT_GE(taken, 250);  // 800 ms less the 500 ms kept
  EXPECT_LT(taken, 5'000);
}

TEST(Throttler, StopEndsEveryWait) {
  Throttler throttler(1, SystemClock());
  std::thread waiting([&] { throttler.Acquire(1'000'000); });
  throttler.Stop();
  waiting.join();
}

TEST(MoverSlots, AreGivenBack) {
  MoverSlots slots(1);
  auto slot = slots.TryTake();
  EXPECT_NE(slot, nullptr);
  EXPECT_EQ(slots.TryTake(), nullptr);
  slot.reset();
  EXPECT_NE(slots.TryTake(), nullptr);
}

TEST(OperationThreads, BoundOperationsButNotTheirHelpers) {
  OperationThreads threads(1);
  Mutex mu;
  CondVar changed;
  bool go = false;
  int done = 0;
  const auto wait = [&] {
    MutexLock lock(mu);
    while (!go) changed.Wait(mu);
    ++done;
  };
  EXPECT_TRUE(threads.Run(wait));
  EXPECT_FALSE(threads.Run(wait));
  EXPECT_TRUE(threads.RunHelper(wait));
  EXPECT_EQ(threads.running(), 1);
  {
    MutexLock lock(mu);
    go = true;
    changed.NotifyAll();
  }
  threads.Shutdown();
  EXPECT_FALSE(threads.Run(wait));
  MutexLock lock(mu);
  EXPECT_EQ(done, 2);
}

TEST(OperationThreads, ReuseThreads) {
  OperationThreads threads(4);
  std::atomic<int> done{0};
  for (int i = 0; i < 1000; ++i) {
    while (!threads.Run([&] { ++done; })) std::this_thread::yield();
  }
  threads.Shutdown();
  EXPECT_EQ(done, 1000);
}

}  // namespace
}  // namespace cairn::datanode
