// HDFS's file checksum, against values of HDFS.
#include "client/file_checksum.h"

#include <gtest/gtest.h>

#include "client/testing/fake_cluster.h"

namespace cairn::client {
namespace {

TEST(FileChecksum, AnEmptyFileHasHdfssFixedValue) {
  FakeCluster cluster(1);
  ASSERT_TRUE(cluster.Put("/empty", "").ok());
  const auto sum = cluster.client().GetFileChecksum("/empty");
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->algorithm, "MD5-of-0MD5-of-0CRC32");
  EXPECT_EQ(sum->Hex(), "00000000000000000000000070bc8f4b72a86921468bf8e8441dce51");
}

TEST(FileChecksum, OneBlockSaysNothingAboutCrcsPerBlock) {
  FakeCluster cluster(1);
  ASSERT_TRUE(cluster.Put("/f", "hello\n").ok());
  const auto sum = cluster.client().GetFileChecksum("/f");
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->algorithm, "MD5-of-0MD5-of-512CRC32C");
  // MD5(MD5(CRC32C("hello\n"))), computed with independent tools.
  EXPECT_EQ(sum->Hex(), "000002000000000000000000ccb3be08da5190838fab347f4993a309");
}

TEST(FileChecksum, SeveralBlocksCountTheCrcsOfTheFirst) {
  FakeCluster cluster(2);
  ASSERT_TRUE(cluster.Put("/f", TestData(150'000)).ok());
  const auto sum = cluster.client().GetFileChecksum("/f");
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->algorithm, "MD5-of-128MD5-of-512CRC32C");
  EXPECT_EQ(sum->bytes.size(), 28u);
  EXPECT_NE(cluster.client().GetFileChecksum("/f", 149'999)->bytes, sum->bytes);
}

TEST(FileChecksum, AnotherReplicaIsAskedWhenOneFails) {
  FakeCluster cluster(3);
  ASSERT_TRUE(cluster.Put("/f", TestData(1000)).ok());
  const auto before = cluster.client().GetFileChecksum("/f");
  ASSERT_TRUE(before.ok()) << before.status();
  cluster.dn(0).Kill();
  const auto after = cluster.client().GetFileChecksum("/f");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(*before, *after);
}

TEST(FileChecksum, BlocksOfDifferentKindsDoNotCombine) {
  wire::BlockChecksumResult a;
  a.bytes_per_crc = 512;
  a.checksum = std::string(16, 'a');
  wire::BlockChecksumResult b = a;
  b.bytes_per_crc = 1024;
  EXPECT_FALSE(CombineBlockChecksums({a, b}, "/f").ok());
}

}  // namespace
}  // namespace cairn::client
