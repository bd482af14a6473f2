// Lists of hosts: their form, and whom they mean.
#include "namenode/blocks/topology/host_lists.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/testing/temp_dir.h"

namespace cairn::namenode {
namespace {

DatanodeId Node(const std::string& ip, const std::string& host, int port) {
  DatanodeId id;
  id.ip_addr = ip;
  id.host_name = host;
  id.xfer_port = port;
  return id;
}

class HostListsTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& text) {
    const std::string path = dir_.path() + "/" + name;
    EXPECT_TRUE(PosixFileSystem().WriteFileAtomically(path, text).ok());
    return path;
  }
  TempDir dir_;
};

TEST_F(HostListsTest, WithoutListsEveryoneMayStay) {
  const auto lists = HostLists::Read(PosixFileSystem(), "", File("none", " \n# nobody\n"));
  ASSERT_TRUE(lists.ok()) << lists.status();
  EXPECT_TRUE(lists->Includes(Node("10.0.0.1", "dn1", 9866)));
  EXPECT_FALSE(lists->Excludes(Node("10.0.0.1", "dn1", 9866)));
}

TEST_F(HostListsTest, EntriesMeanHostsOrOneDataNodeOfAHost) {
  const auto lists = HostLists::Read(
      PosixFileSystem(), File("in", "10.0.0.1\t10.0.0.2:7001 # 10.0.0.3\n\nlocalhost\r\n"),
      File("out", "10.0.0.2:7001"));
  ASSERT_TRUE(lists.ok()) << lists.status();
  EXPECT_EQ(lists->includes().size(), 3u);
  EXPECT_TRUE(lists->Includes(Node("10.0.0.1", "a", 1)));
  EXPECT_TRUE(lists->Includes(Node("10.0.0.2", "b", 7001)));
  EXPECT_FALSE(lists->Includes(Node("10.0.0.2", "b", 7002)));
  EXPECT_FALSE(lists->Includes(Node("10.0.0.3", "c", 1)));
  EXPECT_TRUE(lists->Includes(Node("127.0.0.1", "d", 1))) << "a name stands for its addresses";
  EXPECT_TRUE(lists->Excludes(Node("10.0.0.2", "b", 7001)));
  EXPECT_FALSE(lists->Excludes(Node("10.0.0.1", "a", 1)));
}

// The form of HDFS's CombinedHostFileManager.
TEST_F(HostListsTest, OneFileSaysWhoLeavesAndWhoIsInMaintenance) {
  const auto lists = HostLists::ReadCombined(PosixFileSystem(), File("dfs.hosts", R"([
      {"hostName": "10.0.0.1"},
      {"hostName": "10.0.0.2", "port": 7001, "adminState": "DECOMMISSIONED"},
      {"hostName": "10.0.0.3", "adminState": "IN_MAINTENANCE", "upgradeDomain": "a",
       "maintenanceExpireTimeInMS": 1700000000000},
      {"hostName": "10.0.0.4", "adminState": "IN_MAINTENANCE"}])"));
  ASSERT_TRUE(lists.ok()) << lists.status();
  for (const std::string ip : {"10.0.0.1", "10.0.0.3", "10.0.0.4"}) {
    EXPECT_TRUE(lists->Includes(Node(ip, "dn", 7001))) << ip;
    EXPECT_FALSE(lists->Excludes(Node(ip, "dn", 7001))) << ip;
  }
  EXPECT_FALSE(lists->Includes(Node("10.0.0.5", "dn", 7001)));
  EXPECT_TRUE(lists->Excludes(Node("10.0.0.2", "dn", 7001)));
  EXPECT_FALSE(lists->Excludes(Node("10.0.0.2", "dn", 7002)));
  EXPECT_EQ(lists->MaintenanceUntil(Node("10.0.0.1", "dn", 1)), std::nullopt);
  EXPECT_EQ(lists->MaintenanceUntil(Node("10.0.0.3", "dn", 1)), 1700000000000);
  EXPECT_EQ(lists->MaintenanceUntil(Node("10.0.0.4", "dn", 1)),
            std::numeric_limits<int64_t>::max());
}

TEST_F(HostListsTest, WhereNobodyIsNamedInServiceAllMayStay) {
  for (const std::string text :
       {"", " \n", "[]", R"([{"hostName": "10.0.0.2", "adminState": "DECOMMISSIONED"}])"}) {
    const auto lists = HostLists::ReadCombined(PosixFileSystem(), File("dfs.hosts", text));
    ASSERT_TRUE(lists.ok()) << text << ": " << lists.status();
    EXPECT_TRUE(lists->Includes(Node("10.0.0.9", "dn", 7001))) << text;
  }
}

TEST_F(HostListsTest, WhatIsNoCombinedListIsRefused) {
  for (const std::string text :
       {"10.0.0.1", "{}", "null", "5", R"("h")", R"([{"hostName": "h", "port": "9866x"}])",
        R"([{"hostName": "h", "maintenanceExpireTimeInMS": "soon"}])", "[{",
        R"({"hostName": "10.0.0.1"})", R"([{"port": 1}])", R"([{"hostName": "h", "port": 70000}])",
        R"([{"hostName": "h", "adminState": "AWAY"}])"}) {
    const auto lists = HostLists::ReadCombined(PosixFileSystem(), File("dfs.hosts", text));
    EXPECT_EQ(lists.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(lists.status().message().find("dfs.hosts"), std::string::npos) << lists.status();
  }
}

TEST_F(HostListsTest, WhatCannotBeReadIsNamed) {
  const std::string missing = dir_.path() + "/missing";
  const auto no_file = HostLists::Read(PosixFileSystem(), missing, "");
  EXPECT_NE(no_file.status().message().find(missing), std::string::npos) << no_file.status();
  for (const std::string& path : {File("bad", "10.0.0.1:port"), File("lists.xml", "<hosts/>")}) {
    const auto bad = HostLists::Read(PosixFileSystem(), "", path);
    EXPECT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_NE(bad.status().message().find(path), std::string::npos) << bad.status();
  }
}

}  // namespace
}  // namespace cairn::namenode
