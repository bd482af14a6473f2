// Numbers, times and tables look as Hadoop's. Expected values were printed by Hadoop 3.4.
#include "tools/dfs/base/format.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace cairn::dfs {
namespace {

TEST(HumanSize, RoundsAsHadoopDoes) {
  EXPECT_EQ(HumanSize(0), "0");
  EXPECT_EQ(HumanSize(1023), "1023");
  EXPECT_EQ(HumanSize(1024), "1 K");
  EXPECT_EQ(HumanSize(1280), "1.3 K");  // 1.25: half up
  EXPECT_EQ(HumanSize(3000), "2.9 K");
  EXPECT_EQ(HumanSize(3027), "3.0 K");
  EXPECT_EQ(HumanSize(9081), "8.9 K");
  EXPECT_EQ(HumanSize(83067), "81.1 K");
  EXPECT_EQ(HumanSize(134'217'728), "128 M");
  EXPECT_EQ(HumanSize((1 << 20) - 1), "1.0 M");  // 1024.0 K becomes 1.0 M
  EXPECT_EQ(HumanSize(811'659'522'048), "755.9 G");
  EXPECT_EQ(HumanSize(INT64_MAX), "8.0 E");
  EXPECT_EQ(HumanSize(-3000), "-2.9 K");
  EXPECT_EQ(HumanSize(INT64_MIN), "-8 E");
}

TEST(HumanSize, TakesAUnitAndPlaces) {
  EXPECT_EQ(HumanSize(0, "B", 2), "0 B");
  EXPECT_EQ(HumanSize(27'680, "B", 2), "27.03 KB");
  EXPECT_EQ(HumanSize(811'659'522'048, "B", 2), "755.92 GB");
}

TEST(Percent, HasFixedPlaces) {
  EXPECT_EQ(Percent(84'068'212'736, 270'553'174'016, 2), "31.07%");
  EXPECT_EQ(Percent(83'067, 811'659'522'048, 0), "0%");
  EXPECT_EQ(Percent(0, 0, 2), "0.00%");
  EXPECT_EQ(Percent(0, 0, 2, 100), "100.00%");
}

TEST(PermissionText, ShowsTheStickyBit) {
  EXPECT_EQ(PermissionText(0755), "rwxr-xr-x");
  EXPECT_EQ(PermissionText(0), "---------");
  EXPECT_EQ(PermissionText(01777), "rwxrwxrwt");
  EXPECT_EQ(PermissionText(01770), "rwxrwx--T");
}

TEST(Times, AreLocalOrUtc) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(LocalMinute(1'577'934'245'999), "2020-01-02 03:04");
  EXPECT_EQ(UtcSecond(1'577'934'245'999), "2020-01-02 03:04:05");
  EXPECT_EQ(UtcSecond(-1), "1969-12-31 23:59:59");
  EXPECT_EQ(JavaDate(1'577'934'245'999), "Thu Jan 02 03:04:05 UTC 2020");
}

TEST(Table, AlignsColumns) {
  Table du(3);
  du.Add({"3000", "9000", "/t/a"});
  du.Add({"6", "18", "/t/b"});
  EXPECT_EQ(du.ToString(), "3000  9000  /t/a\n6     18    /t/b\n");
  Table df(5, {1, 2, 3, 4});
  df.Add({"Filesystem", "Size", "Used", "Available", "Use%"});
  df.Add({"hdfs://127.0.0.1:9170", "811659522048", "83067", "252204851200", "0%"});
  EXPECT_EQ(df.ToString(),
            "Filesystem                     Size   Used     Available  Use%\n"
            "hdfs://127.0.0.1:9170  811659522048  83067  252204851200    0%\n");
}

}  // namespace
}  // namespace cairn::dfs
