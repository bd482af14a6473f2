// User names and groups.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "common/testing/manual_clock.h"
#include "common/users/current_user.h"
#include "common/users/group_resolver.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CurrentUserName, PrefersTheEnvironment) {
  ::setenv("HADOOP_USER_NAME", "alice", 1);
  EXPECT_EQ(*CurrentUserName(), "alice");
  ::setenv("HADOOP_USER_NAME", "", 1);
  EXPECT_EQ(*CurrentUserName(), *SystemUserName());
  ::unsetenv("HADOOP_USER_NAME");
  EXPECT_EQ(*CurrentUserName(), *SystemUserName());
}

TEST(ParseStaticGroups, ReadsHadoopsForm) {
  const StaticGroups groups = *ParseStaticGroups("dr.who=;alice = staff, wheel ;bob=staff;");
  EXPECT_THAT(groups.at("dr.who"), IsEmpty());
  EXPECT_THAT(groups.at("alice"), ElementsAre("staff", "wheel"));
  EXPECT_THAT(groups.at("bob"), ElementsAre("staff"));
  EXPECT_THAT(*ParseStaticGroups(""), IsEmpty());
}

TEST(ParseStaticGroups, NamesTheFaultyPart) {
  for (const char* text : {"alice", "=staff", "a=b=c"}) {
    const auto parsed = ParseStaticGroups(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.status().message().find(text), absl::string_view::npos);
  }
}

TEST(HostGroupResolver, OverridesWinOverTheHost) {
  ManualClock clock;
  HostGroupResolver resolver({.overrides = {{"root", {"ops"}}, {"nobody", {}}}}, clock);
  EXPECT_THAT(*resolver.GroupsOf("root"), ElementsAre("ops"));
  EXPECT_THAT(*resolver.GroupsOf("nobody"), IsEmpty());
}

TEST(HostGroupResolver, AsksTheHostPrimaryGroupFirst) {
  ManualClock clock;
  HostGroupResolver resolver({}, clock);
  EXPECT_EQ(resolver.GroupsOf("root")->front(), "root");
  EXPECT_THAT(*resolver.GroupsOf("no-such-user-here"), IsEmpty());
}

TEST(HostGroupResolver, CachesUntilExpiryOrRefreshWithinItsBound) {
  ManualClock clock;
  HostGroupResolver resolver(
      {.overrides = {{"a", {"g"}}, {"b", {"g"}}}, .cache_ms = 1000, .max_cached_users = 1}, clock);
  const auto first = resolver.GroupsOf("a");
  EXPECT_EQ(resolver.GroupsOf("a"), first);
  clock.Advance(1000);
  const auto second = resolver.GroupsOf("a");
  EXPECT_NE(second, first);
  resolver.Refresh();
  const auto third = resolver.GroupsOf("a");
  EXPECT_NE(third, second);
  (void)resolver.GroupsOf("b");  // only one user fits
  EXPECT_NE(resolver.GroupsOf("a"), third);
}

}  // namespace
}  // namespace cairn
