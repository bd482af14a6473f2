// The report, as Hadoop 3.4 prints it.
#include "tools/dfs/admin/report_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace cairn::dfs {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Report, HeaderHasTheTotals) {
  FsStats stats;
  stats.capacity = 811'659'522'048;
  stats.used = 79'975;
  stats.remaining = 252'204'638'208;
  stats.under_replicated = 4;
  const std::string text = ReportHeader(stats, true);
  EXPECT_THAT(text, StartsWith("Safe mode is ON\n"
                               "Configured Capacity: 811659522048 (755.92 GB)\n"
                               "Present Capacity: 252204718183 (234.88 GB)\n"
                               "DFS Remaining: 252204638208 (234.88 GB)\n"
                               "DFS Used: 79975 (78.10 KB)\n"
                               "DFS Used%: 0.00%\n"
                               "Replicated Blocks:\n"
                               "\tUnder replicated blocks: 4\n"));
  EXPECT_THAT(ReportHeader(stats, false), StartsWith("Configured Capacity"));
}

TEST(Report, ListsDatanodes) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  DatanodeInfo node;
  node.id.ip_addr = "127.0.0.1";
  node.id.host_name = "host2";
  node.id.xfer_port = 32893;
  node.network_location = "/rack1";
  node.capacity = 270'553'174'016;
  node.dfs_used = 27'680;
  node.remaining = 84'068'212'736;
  node.last_update_ms = 1'577'934'245'000;
  node.num_blocks = 5;
  const std::string text = ReportDatanodes("Live", {node});
  EXPECT_THAT(text, StartsWith("Live datanodes (1):\n\nName: 127.0.0.1:32893 (host2)\n"
                               "Hostname: host2\nRack: /rack1\nDecommission Status : Normal\n"
                               "Configured Capacity: 270553174016 (251.97 GB)\n"));
  EXPECT_THAT(text, HasSubstr("DFS Remaining%: 31.07%\n"));
  EXPECT_THAT(text, HasSubstr("Last contact: Thu Jan 02 03:04:05 UTC 2020\n"
                              "Last Block Report: Never\nNum of Blocks: 5\n\n\n"));
  EXPECT_EQ(ReportDatanodes("Dead", {}), "");
}

}  // namespace
}  // namespace cairn::dfs
