// Programs started, awaited, killed and read.
#include "common/server/subprocess.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "common/server/stop_signal.h"
#include "common/testing/temp_dir.h"

namespace cairn {
namespace {

TEST(Subprocess, ReturnsTheExitCode) {
  auto child = *Subprocess::Start({.argv = {"sh", "-c", "exit 7"}});
  EXPECT_EQ(child->Wait(-1), 7);
  EXPECT_EQ(child->Wait(0), 7);
}

TEST(Subprocess, StillRunsUntilASignalEndsItEvenWhenTheParentBlocksSignals) {
  StopSignal blocks_sigterm;
  auto child = *Subprocess::Start({.argv = {"sleep", "100"}});
  EXPECT_EQ(child->Wait(1), std::nullopt);
  child->Signal(SIGTERM);
  EXPECT_EQ(child->Wait(10'000), 128 + SIGTERM);
}

TEST(Subprocess, WritesBothStreamsToAFileWithTheAddedEnvironment) {
  TempDir dir;
  auto child = *Subprocess::Start({.argv = {"sh", "-c", "echo out $X; echo err >&2"},
                                   .environment = {{"X", "1"}},
                                   .output_file = dir / "out"});
  EXPECT_EQ(child->Wait(-1), 0);
  std::ifstream in(dir / "out");
  std::string first;
  std::string second;
  std::getline(in, first);
  std::getline(in, second);
  EXPECT_EQ(first, "out 1");
  EXPECT_EQ(second, "err");
}

TEST(Subprocess, AMissingProgramIsAnErrorThatNamesIt) {
  const auto child = Subprocess::Start({.argv = {"/no/such/program"}});
  ASSERT_FALSE(child.ok());
  EXPECT_NE(child.status().message().find("/no/such/program"), absl::string_view::npos);
}

TEST(RunAndCapture, ReturnsStandardOutput) {
  EXPECT_EQ(*RunAndCapture({"printf", "/rack1\\n"}, 10'000, 100), "/rack1\n");
}

TEST(RunAndCapture, FailureTimeAndSizeAreBounded) {
  EXPECT_FALSE(RunAndCapture({"sh", "-c", "exit 1"}, 10'000, 100).ok());
  EXPECT_FALSE(RunAndCapture({"sleep", "100"}, 10, 100).ok());
  EXPECT_FALSE(RunAndCapture({"sh", "-c", "while :; do echo y; done"}, 10'000, 100).ok());
}

}  // namespace
}  // namespace cairn
