// What is read again is applied once, and what cannot be is told.
#include "common/config/reconfigurator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "common/types/errors.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;

constexpr char kStreams[] = "dfs.namenode.replication.max-streams";
constexpr char kLimit[] = "dfs.block.invalidate.limit";

class ReconfiguratorTest : public ::testing::Test {
 protected:
  ReconfigurationStatus RunTask() {
    EXPECT_TRUE(reconfigurator_.Start().ok());
    return Ended();
  }
  ReconfigurationStatus Ended() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!reconfigurator_.Status().ended_ms && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    return reconfigurator_.Status();
  }

  std::vector<std::pair<std::string, std::string>> settings_;
  absl::Status unreadable_;
  absl::Status refusal_;
  std::vector<int64_t> applied_;
  Mutex gate_;
  Reconfigurator reconfigurator_{*Configuration::FromSettings({}),
                                 [this]() -> absl::StatusOr<Configuration> {
                                   MutexLock lock(gate_);
                                   if (!unreadable_.ok()) return unreadable_;
                                   return Configuration::FromSettings(settings_);
                                 },
                                 {{kStreams,
                                   [this](const Configuration& now) {
                                     if (refusal_.ok()) applied_.push_back(now.GetInt(kStreams));
                                     return refusal_;
                                   }},
                                  {kLimit, [](const Configuration&) { return absl::OkStatus(); }}},
                                 SystemClock()};
};

TEST_F(ReconfiguratorTest, ThereIsNoTaskAtFirst) {
  EXPECT_FALSE(reconfigurator_.Status().started_ms.has_value());
  EXPECT_THAT(reconfigurator_.Properties(), ElementsAre(kStreams, kLimit));
}

TEST_F(ReconfiguratorTest, WhatHasChangedIsAppliedOnce) {
  settings_ = {{kStreams, "7"}};
  ReconfigurationStatus status = RunTask();
  EXPECT_TRUE(status.started_ms.has_value());
  ASSERT_EQ(status.changes.size(), 1u);
  EXPECT_EQ(status.changes[0].name, kStreams);
  EXPECT_EQ(status.changes[0].old_value, "2");
  EXPECT_EQ(status.changes[0].new_value, "7");
  EXPECT_TRUE(status.changes[0].result.ok());
  EXPECT_THAT(applied_, ElementsAre(7));
  EXPECT_TRUE(RunTask().changes.empty()) << "nothing has changed since";
  settings_ = {};
  EXPECT_EQ(RunTask().changes[0].new_value, "2") << "the default again";
  EXPECT_THAT(applied_, ElementsAre(7, 2));
}

TEST_F(ReconfiguratorTest, WhatCannotBeAppliedIsToldAndTriedAgain) {
  settings_ = {{kStreams, "7"}};
  refusal_ = errors::Io("not now");
  EXPECT_FALSE(RunTask().changes.at(0).result.ok());
  refusal_ = absl::OkStatus();
  const ReconfigurationStatus status = RunTask();
  EXPECT_TRUE(status.changes.at(0).result.ok());
  EXPECT_EQ(status.changes.at(0).old_value, "2");
}

TEST_F(ReconfiguratorTest, AConfigurationThatCannotBeReadChangesNothing) {
  unreadable_ = absl::InvalidArgumentError("not well-formed");
  const ReconfigurationStatus status = RunTask();
  ASSERT_EQ(status.changes.size(), 2u);
  EXPECT_FALSE(status.changes[0].result.ok());
  EXPECT_TRUE(applied_.empty());
}

TEST_F(ReconfiguratorTest, OneTaskAtATime) {
  {
    MutexLock lock(gate_);
    EXPECT_TRUE(reconfigurator_.Start().ok());
    const absl::Status second = reconfigurator_.Start();
    EXPECT_TRUE(Is(second, ErrorKind::kIo));
    EXPECT_EQ(second.message(), "Another reconfiguration task is running.");
  }
  Ended();
  EXPECT_TRUE(reconfigurator_.Start().ok());
  Ended();
}

}  // namespace
}  // namespace cairn
