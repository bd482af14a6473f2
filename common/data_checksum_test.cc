// Tests of the chunked checksums.
#include "common/data_checksum.h"

#include <gtest/gtest.h>

#include "common/coding.h"

namespace cairn {
namespace {

TEST(DataChecksum, OneValuePerStartedChunk) {
  const DataChecksum checksum{ChecksumType::kCrc32c, 4};
  EXPECT_EQ(checksum.ChunkCount(0), 0);
  EXPECT_EQ(checksum.ChunkCount(9), 3);
  EXPECT_EQ(checksum.Compute("123456789").size(), 12u);
  EXPECT_EQ(checksum.RoundDown(7), 4);
  EXPECT_EQ(checksum.RoundUp(5), 8);
  EXPECT_EQ(checksum.RoundUp(8), 8);
}

TEST(DataChecksum, ValuesAreTheStandardCrcsBigEndian) {
  EXPECT_EQ(
      GetBigEndian<uint32_t>(DataChecksum{ChecksumType::kCrc32c, 512}.Compute("123456789").data()),
      0xe3069283u);
  EXPECT_EQ(
      GetBigEndian<uint32_t>(DataChecksum{ChecksumType::kCrc32, 512}.Compute("123456789").data()),
      0xcbf43926u);
  EXPECT_EQ(DataChecksum({ChecksumType::kNull, 512}).Compute("123456789"), "");
}

TEST(DataChecksum, VerifyNamesTheBadChunk) {
  const DataChecksum checksum{ChecksumType::kCrc32c, 4};
  const std::string sums = checksum.Compute("aaaabbbbcc");
  EXPECT_TRUE(checksum.Verify("aaaabbbbcc", sums, 100, "blk").ok());
  const absl::Status bad = checksum.Verify("aaaabbbXcc", sums, 100, "blk_1");
  EXPECT_TRUE(absl::IsDataLoss(bad));
  EXPECT_NE(std::string(bad.message()).find("blk_1 at 104"), std::string::npos) << bad;
}

TEST(DataChecksum, VerifyRefusesTheWrongNumberOfValues) {
  const DataChecksum checksum{ChecksumType::kCrc32c, 4};
  EXPECT_TRUE(absl::IsInvalidArgument(checksum.Verify("aaaab", "1234", 0, "blk")));
}

TEST(DataChecksum, MakeRefusesWhatTheLimitsForbid) {
  EXPECT_TRUE(DataChecksum::Make(2, 512).ok());
  EXPECT_FALSE(DataChecksum::Make(3, 512).ok());
  EXPECT_FALSE(DataChecksum::Make(-1, 512).ok());
  EXPECT_FALSE(DataChecksum::Make(2, 0).ok());
  EXPECT_FALSE(DataChecksum::Make(2, int64_t{1} << 40).ok());
}

}  // namespace
}  // namespace cairn
