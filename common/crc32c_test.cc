// CRCs against their published check values.
#include "common/crc32c.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Crc, CheckValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32("123456789"), 0xcbf43926u);
}

TEST(Crc, ContinuesFromAPrefix) {
  EXPECT_EQ(Crc32c("56789", Crc32c("1234")), 0xe3069283u);
  EXPECT_EQ(Crc32("56789", Crc32("1234")), 0xcbf43926u);
}

}  // namespace
}  // namespace cairn
