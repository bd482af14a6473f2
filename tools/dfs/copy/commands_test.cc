// Copying, appending and truncating on local files. Texts are those of Hadoop 3.4.
#include "tools/dfs/copy/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tools/dfs/testing/commands_fixture.h"

namespace cairn::dfs {
namespace {

using ::testing::IsEmpty;

TEST_F(CommandsTest, PutCopiesFilesTreesAndTheInput) {
  std::filesystem::create_directories(dir_ / "src/sub");
  WriteFile("src/f", "one");
  WriteFile("src/sub/g", "two");
  std::filesystem::create_directory(dir_ / "dst");
  EXPECT_EQ(Run("put", Put, {dir_ / "src", dir_ / "dst"}).exit_code, 0);
  EXPECT_EQ(Read("dst/src/sub/g"), "two");
  const Outcome again = Run("put", Put, {dir_ / "src", dir_ / "dst"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.err, "put: `" + dir_ / "dst/src/f" + "': File exists\nput: `" +
                           dir_ / "dst/src/sub/g" + "': File exists\n");
  WriteFile("src/f", "three");
  EXPECT_EQ(Run("put", Put, {"-f", dir_ / "src", dir_ / "dst"}).exit_code, 0);
  EXPECT_EQ(Read("dst/src/f"), "three");
  EXPECT_EQ(Run("put", Put, {"-", dir_ / "in"}, "typed").exit_code, 0);
  EXPECT_EQ(Read("in"), "typed");
  EXPECT_FALSE(Exists("in._COPYING_"));
  EXPECT_EQ(Run("put", Put, {"-", dir_ / "in"}, "x").err,
            "put: `" + dir_ / "in" + "': File exists\n");
}

TEST_F(CommandsTest, PutLeavesATemporaryFileItCouldNotCreate) {
  const std::string f = WriteFile("f", "x");
  std::filesystem::create_directory(dir_ / "to._COPYING_");  // in the way, and empty
  EXPECT_EQ(Run("put", Put, {f, dir_ / "to"}).exit_code, 1);
  EXPECT_TRUE(Exists("to._COPYING_"));
  EXPECT_FALSE(Exists("to"));
}

TEST_F(CommandsTest, PutChecksItsDestination) {
  const std::string f = WriteFile("f", "x");
  const std::string g = WriteFile("g", "y");
  EXPECT_EQ(
      Run("put", Put, {f, dir_ / "no/x"}).err,
      "put: `" + dir_ / "no/x" + "': No such file or directory: `file:" + dir_ / "no/x" + "'\n");
  EXPECT_EQ(Run("put", Put, {f, g, dir_ / "new"}).err,
            "put: `" + dir_ / "new" + "': No such file or directory\n");
  EXPECT_EQ(Run("put", Put, {f, g, f}).err, "put: `" + f + "': Is not a directory\n");
  EXPECT_EQ(Run("put", Put, {dir_ / "none", dir_.path()}).err,
            "put: `" + dir_ / "none" + "': No such file or directory\n");
}

TEST_F(CommandsTest, GetKeepsTimesAndModeWhenAsked) {
  const std::string f = WriteFile("f", "x");
  std::filesystem::permissions(f, std::filesystem::perms::owner_read);
  const auto time = std::filesystem::file_time_type::clock::now() - std::chrono::hours(100);
  std::filesystem::last_write_time(f, time);
  EXPECT_EQ(Run("get", Get, {"-p", f, dir_ / "g"}).exit_code, 0);
  EXPECT_EQ(std::filesystem::status(dir_ / "g").permissions(), std::filesystem::perms::owner_read);
  EXPECT_EQ(std::chrono::floor<std::chrono::seconds>(std::filesystem::last_write_time(dir_ / "g")),
            std::chrono::floor<std::chrono::seconds>(time));
  EXPECT_EQ(Run("get", Get, {f, dir_ / "g"}).err, "get: `" + dir_ / "g" + "': File exists\n");
}

TEST_F(CommandsTest, CpRefusesToCopyADirectoryIntoItself) {
  std::filesystem::create_directories(dir_ / "d/sub");
  const std::string d = dir_ / "d";
  EXPECT_EQ(Run("cp", Cp, {d, dir_ / "d/sub"}).err,
            "cp: `" + d + "' to `" + dir_ / "d/sub/d" + "': is a subdirectory of itself\n");
  EXPECT_EQ(Run("cp", Cp, {d, dir_ / "e"}).exit_code, 0);
  EXPECT_TRUE(Exists("e/sub"));
}

TEST_F(CommandsTest, AStoppedPutLeavesNothingAndSaysNothing) {
  std::filesystem::create_directories(dir_ / "src");
  WriteFile("src/a", std::string(3 << 20, 'a'));
  WriteFile("src/b", "b");
  int asked = 0;
  const Outcome outcome =
      Run("put", Put, {dir_ / "src", dir_ / "dst"}, "", [&] { return ++asked > 3; });
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_FALSE(Exists("dst/a"));
  EXPECT_FALSE(Exists("dst/a._COPYING_"));
  EXPECT_FALSE(Exists("dst/b"));
}

TEST_F(CommandsTest, AStopBehindTheLastByteIsStillBeforeTheRename) {
  WriteFile("a", "a");
  int asked = 0;
  Run("put", Put, {dir_ / "a", dir_ / "b"}, "", [&] { return ++asked > 3; });
  EXPECT_FALSE(Exists("b"));
  EXPECT_FALSE(Exists("b._COPYING_"));
}

TEST_F(CommandsTest, AppendToFileAddsFilesOrTheInput) {
  const std::string a = WriteFile("a", "one");
  const std::string b = WriteFile("b", "two");
  EXPECT_EQ(Run("appendToFile", AppendToFile, {a, b, dir_ / "new"}).exit_code, 0);
  EXPECT_EQ(Read("new"), "onetwo");
  EXPECT_EQ(Run("appendToFile", AppendToFile, {"-", dir_ / "new"}, "typed").exit_code, 0);
  EXPECT_EQ(Run("appendToFile", AppendToFile, {"-n", a, dir_ / "new"}).exit_code, 0);
  EXPECT_EQ(Read("new"), "onetwotypedone");
}

TEST_F(CommandsTest, AppendToFileChecksItsArguments) {
  const std::string a = WriteFile("a", "x");
  const auto err = [&](std::vector<std::string> args) {
    const Outcome outcome = Run("appendToFile", AppendToFile, std::move(args));
    EXPECT_EQ(outcome.exit_code, 1);
    return outcome.err;
  };
  EXPECT_EQ(err({a}), "appendToFile: missing destination argument\n");
  EXPECT_EQ(err({"-", a, dir_ / "b"}),
            "appendToFile: stdin (-) must be the sole input argument when present\n");
  EXPECT_FALSE(Exists("b"));
  EXPECT_EQ(err({dir_ / "none", dir_ / "b"}),
            "appendToFile: " + dir_ / "none" + " (No such file or directory)\n");
}

TEST_F(CommandsTest, TruncateShortensFiles) {
  const std::string f = WriteFile("f", "123456");
  EXPECT_EQ(Run("truncate", Truncate, {"4", f}).out, "Truncated " + f + " to length: 4\n");
  EXPECT_EQ(Read("f"), "1234");
  EXPECT_EQ(Run("truncate", Truncate, {"-w", "0", f}).exit_code, 0);
  EXPECT_EQ(Read("f"), "");
}

TEST_F(CommandsTest, TruncateRefusesWhatHadoopRefuses) {
  const std::string f = WriteFile("f", "123456");
  const Outcome larger = Run("truncate", Truncate, {"7", f});
  EXPECT_EQ(larger.exit_code, 255);
  EXPECT_EQ(larger.err,
            "Cannot truncate to a larger file size. Current size: 6, truncate size: 7.");
  EXPECT_EQ(Run("truncate", Truncate, {"-1", f}).err, "Illegal option -1");
  EXPECT_EQ(Run("truncate", Truncate, {"x", f}).err,
            "truncate: Illegal length, a non-negative integer expected\nFor input string: \"x\"");
  EXPECT_EQ(Run("truncate", Truncate, {"1", dir_.path()}).err,
            "truncate: `" + dir_.path() + "': Is a directory\n");
  EXPECT_EQ(Run("truncate", Truncate, {"1", dir_ / "none"}).err,
            "truncate: `" + dir_ / "none" + "': No such file or directory\n");
  EXPECT_EQ(Read("f"), "123456");
}

}  // namespace
}  // namespace cairn::dfs
