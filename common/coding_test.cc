// Integers as bytes.
#include "common/coding.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Coding, VarintsRoundTripAtTheirBoundaries) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, ~uint64_t{0}}) {
    std::string bytes;
    PutVarint64(bytes, value);
    std::string_view in = bytes;
    EXPECT_EQ(TakeVarint64(in), value);
    EXPECT_TRUE(in.empty());
  }
}

TEST(Coding, AVarintCutShortIsNotConsumed) {
  std::string_view in = "\xff\xff";
  EXPECT_EQ(TakeVarint64(in), std::nullopt);
  EXPECT_EQ(in.size(), 2u);
}

TEST(Coding, AVarintOfElevenBytesIsRefused) {
  const std::string bytes(11, '\xff');
  std::string_view in = bytes;
  EXPECT_EQ(TakeVarint64(in), std::nullopt);
}

TEST(Coding, BigEndianKeepsOrderAndSign) {
  std::string bytes;
  PutBigEndian<int32_t>(bytes, -2);
  EXPECT_EQ(bytes, std::string("\xff\xff\xff\xfe"));
  EXPECT_EQ(GetBigEndian<int32_t>(bytes.data()), -2);
}

}  // namespace
}  // namespace cairn
