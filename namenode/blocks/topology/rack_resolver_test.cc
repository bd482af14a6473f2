// Racks from the mapping, the table and the script; distances.
#include "namenode/blocks/topology/rack_resolver.h"

#include <gtest/gtest.h>

#include "common/testing/temp_dir.h"

namespace cairn::namenode {
namespace {

absl::StatusOr<std::string> NoScript(const std::vector<std::string>&) {
  return absl::UnavailableError("no script expected");
}

TEST(RackResolver, TakesRacksFromTheMappingByNameAndByAddress) {
  auto resolver =
      RackResolver::Create({.node_mapping = "dn1=/r1, 10.0.0.2=/r2/"}, PosixFileSystem(), NoScript);
  ASSERT_TRUE(resolver.ok()) << resolver.status();
  EXPECT_EQ((*resolver)->Resolve("10.0.0.1", "dn1"), "/r1");
  EXPECT_EQ((*resolver)->Resolve("10.0.0.2", "dn2"), "/r2");
  EXPECT_EQ((*resolver)->Resolve("10.0.0.3", "dn3"), "/default-rack");
}

TEST(RackResolver, KnowsAnAddressOnceItsNameWasResolved) {
  auto resolver = RackResolver::Create({.node_mapping = "dn1=/r1"}, PosixFileSystem(), NoScript);
  ASSERT_TRUE(resolver.ok());
  EXPECT_EQ((*resolver)->Known("10.0.0.1"), "/default-rack");
  (*resolver)->Resolve("10.0.0.1", "dn1");
  EXPECT_EQ((*resolver)->Known("10.0.0.1"), "/r1");
}

TEST(RackResolver, RefusesAMappingWithoutARack) {
  for (const char* bad : {"dn1", "dn1=", "dn1=rack", "dn1=/"}) {
    const auto resolver = RackResolver::Create({.node_mapping = bad}, PosixFileSystem(), NoScript);
    EXPECT_EQ(resolver.status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(RackResolver, ReadsTheTableAndNamesABadLine) {
  const TempDir dir;
  const std::string path = dir.path() + "/table";
  ASSERT_TRUE(
      PosixFileSystem().WriteFileAtomically(path, "# racks\n10.0.0.1\t/r1\n\nhost2 /r2\n").ok());
  auto resolver = RackResolver::Create({.table_file = path}, PosixFileSystem(), NoScript);
  ASSERT_TRUE(resolver.ok()) << resolver.status();
  EXPECT_EQ((*resolver)->Resolve("10.0.0.1", ""), "/r1");
  EXPECT_EQ((*resolver)->Resolve("10.0.0.2", "host2"), "/r2");

  ASSERT_TRUE(PosixFileSystem().WriteFileAtomically(path, "a /r1\nb\n").ok());
  const auto bad = RackResolver::Create({.table_file = path}, PosixFileSystem(), NoScript);
  EXPECT_NE(std::string(bad.status().message()).find("line 2"), std::string::npos);
}

TEST(RackResolver, AsksTheScriptOncePerAddressAndRetriesFailures) {
  int calls = 0;
  bool fails = true;
  auto resolver = RackResolver::Create(
      {.script_file = "/topology"}, PosixFileSystem(),
      [&](const std::vector<std::string>& argv) -> absl::StatusOr<std::string> {
        ++calls;
        EXPECT_EQ(argv, (std::vector<std::string>{"/topology", "10.0.0.9"}));
        if (fails) return absl::UnavailableError("exit code 1");
        return "/r9\n";
      });
  ASSERT_TRUE(resolver.ok());
  EXPECT_EQ((*resolver)->Resolve("10.0.0.9", "h"), "/default-rack");
  fails = false;
  EXPECT_EQ((*resolver)->Resolve("10.0.0.9", "h"), "/r9");
  EXPECT_EQ((*resolver)->Resolve("10.0.0.9", "h"), "/r9");
  EXPECT_EQ(calls, 2);
  EXPECT_EQ((*resolver)->Known("10.0.0.9"), "/r9");
}

TEST(RackDistance, CountsHopsToTheCommonAncestor) {
  EXPECT_EQ(RackDistance("/r1", "/r1"), 2);
  EXPECT_EQ(RackDistance("/r1", "/r2"), 4);
  EXPECT_EQ(RackDistance("/r1", "/r11"), 4);
  EXPECT_EQ(RackDistance("/dc1/r1", "/dc1/r2"), 4);
  EXPECT_EQ(RackDistance("/dc1/r1", "/dc2/r1"), 6);
}

}  // namespace
}  // namespace cairn::namenode
