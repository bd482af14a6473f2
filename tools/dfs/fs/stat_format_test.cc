// The format language of stat.
#include "tools/dfs/fs/stat_format.h"

#include <gtest/gtest.h>

namespace cairn::dfs {
namespace {

TEST(FormatStat, KnowsEveryField) {
  FileStatus file;
  file.length = 3000;
  file.permission = 01755;
  file.owner = "root";
  file.group = "staff";
  file.mtime_ms = 1'577'934'245'007;
  file.atime_ms = 1'577'934'246'008;
  file.replication = 3;
  file.block_size = 134'217'728;
  EXPECT_EQ(FormatStat("%b %F %g %n %o %r %u", file, "a"),
            "3000 regular file staff a 134217728 3 root");
  EXPECT_EQ(FormatStat("%a %A", file, "a"), "1755 rwxr-xr-t");
  EXPECT_EQ(FormatStat("%x %X %y %Y", file, "a"),
            "2020-01-02 03:04:06 1577934246008 2020-01-02 03:04:05 1577934245007");
  file.type = FileType::kDirectory;
  EXPECT_EQ(FormatStat("%F", file, "a"), "directory");
}

TEST(FormatStat, LeavesTheRestAlone) {
  EXPECT_EQ(FormatStat("%z%%, 100%", {}, "a"), "z%, 100");
  EXPECT_EQ(FormatStat("plain", {}, "a"), "plain");
}

}  // namespace
}  // namespace cairn::dfs
