// Path arithmetic.
#include "tools/dfs/base/target.h"

#include <gtest/gtest.h>

namespace cairn::dfs {
namespace {

TEST(NormalizePath, TidiesUp) {
  EXPECT_EQ(NormalizePath("/a//b/"), "/a/b");
  EXPECT_EQ(NormalizePath("/a/./b/../c"), "/a/c");
  EXPECT_EQ(NormalizePath("/.."), "/");
  EXPECT_EQ(NormalizePath("/"), "/");
  EXPECT_EQ(NormalizePath("a/b/"), "a/b");
  EXPECT_EQ(NormalizePath("../a"), "../a");
  EXPECT_EQ(NormalizePath("."), "");
}

TEST(JoinPath, UsesOneSlash) {
  EXPECT_EQ(JoinPath("/", "a"), "/a");
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
  EXPECT_EQ(JoinPath("/a", ""), "/a");
}

TEST(Target, KnowsItsNameParentAndChildren) {
  Target target;
  target.path = "/user/root/d";
  target.shown = "d";
  EXPECT_EQ(target.name(), "d");
  EXPECT_EQ(target.parent_path(), "/user/root");
  const Target child = target.Child("x", std::nullopt);
  EXPECT_EQ(child.path, "/user/root/d/x");
  EXPECT_EQ(child.shown, "d/x");
  target.shown = ".";
  EXPECT_EQ(target.Child("x", std::nullopt).shown, "x");
  target.path = "/";
  target.shown = "/";
  EXPECT_EQ(target.name(), "");
  EXPECT_EQ(target.Child("x", std::nullopt).shown, "/x");
}

}  // namespace
}  // namespace cairn::dfs
