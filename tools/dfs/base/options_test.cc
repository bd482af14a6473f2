// Options and the texts of their errors.
#include "tools/dfs/base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

using ::testing::ElementsAre;

std::string ErrorOf(const std::vector<std::string>& args, const OptionSyntax& syntax) {
  const auto options = Options::Parse(args, syntax);
  EXPECT_TRUE(IsUsageError(options.status()));
  return ErrorText(options.status());
}

TEST(Options, EndAtTheFirstArgument) {
  const auto options =
      *Options::Parse({"-f", "-s", "5", "a", "-p"}, {.flags = {"f", "p"}, .valued = {"s"}});
  EXPECT_TRUE(options.Has("f"));
  EXPECT_FALSE(options.Has("p"));
  EXPECT_EQ(options.Value("s"), "5");
  EXPECT_EQ(options.Value("t"), std::nullopt);
  EXPECT_THAT(options.arguments(), ElementsAre("a", "-p"));
}

TEST(Options, ADashIsAnArgumentAndTwoEndTheOptions) {
  EXPECT_THAT(Options::Parse({"-", "x"}, {})->arguments(), ElementsAre("-", "x"));
  EXPECT_THAT(Options::Parse({"--", "-x"}, {})->arguments(), ElementsAre("-x"));
}

TEST(Options, ErrorsAreHadoops) {
  EXPECT_EQ(ErrorOf({"-x"}, {}), "Illegal option -x");
  EXPECT_EQ(ErrorOf({}, {.min_arguments = 1}), "Not enough arguments: expected 1 but got 0");
  EXPECT_EQ(ErrorOf({"a", "b"}, {.max_arguments = 1}), "Too many arguments: expected 1 but got 2");
  EXPECT_EQ(ErrorOf({"-s"}, {.valued = {"s"}}), "option '-s' requires one argument");
}

}  // namespace
}  // namespace cairn::dfs
