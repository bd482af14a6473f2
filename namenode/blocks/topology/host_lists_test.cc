// Lists of hosts: their form, and whom they mean.
#include "namenode/blocks/topology/host_lists.h"

#include <gtest/gtest.h>

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
