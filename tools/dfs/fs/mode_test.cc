// chmod's modes.
#include "tools/dfs/fs/mode.h"

#include <gtest/gtest.h>

namespace cairn::dfs {
namespace {

// The mode that `text` makes of `mode`.
int Apply(std::string_view text, uint16_t mode, bool is_directory = false) {
  const auto change = ModeChange::Parse(text);
  EXPECT_TRUE(change.ok()) << change.status();
  return change.ok() ? change->Apply(mode, is_directory) : -1;
}

TEST(ModeChange, OctalReplacesTheMode) {
  EXPECT_EQ(Apply("640", 01755), 0640);
  EXPECT_EQ(Apply("1777", 0), 01777);
  EXPECT_EQ(Apply("0755", 0), 0755);
  EXPECT_EQ(Apply("+700", 0), 0700);
}

TEST(ModeChange, SymbolicChangesIt) {
  EXPECT_EQ(Apply("u+x,g-r,o=r", 0644), 0704);
  EXPECT_EQ(Apply("+x", 0644), 0755);
  EXPECT_EQ(Apply("-w", 0755), 0555);
  EXPECT_EQ(Apply("a=rwx", 0), 0777);
  EXPECT_EQ(Apply("ug=rw", 0), 0660);
  EXPECT_EQ(Apply("go-rwx", 0777), 0700);
  EXPECT_EQ(Apply("a+t", 0755), 01755);
  EXPECT_EQ(Apply("-t", 01755), 0755);
  EXPECT_EQ(Apply("u=r", 01755), 01455);
  EXPECT_EQ(Apply("u+r, g+w", 0), 0420);
}

TEST(ModeChange, CapitalXIsForDirectoriesAndWhatIsExecutable) {
  EXPECT_EQ(Apply("u=rwX,go=X", 0644), 0600);
  EXPECT_EQ(Apply("u=rwX,go=X", 0644, true), 0711);
  EXPECT_EQ(Apply("a+X", 0744), 0755);
}

TEST(ModeChange, RefusesTheRest) {
  for (const char* text :
       {"", "bad", "12345", "8", "77", "2755", "u", "u+", "+", "u+q", "u+x,", "u+x g+x", "rwx"}) {
    EXPECT_FALSE(ModeChange::Parse(text).ok()) << text;
  }
  EXPECT_EQ(ModeChange::Parse("bad").status().message(),
            "chmod : mode 'bad' does not match the expected pattern.");
}

}  // namespace
}  // namespace cairn::dfs
