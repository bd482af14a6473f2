// Ctrl-C and SIGTERM while the real program copies.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/server/subprocess.h"
#include "common/testing/temp_dir.h"

namespace cairn::dfs {
namespace {

constexpr char kDfs[] = CAIRN_BIN_DIR "/dfs";

// A dfs command on local files whose input is a pipe that this test writes to.
class InterruptTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0600), 0);
    pipe_ = ::open((dir_ / "pipe").c_str(), O_RDWR | O_CLOEXEC);  // waits for no reader
    ASSERT_GE(pipe_, 0);
  }
  void TearDown() override { ::close(pipe_); }

  void Start(const std::string& arguments) {
    const std::string command =
        fmt::format("exec {} -fs file:/// {} < {}", kDfs, arguments, dir_ / "pipe");
    auto started = Subprocess::Start(
        {.argv = {"/bin/sh", "-c", command}, .environment = {}, .output_file = dir_ / "output"});
    ASSERT_TRUE(started.ok()) << started.status();
    dfs_ = *std::move(started);
  }
  void Type(const std::string& text) {
    ASSERT_EQ(::write(pipe_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // Waits until the file has that many bytes.
  bool Arrives(const std::string& file, uintmax_t bytes) {
    for (int i = 0; i < 1000; ++i) {
      std::error_code none;
      if (std::filesystem::file_size(file, none) == bytes && !none) return true;
      if (dfs_->Wait(20)) return false;
    }
    return false;
  }
  // Waits until the command's main thread waits in a read.
  bool WaitsForInput() {
    for (int i = 0; i < 1000; ++i) {
      std::ifstream what(fmt::format("/proc/{}/syscall", dfs_->pid()));
      long call = 0;
      if (what >> call && call == SYS_read) return true;  // else "running", or another call
      if (dfs_->Wait(20)) return false;
    }
    return false;
  }

  TempDir dir_;
  int pipe_ = -1;
  std::unique_ptr<Subprocess> dfs_;
};

TEST_F(InterruptTest, CtrlCRemovesTheTemporaryFileOfPut) {
  Start("put - " + dir_ / "to");
  Type("half");
  ASSERT_TRUE(Arrives(dir_ / "to._COPYING_", 4));
  dfs_->Signal(SIGINT);
  EXPECT_EQ(dfs_->Wait(10'000), 130);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "to._COPYING_"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "to"));
  EXPECT_EQ(std::filesystem::file_size(dir_ / "output"), 0u) << "nothing is said";
}

TEST_F(InterruptTest, SigtermDoesTheSame) {
  Start("put - " + dir_ / "to");
  Type("half");
  ASSERT_TRUE(Arrives(dir_ / "to._COPYING_", 4));
  dfs_->Signal(SIGTERM);
  EXPECT_EQ(dfs_->Wait(10'000), 143);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "to._COPYING_"));
}

TEST_F(InterruptTest, WhatWasAppendedBeforeStays) {
  Start("appendToFile - " + dir_ / "to");
  Type("some");
  ASSERT_TRUE(Arrives(dir_ / "to", 4));
  dfs_->Signal(SIGINT);
  EXPECT_EQ(dfs_->Wait(10'000), 130);
  EXPECT_EQ(std::filesystem::file_size(dir_ / "to"), 4u);
}

TEST_F(InterruptTest, ASecondSignalEndsACommandThatHangs) {
  // A source that gives nothing and is not asked whether it has something.
  Start("put " + dir_ / "pipe" + " " + dir_ / "to");
  ASSERT_TRUE(Arrives(dir_ / "to._COPYING_", 0));
  ASSERT_TRUE(WaitsForInput());  // before it does, one signal is enough
  dfs_->Signal(SIGINT);
  EXPECT_EQ(dfs_->Wait(300), std::nullopt) << "it has been given time to clean up";
  dfs_->Signal(SIGINT);
  EXPECT_EQ(dfs_->Wait(5'000), 130);
}

}  // namespace
}  // namespace cairn::dfs
