// The command line of admin wait.
#include <gtest/gtest.h>

#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

TEST(Wait, SaysWhatItsOptionsTake) {
  ConfigurationSources sources;
  sources.properties["user.name"] = "user";
  const auto shell = *Shell::Create(sources, {});
  Invocation run(*shell, "admin");
  const auto refusal = [&](const std::vector<std::string>& args) {
    const absl::Status status = Wait(run, args);
    return IsUsageError(status) ? ErrorText(status) : "accepted";
  };
  EXPECT_EQ(refusal({"--datanodes", "x"}), "wait: --datanodes takes a number, not 'x'");
  EXPECT_EQ(refusal({"--datanodes", "-1"}), "wait: --datanodes takes a number, not '-1'");
  EXPECT_EQ(refusal({"--timeout", "soon"}), "wait: --timeout takes a duration, not 'soon'");
  EXPECT_EQ(refusal({"--timeout"}), "wait: --timeout takes a duration, not ''");
  EXPECT_EQ(refusal({"--nodes", "1"}), "wait: option '--nodes' is not valid here");
}

}  // namespace
}  // namespace cairn::dfs
