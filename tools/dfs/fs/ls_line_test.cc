// Lines of listings, as Hadoop 3.4 printed them.
#include "tools/dfs/fs/ls_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace cairn::dfs {
namespace {

constexpr int64_t kMtime = 1'577'934'245'000;  // 2020-01-02 03:04 UTC

FileStatus File() {
  FileStatus status;
  status.length = 3000;
  status.permission = 0644;
  status.owner = "root";
  status.group = "supergroup";
  status.mtime_ms = kMtime;
  status.atime_ms = kMtime + 60'000;
  status.replication = 3;
  return status;
}

FileStatus Directory() {
  FileStatus status = File();
  status.type = FileType::kDirectory;
  status.length = 0;
  status.permission = 01777;
  status.owner = "alice";
  status.replication = 0;
  return status;
}

class LsLineTest : public ::testing::Test {
 protected:
  LsLineTest() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

TEST_F(LsLineTest, AFileAndADirectoryInOneListing) {
  LsLine line(false, false);
  line.Widen(File());
  line.Widen(Directory());
  EXPECT_EQ(line.Format(File(), "/t/a"),
            "-rw-r--r--   3 root  supergroup       3000 2020-01-02 03:04 /t/a");
  EXPECT_EQ(line.Format(Directory(), "/t/e"),
            "drwxrwxrwt   - alice supergroup          0 2020-01-02 03:04 /t/e");
}

TEST_F(LsLineTest, HumanSizesAndAccessTimes) {
  LsLine line(true, true);
  line.Widen(File());
  EXPECT_EQ(line.Format(File(), "/t/a"),
            "-rw-r--r--   3 root supergroup      2.9 K 2020-01-02 03:05 /t/a");
}

TEST_F(LsLineTest, LargeSizesWidenTheColumnForGood) {
  LsLine line(false, false);
  FileStatus large = File();
  large.length = 123'456'789'012;
  line.Widen(large);
  EXPECT_EQ(line.Format(File(), "a"),
            "-rw-r--r--   3 root supergroup         3000 2020-01-02 03:04 a");
}

}  // namespace
}  // namespace cairn::dfs
