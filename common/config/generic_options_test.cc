// The generic options.
#include "common/config/generic_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(GenericOptions, TakesEveryForm) {
  const auto options = *ParseGenericOptions(
      {"-D", "a=b", "-Dc=d=e", "-conf", "x.xml", "-fs", "hdfs://nn:1", "-ls", "-D", "/x"}, false,
      {});
  EXPECT_THAT(options.sources.overrides,
              ElementsAre(Pair("a", "b"), Pair("c", "d=e"), Pair("fs.defaultFS", "hdfs://nn:1")));
  EXPECT_THAT(options.sources.files, ElementsAre("x.xml"));
  EXPECT_THAT(options.rest, ElementsAre("-ls", "-D", "/x"));
}

TEST(GenericOptions, ABareHostIsANameNode) {
  const auto options = *ParseGenericOptions({"-fs", "nn:9000"}, false, {});
  EXPECT_THAT(options.sources.overrides, ElementsAre(Pair("fs.defaultFS", "hdfs://nn:9000")));
}

TEST(GenericOptions, DaemonsTakeThemAnywhere) {
  const auto options = *ParseGenericOptions({"-format", "-D", "a=b", "-force"}, true, {});
  EXPECT_THAT(options.sources.overrides, ElementsAre(Pair("a", "b")));
  EXPECT_THAT(options.rest, ElementsAre("-format", "-force"));
}

TEST(GenericOptions, RefusesWhatIsNotASetting) {
  EXPECT_FALSE(ParseGenericOptions({"-D"}, false, {}).ok());
  EXPECT_FALSE(ParseGenericOptions({"-conf"}, false, {}).ok());
  const auto bad = ParseGenericOptions({"-D", "novalue"}, false, {});
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.status().message().find("novalue"), absl::string_view::npos);
  EXPECT_FALSE(ParseGenericOptions({"-D", "=v"}, false, {}).ok());
}

}  // namespace
}  // namespace cairn
