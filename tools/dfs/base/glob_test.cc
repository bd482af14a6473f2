// Path patterns.
#include "tools/dfs/base/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::dfs {
namespace {

using ::testing::ElementsAre;

TEST(Glob, KnowsAPatternWhenItSeesOne) {
  for (const char* text : {"*", "a?", "[ab]", "{a,b}", "\\**"}) EXPECT_TRUE(IsGlob(text)) << text;
  for (const char* text : {"", "/a/b", "\\*", "a\\?b"}) EXPECT_FALSE(IsGlob(text)) << text;
  EXPECT_EQ(Unescape("\\*a\\\\"), "*a\\");
}

TEST(Glob, Matches) {
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("a*c", "abbc"));
  EXPECT_TRUE(GlobMatches("*b*d*", "abcde"));
  EXPECT_TRUE(GlobMatches("a?c", "abc"));
  EXPECT_TRUE(GlobMatches("?", "ä"));
  EXPECT_TRUE(GlobMatches("[a-c]x", "bx"));
  EXPECT_TRUE(GlobMatches("[^a-c]x", "dx"));
  EXPECT_TRUE(GlobMatches("[à-ü]", "é"));
  EXPECT_TRUE(GlobMatches("\\*", "*"));
  EXPECT_TRUE(GlobMatches("[]]", "]"));
  EXPECT_FALSE(GlobMatches("a*c", "abcd"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_FALSE(GlobMatches("[^a-c]x", "bx"));
  EXPECT_FALSE(GlobMatches("\\*", "a"));
  EXPECT_FALSE(GlobMatches("", "a"));
}

TEST(Glob, ExpandsBraces) {
  EXPECT_THAT(ExpandBraces("/a"), ElementsAre("/a"));
  EXPECT_THAT(ExpandBraces("/{a,b}/c"), ElementsAre("/a/c", "/b/c"));
  EXPECT_THAT(ExpandBraces("{a,b{c,d}}{e,}"), ElementsAre("ae", "a", "bce", "bc", "bde", "bd"));
  EXPECT_THAT(ExpandBraces("{a/b,c}"), ElementsAre("a/b", "c"));
  EXPECT_THAT(ExpandBraces("{open"), ElementsAre("{open"));
  EXPECT_THAT(ExpandBraces("\\{a,b}"), ElementsAre("\\{a,b}"));
}

}  // namespace
}  // namespace cairn::dfs
