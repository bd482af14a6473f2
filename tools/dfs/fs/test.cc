// test: answers a question about a path by the exit code.
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

constexpr int kReadBit = 4;
constexpr int kWriteBit = 2;

bool Answer(char question, const Target& target) {
  switch (question) {
    case 'e':
      return true;
    case 'd':
      return target.is_directory();
    case 'f':
      return !target.is_directory();
    case 's':
      return target.status->length > 0;
    case 'z':
      return target.status->length == 0;
    case 'r':
      return target.fs->CheckAccess(target.path, kReadBit).ok();
    case 'w':
      return target.fs->CheckAccess(target.path, kWriteBit).ok();
    default:
      return false;
  }
}

}  // namespace

absl::Status Test(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"e", "d", "f", "s", "z", "r", "w"},
                                         .min_arguments = 1,
                                         .max_arguments = 1}));
  if (options.flags().empty()) return UsageError("No test flag given");
  if (options.flags().size() > 1) return UsageError("Only one test flag is allowed");
  const char question = options.flags().begin()->front();
  for (const Target& target : run.ExpandAll(options.arguments())) {
    if (!target.exists() || !Answer(question, target)) run.SetExitCode(1);
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
