// The command line of debug recoverLease, and what it says of files that are in no cluster.
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/testing/commands_fixture.h"

namespace cairn::dfs {
namespace {

class DebugTest : public CommandsTest {
 protected:
  Outcome Debug(const std::vector<std::string>& args) { return Run("debug", dfs::Debug, args); }
};

TEST_F(DebugTest, SaysWhatIsMissing) {
  EXPECT_EQ(Debug({}).exit_code, 255);
  EXPECT_EQ(Debug({"mend"}).err, "mend: Unknown command");
  const Outcome usage = Debug({"recoverLease"});
  EXPECT_EQ(usage.exit_code, 1);
  EXPECT_TRUE(usage.out.starts_with("recoverLease -path <path> [-retries <num-retries>]\n"));
  const Outcome no_path = Debug({"-recoverLease", "-retries", "3"});
  EXPECT_EQ(no_path.exit_code, 1);
  EXPECT_EQ(no_path.err, "You must supply a -path argument to recoverLease.\n");
  EXPECT_EQ(Debug({"recoverLease", "-path", "/f", "-retries", "x"}).err,
            "Failed to parse the argument to -retries: x\n");
}

TEST_F(DebugTest, GivesUpOnAFileThatIsInNoCluster) {
  const Outcome outcome = Debug({"recoverLease", "-path", WriteFile("f", "bytes")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("recoverLease got exception: "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("after 1 try.\n"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace cairn::dfs
