// What the shim does to a program, and what a power cut leaves of its files.
#include <gtest/gtest.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "common/server/subprocess.h"
#include "common/testing/temp_dir.h"
#include "tests/cluster/status_matchers.h"
#include "tests/fault/shim/power_cut.h"
#include "tests/fault/shim/shim_orders.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
namespace fs = std::filesystem;

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

class ShimTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(disk_);
    fs::create_directories(undo_);
    ASSERT_OK_AND_ASSIGN(orders_, ShimOrders::Create(directory_ / "control", 1));
  }
  // What the probe printed; "@" in an argument is the watched directory.
  std::vector<std::string> Probe(const std::vector<std::string>& calls) {
    SubprocessOptions options{.argv = {CAIRN_SHIM_PROBE}, .output_file = directory_ / "output"};
    for (std::string call : calls) {
      for (size_t at; (at = call.find('@')) != std::string::npos;) call.replace(at, 1, disk_);
      options.argv.push_back(call);
    }
    options.environment = orders_->Environment();
    options.environment.emplace_back(kShimWatchVariable, disk_);
    options.environment.emplace_back(kShimUndoVariable, undo_);
    fs::remove(options.output_file);
    auto process = Subprocess::Start(options);
    EXPECT_TRUE(process.ok()) << process.status();
    EXPECT_TRUE((*process)->Wait(30000).has_value());
    std::istringstream output(Content(options.output_file));
    std::vector<std::string> lines;
    for (std::string line; std::getline(output, line);) lines.push_back(line);
    return lines;
  }
  std::string File(const std::string& name) const { return disk_ + "/" + name; }
  void Put(const std::string& name, const std::string& content) {
    std::ofstream(File(name), std::ios::binary) << content;
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(disk_)) names.insert(entry.path().filename());
    return names;
  }
  void Cut(Unsynced fate = Unsynced::kLost, uint64_t seed = 1) {
    ASSERT_OK(CutPower({disk_}, undo_, fate, seed));
  }

  TempDir directory_;
  const std::string disk_ = directory_ / "disk";
  const std::string undo_ = directory_ / "undo";
  std::unique_ptr<ShimOrders> orders_;
};

using Lines = std::vector<std::string>;

TEST_F(ShimTest, WithoutOrdersEverythingWorks) {
  EXPECT_EQ(Probe({"create:@/f", "append:@/f:abc", "sync:@/f", "read:@/f", "syncdir:@"}),
            (Lines{"0 ", "3 ", "0 ", "3 ", "0 "}));
  EXPECT_EQ(Content(File("f")), "abc");
  EXPECT_EQ(orders_->loaded(), 1);
}

TEST_F(ShimTest, ABootChangesTheBootId) {
  const std::string read = "read:/proc/sys/kernel/random/boot_id";
  EXPECT_EQ(Probe({read}), Lines{"16 "});  // the beginning of the machine's
  orders_->BootAnew();
  EXPECT_EQ(Probe({read}), Lines{"7 "});  // "boot 1" and a line break
}

TEST_F(ShimTest, FailsTheCallsThatItIsTold) {
  const int writes = orders_->Add({.calls = kCallWrite, .error = ENOSPC, .after = 1, .times = 1});
  orders_->Add({.calls = kCallSync, .prefix = disk_, .error = EIO, .times = 1});
  orders_->Add({.calls = kCallRead | kCallOpen, .contains = "/bad", .error = EIO});
  EXPECT_EQ(Probe({"create:@/f", "append:@/f:abc", "append:@/f:def", "append:@/f:ghi", "sync:@/f",
                   "sync:@/f", "create:@/bad"}),
            (Lines{"0 ", "3 ", "-1 ENOSPC", "3 ", "-1 EIO", "0 ", "-1 EIO"}));
  EXPECT_EQ(Content(File("f")), "abcghi");
  EXPECT_EQ(orders_->Struck(writes), 1);
}

TEST_F(ShimTest, WritesShortAndSlowly) {
  orders_->Add({.calls = kCallWrite, .contains = "/f", .short_write = true, .times = 1});
  const int slow = orders_->Add({.calls = kCallSync, .contains = "/f", .delay_us = 200'000});
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Probe({"create:@/f", "append:@/f:abcdef", "sync:@/f"}), (Lines{"0 ", "3 ", "0 "}));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(200));
  EXPECT_EQ(orders_->Struck(slow), 1);
}

TEST_F(ShimTest, StrikesWithTheProbabilityAskedFor) {
  const int rule = orders_->Add({.calls = kCallSync, .error = EIO, .probability = 0.5});
  Lines calls = {"create:@/f"};
  for (int i = 0; i < 200; ++i) calls.push_back("sync:@/f");
  Probe(calls);
  EXPECT_GT(orders_->Struck(rule), 60);
  EXPECT_LT(orders_->Struck(rule), 140);
}

TEST_F(ShimTest, TheWallClockJumpsAndWaitsByItDoNot) {
  const int64_t ten_years = int64_t{10} * 365 * 24 * 3600;
  for (const int64_t seconds : {int64_t{3600}, int64_t{-3600}, ten_years, -ten_years}) {
    orders_->SetClockOffsetMs(seconds * 1000);
    const Lines lines = Probe({"time:", "wait:"});
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_NEAR(std::stod(lines[0]), static_cast<double>(::time(nullptr) + seconds), 10);
    EXPECT_GE(std::stol(lines[1]), 49);
    EXPECT_LT(std::stol(lines[1]), 5000);
  }
}

TEST_F(ShimTest, APowerCutLosesWhatWasNotSynced) {
  Put("old", "0123456789");
  Probe({"create:@/f", "append:@/f:abc", "sync:@/f", "syncdir:@", "append:@/f:def",
         "append:@/old:x", "create:@/g", "append:@/g:gone", "sync:@/g", "die:"});
  EXPECT_EQ(Content(File("f")), "abcdef");
  Cut();
  EXPECT_EQ(Content(File("f")), "abc");
  EXPECT_EQ(Content(File("old")), "0123456789");
  EXPECT_EQ(Names(), (std::set<std::string>{"f", "old"}));  // g's name was not synced
}

TEST_F(ShimTest, APowerCutTakesBackNames) {
  Put("a", "A");
  Put("b", "B");
  Put("c", "C");
  fs::create_directory(File("d"));
  Probe({"rename:@/a:@/b", "unlink:@/c", "mkdir:@/e", "create:@/e/f", "link:@/b:@/l",
         "rename:@/d:@/dd", "die:"});
  EXPECT_EQ(Names(), (std::set<std::string>{"b", "e", "dd", "l"}));
  Cut();
  EXPECT_EQ(Names(), (std::set<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(Content(File("a")) + Content(File("b")) + Content(File("c")), "ABC");
}

TEST_F(ShimTest, APowerCutRestoresOverwrittenAndTruncatedBytes) {
  Put("f", std::string(10000, 'o'));
  Put("t", "truncated");
  Put("e", "emptied");
  Probe({"fill:@/f:2:n", "truncate:@/t:3", "append:@/t:XYZ", "empty:@/e", "append:@/e:zz", "die:"});
  EXPECT_EQ(Content(File("t")), "truXYZ");
  Cut();
  EXPECT_TRUE(Content(File("f")) == std::string(10000, 'o'));
  EXPECT_EQ(Content(File("t")), "truncated");
  EXPECT_EQ(Content(File("e")), "emptied");
}

TEST_F(ShimTest, ARenameIsDurableWithTheDirectoryItGoesTo) {
  fs::create_directory(File("from"));
  fs::create_directory(File("to"));
  Put("from/f", "F");
  Put("from/g", "G");
  Probe({"rename:@/from/f:@/to/f", "syncdir:@/to", "rename:@/from/g:@/to/g", "die:"});
  Cut();
  EXPECT_EQ(Content(File("to/f")), "F");
  EXPECT_EQ(Content(File("from/g")), "G");
}

TEST_F(ShimTest, ChangesOfEarlierProcessesAreStillUnsynced) {
  Put("f", "one");
  Probe({"append:@/f:two", "die:"});
  Probe({"append:@/f:three", "die:"});
  Cut();
  EXPECT_EQ(Content(File("f")), "one");
  Probe({"append:@/f:two", "die:"});
  Probe({"sync:@/f", "append:@/f:three", "die:"});
  Cut();
  EXPECT_EQ(Content(File("f")), "onetwo");
}

TEST_F(ShimTest, AFailedSyncIsNotMadeGoodByALaterOne) {
  orders_->Add({.calls = kCallSync, .contains = "/f", .error = EIO, .times = 1});
  Put("f", "one");
  EXPECT_EQ(Probe({"append:@/f:two", "sync:@/f", "sync:@/f", "die:"}),
            (Lines{"3 ", "-1 EIO", "0 "}));
  Cut();
  EXPECT_EQ(Content(File("f")), "one");
}

TEST_F(ShimTest, AMixKeepsSomePagesAndAPrefixOfTheNames) {
  std::set<std::string> contents;
  std::set<size_t> counts;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    for (const std::string& name : Names()) fs::remove_all(File(name));
    Put("f", std::string(4 * 4096, 'o'));
    Probe({"fill:@/f:4:n", "create:@/1", "create:@/2", "create:@/3", "die:"});
    Cut(Unsynced::kMixed, seed);
    const std::string content = Content(File("f"));
    ASSERT_EQ(content.size(), 4u * 4096);
    std::string pages;
    for (int page = 0; page < 4; ++page) {
      const std::string bytes = content.substr(static_cast<size_t>(page) * 4096, 4096);
      ASSERT_EQ(bytes, std::string(4096, bytes[0])) << "a torn page";
      pages += bytes[0];
    }
    contents.insert(pages);
    const std::set<std::string> names = Names();
    for (const char* const prefix : {"1", "2", "3"}) {
      if (!names.contains(prefix)) break;
      EXPECT_TRUE(names.contains("1"));
    }
    counts.insert(names.size());
  }
  EXPECT_GT(contents.size(), 5u);
  EXPECT_EQ(counts.size(), 4u);
}

TEST_F(ShimTest, WhatIsKeptIsKept) {
  Probe({"create:@/f", "append:@/f:abc", "die:"});
  Cut(Unsynced::kKept);
  EXPECT_EQ(Content(File("f")), "abc");
  Cut();  // the log is empty: that is on the disk now
  EXPECT_EQ(Content(File("f")), "abc");
}

}  // namespace
}  // namespace cairn::fault
