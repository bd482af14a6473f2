// Calls: retries through a NameNode restart, listing page by page, modes.
#include "client/dfs_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/fake_cluster.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(DfsClient, ARetriedCallKeepsItsCallId) {
  FakeCluster cluster(1);
  const absl::Status gone = absl::UnavailableError("connection refused");
  cluster.namenode().FailNext("delete", {gone, gone, errors::Retriable("starting")});
  EXPECT_TRUE(cluster.client().Delete("/f", false).ok());
  EXPECT_TRUE(cluster.client().Delete("/g", false).ok());
  const auto ids = cluster.namenode().CallIdsOf("delete");
  ASSERT_EQ(ids.size(), 5u);
  EXPECT_EQ(ids[0], ids[3]);
  EXPECT_NE(ids[3], ids[4]);
}

TEST(DfsClient, AnUnreachableNamenodeIsGivenUpAfterTheRetries) {
  FakeCluster cluster(1);
  cluster.options.namenode_retries = 4;
  cluster.options.namenode_retry_interval_ms = 100;
  cluster.namenode().FailNext("mkdirs",
                              std::vector<absl::Status>(99, absl::UnavailableError("refused")));
  EXPECT_TRUE(absl::IsUnavailable(cluster.client().Mkdirs("/d")));
  EXPECT_EQ(cluster.namenode().CallsOf("mkdirs").size(), 5u);
  for (const int64_t ms : cluster.sleeps()) {
    EXPECT_GE(ms, 50);
    EXPECT_LT(ms, 150);
  }
}

TEST(DfsClient, TheUmaskIsTakenFromNewModes) {
  FakeCluster cluster(1);
  cluster.options.umask = 027;
  ASSERT_TRUE(cluster.client().Mkdirs("/d", 0777).ok());
  EXPECT_THAT(cluster.namenode().CallsOf("mkdirs"), ElementsAre("mkdirs /d 750"));
  ASSERT_TRUE(cluster.Put("/f", "").ok());
  EXPECT_EQ(cluster.client().Stat("/f")->permission, 0640);
}

TEST(DfsClient, ADirectoryIsListedPageByPage) {
  FakeCluster cluster(1);
  for (const char* path : {"/a", "/b", "/c", "/d", "/e"}) ASSERT_TRUE(cluster.Put(path, "").ok());
  std::string names;
  const auto entries = cluster.client().ListAll("/");
  ASSERT_TRUE(entries.ok());
  for (const FileStatus& entry : *entries) names += entry.path;
  EXPECT_EQ(names, "abcde");
  EXPECT_THAT(cluster.namenode().CallsOf("getListing"),
              ElementsAre("getListing", "getListing b", "getListing d"));
}

TEST(DfsClient, MissingPathsAreNamed) {
  FakeCluster cluster(1);
  EXPECT_EQ(std::string(cluster.client().Stat("/x").status().message()), "File does not exist: /x");
  EXPECT_TRUE(Is(cluster.client().ListAll("/x").status(), ErrorKind::kFileNotFound));
  EXPECT_FALSE(cluster.client().Exists("/x").value());
}

TEST(DfsClient, BadOptionsAreRefusedByName) {
  ClientOptions options;
  options.namenode_address = "nn:8021";
  options.user = "u";
  options.block_size = 1000;
  const auto client = DfsClient::Connect(options);
  EXPECT_THAT(std::string(client.status().message()), HasSubstr("dfs.blocksize=1000"));
  options = {};
  EXPECT_THAT(std::string(DfsClient::Connect(options).status().message()),
              HasSubstr("fs.defaultFS"));
}

TEST(DfsClient, AnUnreachableGrpcServerIsNamed) {
  ClientOptions options;
  options.namenode_address = "127.0.0.1:1";
  options.user = "u";
  options.namenode_retries = 1;
  options.namenode_retry_interval_ms = 1;
  auto client = DfsClient::Connect(options).value();
  const absl::Status status = client->GetFsStats().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("NameNode 127.0.0.1:1"));
}

}  // namespace
}  // namespace cairn::client
