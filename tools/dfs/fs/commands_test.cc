// Commands run on local files: what they do, print and refuse. Texts are those of Hadoop 3.4.
#include "tools/dfs/fs/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tools/dfs/testing/commands_fixture.h"

namespace cairn::dfs {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(CommandsTest, MkdirMakesDirectoriesAndNamesWhatIsInTheWay) {
  EXPECT_EQ(Run("mkdir", Mkdir, {dir_ / "d"}).exit_code, 0);
  Outcome again = Run("mkdir", Mkdir, {dir_ / "d"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.err, "mkdir: `" + dir_ / "d" + "': File exists\n");
  EXPECT_EQ(Run("mkdir", Mkdir, {"-p", dir_ / "d"}).exit_code, 0);
  EXPECT_EQ(Run("mkdir", Mkdir, {dir_ / "x/y"}).err,
            "mkdir: `file:" + dir_ / "x" + "': No such file or directory\n");
  EXPECT_EQ(Run("mkdir", Mkdir, {"-p", dir_ / "x/y"}).exit_code, 0);
  EXPECT_TRUE(Exists("x/y"));
  EXPECT_EQ(Run("mkdir", Mkdir, {WriteFile("f", "")}).err,
            "mkdir: `" + dir_ / "f" + "': Is not a directory\n");
  EXPECT_EQ(Run("mkdir", Mkdir, {}).exit_code, 255);
}

TEST_F(CommandsTest, LsListsFilesDirectoriesAndPatterns) {
  WriteFile("b", "12");
  WriteFile("a", "1");
  std::filesystem::create_directories(dir_ / "d/e");
  EXPECT_EQ(Run("ls", Ls, {"-C", dir_.path()}).out, dir_ / "a\n" + dir_ / "b\n" + dir_ / "d\n");
  EXPECT_EQ(Run("ls", Ls, {"-C", "-r", dir_.path()}).out,
            dir_ / "d\n" + dir_ / "b\n" + dir_ / "a\n");
  EXPECT_EQ(Run("ls", Ls, {"-C", "-d", dir_.path()}).out, dir_.path() + "\n");
  EXPECT_EQ(Run("ls", Ls, {"-C", "-R", dir_.path()}).out,
            dir_ / "a\n" + dir_ / "b\n" + dir_ / "d\n" + dir_ / "d/e\n");
  EXPECT_EQ(Run("ls", Ls, {"-C", dir_ / "{b,a}"}).out, dir_ / "b\n" + dir_ / "a\n");
  EXPECT_EQ(Run("ls", Ls, {"-C", "file://" + dir_ / "[ab]"}).out,
            "file://" + dir_ / "a\n" + "file://" + dir_ / "b\n");
  EXPECT_THAT(Run("ls", Ls, {dir_.path()}).out, HasSubstr("Found 3 items\n-rw"));
  EXPECT_THAT(Run("ls", Ls, {dir_ / "d/e"}).out, IsEmpty());
  const Outcome missing = Run("ls", Ls, {dir_ / "x*", dir_ / "y"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err, "ls: `" + dir_ / "x*" + "': No such file or directory\nls: `" +
                             dir_ / "y" + "': No such file or directory\n");
}

TEST_F(CommandsTest, LsSortsByTimeAndSize) {
  WriteFile("old", "123");
  WriteFile("new", "1");
  std::filesystem::last_write_time(
      dir_ / "old", std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(Run("ls", Ls, {"-C", "-t", dir_.path()}).out, dir_ / "new\n" + dir_ / "old\n");
  EXPECT_EQ(Run("ls", Ls, {"-C", "-S", dir_.path()}).out, dir_ / "old\n" + dir_ / "new\n");
}

TEST_F(CommandsTest, MvRenamesIntoDirectoriesAndNeverReplaces) {
  const std::string f = WriteFile("f", "x");
  const std::string g = WriteFile("g", "y");
  std::filesystem::create_directory(dir_ / "d");
  EXPECT_EQ(Run("mv", Mv, {f, g}).err, "mv: `" + g + "': File exists\n");
  EXPECT_EQ(Run("mv", Mv, {f, g, dir_ / "d"}).exit_code, 0);
  EXPECT_EQ(Read("d/g"), "y");
  EXPECT_FALSE(Exists("f"));
  EXPECT_EQ(Run("mv", Mv, {f, dir_ / "h"}).err, "mv: `" + f + "': No such file or directory\n");
  EXPECT_EQ(
      Run("mv", Mv, {dir_ / "d", dir_ / "no/d"}).err,
      "mv: `" + dir_ / "no/d" + "': No such file or directory: `file:" + dir_ / "no/d" + "'\n");
}

TEST_F(CommandsTest, RmNeedsAFlagForDirectoriesAndKeepsTheRoot) {
  const std::string f = WriteFile("f", "x");
  std::filesystem::create_directories(dir_ / "d/e");
  EXPECT_EQ(Run("rm", Rm, {f}).out, "Deleted " + f + "\n");
  EXPECT_EQ(Run("rm", Rm, {dir_ / "d"}).err, "rm: `" + dir_ / "d" + "': Is a directory\n");
  EXPECT_EQ(Run("rm", Rm, {"-r", dir_ / "d"}).exit_code, 0);
  EXPECT_FALSE(Exists("d"));
  EXPECT_EQ(Run("rm", Rm, {f}).exit_code, 1);
  EXPECT_EQ(Run("rm", Rm, {"-f", f, dir_ / "x*"}).exit_code, 0);
  const Outcome root = Run("rm", Rm, {"-r", "/"});
  EXPECT_EQ(root.exit_code, 1);
  EXPECT_EQ(root.err, "rm: `/': Input/output error\n");
}

TEST_F(CommandsTest, CatHeadAndTailPrintBytes) {
  const std::string small = WriteFile("small", "hello\n");
  const std::string big =
      WriteFile("big", std::string(2000, 'a') + std::string(1000, 'b') + std::string(24, 'c'));
  EXPECT_EQ(Run("cat", Cat, {small, small}).out, "hello\nhello\n");
  EXPECT_EQ(Run("head", Head, {big}).out, std::string(1024, 'a'));
  EXPECT_EQ(Run("tail", Tail, {big}).out, std::string(1000, 'b') + std::string(24, 'c'));
  EXPECT_EQ(Run("tail", Tail, {small}).out, "hello\n");
  EXPECT_EQ(Run("cat", Cat, {dir_.path()}).err, "cat: `" + dir_.path() + "': Is a directory\n");
  EXPECT_EQ(Run("tail", Tail, {small, big}).err, "Too many arguments: expected 1 but got 2");
}

TEST_F(CommandsTest, DuAndCountAddUp) {
  std::filesystem::create_directories(dir_ / "d");
  WriteFile("d/a", "12345");
  WriteFile("d/b", "1");
  EXPECT_EQ(Run("du", Du, {dir_ / "d"}).out, "5  5  " + dir_ / "d/a\n" + "1  1  " + dir_ / "d/b\n");
  EXPECT_EQ(Run("du", Du, {"-s", dir_ / "d"}).out, "6  6  " + dir_ / "d\n");
  EXPECT_EQ(Run("count", Count, {"-v", dir_ / "d"}).out,
            "   DIR_COUNT   FILE_COUNT       CONTENT_SIZE PATHNAME\n"
            "           1            2                  6 " +
                dir_ / "d\n");
}

TEST_F(CommandsTest, TestAnswersByItsExitCode) {
  const std::string empty = WriteFile("empty", "");
  const std::string full = WriteFile("full", "x");
  const auto answer = [&](const std::string& flag, const std::string& path) {
    return Run("test", cairn::dfs::Test, {flag, path}).exit_code;
  };
  EXPECT_EQ(answer("-e", full), 0);
  EXPECT_EQ(answer("-e", dir_ / "none"), 1);
  EXPECT_EQ(answer("-d", dir_.path()), 0);
  EXPECT_EQ(answer("-d", full), 1);
  EXPECT_EQ(answer("-f", full), 0);
  EXPECT_EQ(answer("-z", empty), 0);
  EXPECT_EQ(answer("-z", full), 1);
  EXPECT_EQ(answer("-s", full), 0);
  EXPECT_EQ(answer("-s", empty), 1);
  EXPECT_EQ(answer("-r", full), 0);
  EXPECT_EQ(Run("test", cairn::dfs::Test, {full}).err, "No test flag given");
  EXPECT_EQ(Run("test", cairn::dfs::Test, {"-d", "-e", full}).err, "Only one test flag is allowed");
}

TEST_F(CommandsTest, TouchzMakesOnlyEmptyFiles) {
  EXPECT_EQ(Run("touchz", Touchz, {dir_ / "z"}).exit_code, 0);
  EXPECT_TRUE(Exists("z"));
  EXPECT_EQ(Run("touchz", Touchz, {WriteFile("f", "x")}).err,
            "touchz: `" + dir_ / "f" + "': Not a zero-length file\n");
  EXPECT_EQ(Run("touchz", Touchz, {dir_.path()}).err,
            "touchz: `" + dir_.path() + "': Is a directory\n");
}

TEST_F(CommandsTest, ChmodWalksTrees) {
  std::filesystem::create_directories(dir_ / "d");
  WriteFile("d/f", "x");
  EXPECT_EQ(Run("chmod", Chmod, {"-R", "u=rwX,go-rwx", dir_ / "d"}).exit_code, 0);
  EXPECT_EQ(Run("stat", Stat, {"%a", dir_ / "d", dir_ / "d/f"}).out, "700\n600\n");
  EXPECT_EQ(Run("chmod", Chmod, {"-w", dir_ / "d/f"}).exit_code, 0);
  EXPECT_EQ(Run("stat", Stat, {"%A", dir_ / "d/f"}).out, "r--------\n");
  EXPECT_EQ(Run("chmod", Chmod, {"644"}).err, "Not enough arguments: expected 2 but got 1");
}

TEST_F(CommandsTest, ChownAndSetrepCheckTheirOperands) {
  const std::string f = WriteFile("f", "x");
  EXPECT_EQ(Run("chown", Chown, {"a:b:c", f}).err,
            "'a:b:c' does not match expected pattern for [owner][:group].");
  EXPECT_EQ(Run("chown", Chown, {"a b", f}).err,
            "'a b' does not match expected pattern for [owner][:group].");
  EXPECT_EQ(Run("chgrp", Chgrp, {"x y", f}).err, "'x y' does not match expected pattern for group");
  EXPECT_EQ(Run("setrep", Setrep, {"0", f}).err, "replication must be >= 1");
  EXPECT_EQ(Run("setrep", Setrep, {"x", f}).err,
            "setrep: Illegal replication, a positive integer expected\nFor input string: \"x\"");
  EXPECT_EQ(Run("setrep", Setrep, {"2", f}).out, "Replication 2 set: " + f + "\n");
}

TEST_F(CommandsTest, AnUnknownSchemeIsNamed) {
  const Outcome outcome = Run("ls", Ls, {"s3x://bucket/x"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "ls: No FileSystem for scheme \"s3x\"\n");
}

}  // namespace
}  // namespace cairn::dfs
