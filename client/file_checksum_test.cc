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
  // As `hadoop fs -checksum` of Hadoop 3.4 printed it.
  EXPECT_EQ(sum->Hex(), "0000020000000000000000002b559725e23eb93541b0675b41e25ab3");
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

TEST(FileChecksum, TheBlocksMd5sAreHashedWithTheRestOfHdfssBuffer) {
  wire::BlockChecksumResult block;
  block.bytes_per_crc = 512;
  block.checksum = std::string(16, 'a');
  const auto md5_of = [&](size_t blocks) {
    const auto sum = CombineBlockChecksums(std::vector(blocks, block), "/f");
    return sum.ok() ? sum->Hex().substr(24) : std::string(sum.status().message());
  };
  // MD5 of 16, 48 and 80 bytes of 'a' with zeros up to 32, 64 and 128 bytes.
  EXPECT_EQ(md5_of(1), "4d8637f9a42c354599de536068e6f625");
  EXPECT_EQ(md5_of(3), "b12f1c663854f98cd3786c9984cb6c1b");
  EXPECT_EQ(md5_of(5), "8b2132de3eab8f5aabc7afd87b71ec79");
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
