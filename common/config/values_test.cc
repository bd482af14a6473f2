// How values are written.
#include "common/config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Values, Integers) {
  EXPECT_EQ(ParseInt(" 42 "), 42);
  EXPECT_EQ(ParseInt("-1"), -1);
  EXPECT_EQ(ParseInt("0x1F"), 31);
  for (const char* text : {"", "4x", "1.5", "99999999999999999999", "0x", "0x-1", "- 1"}) {
    EXPECT_EQ(ParseInt(text), std::nullopt) << text;
  }
}

TEST(Values, Booleans) {
  EXPECT_EQ(ParseBool("true"), true);
  EXPECT_EQ(ParseBool(" FALSE "), false);
  EXPECT_EQ(ParseBool("yes"), std::nullopt);
  EXPECT_EQ(ParseBool(""), std::nullopt);
}

TEST(Values, Numbers) {
  EXPECT_EQ(ParseDouble("0.999"), 0.999);
  EXPECT_EQ(ParseDouble(" 2 "), 2.0);
  for (const char* text : {"", "x", "1.5x", "nan", "inf"}) {
    EXPECT_EQ(ParseDouble(text), std::nullopt) << text;
  }
}

TEST(Values, DurationsWithAndWithoutSuffix) {
  EXPECT_EQ(ParseDurationMs("3", DurationUnit::kSeconds), 3'000);
  EXPECT_EQ(ParseDurationMs("3", DurationUnit::kMilliseconds), 3);
  EXPECT_EQ(ParseDurationMs("504", DurationUnit::kHours), 504 * 3'600'000LL);
  EXPECT_EQ(ParseDurationMs("250ms", DurationUnit::kSeconds), 250);
  EXPECT_EQ(ParseDurationMs("5m", DurationUnit::kSeconds), 300'000);
  EXPECT_EQ(ParseDurationMs("2 H", DurationUnit::kSeconds), 7'200'000);
  EXPECT_EQ(ParseDurationMs("1d", DurationUnit::kSeconds), 86'400'000);
  EXPECT_EQ(ParseDurationMs("1999us", DurationUnit::kSeconds), 1);
  EXPECT_EQ(ParseDurationMs("3000000ns", DurationUnit::kSeconds), 3);
  EXPECT_EQ(ParseDurationMs("-1", DurationUnit::kSeconds), -1'000);
  for (const char* text : {"", "s", "3x", "3 s s", "9223372036854775807d", "1.5s"}) {
    EXPECT_EQ(ParseDurationMs(text, DurationUnit::kSeconds), std::nullopt) << text;
  }
}

TEST(Values, SizesWithBinarySuffixes) {
  EXPECT_EQ(ParseSize("134217728"), 134'217'728);
  EXPECT_EQ(ParseSize("128m"), 134'217'728);
  EXPECT_EQ(ParseSize("1K"), 1'024);
  EXPECT_EQ(ParseSize("2g"), int64_t{2} << 30);
  EXPECT_EQ(ParseSize("1t"), int64_t{1} << 40);
  EXPECT_EQ(ParseSize("1p"), int64_t{1} << 50);
  for (const char* text : {"", "m", "1x", "1mb", "100000000p", "1.5g"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

TEST(Values, Lists) {
  EXPECT_THAT(ParseList(" a, b ,,c,"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(ParseList(" , "), IsEmpty());
}

TEST(Values, LocalPaths) {
  EXPECT_EQ(ParseLocalPath("/data/1/"), "/data/1");
  EXPECT_EQ(ParseLocalPath("file:///data/1"), "/data/1");
  EXPECT_EQ(ParseLocalPath("file:/data"), "/data");
  EXPECT_EQ(ParseLocalPath("file:////data"), "/data");
  EXPECT_EQ(ParseLocalPath("[SSD]file:///data"), "/data");
  EXPECT_EQ(ParseLocalPath("/"), "/");
  for (const char* text : {"", "data", "hdfs://x/data", "file://data", "[SSD"}) {
    EXPECT_EQ(ParseLocalPath(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cairn
