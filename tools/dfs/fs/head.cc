// head: the first kilobyte of a file.
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

constexpr size_t kHeadBytes = 1024;

}  // namespace

absl::Status Head(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.min_arguments = 1, .max_arguments = 1}));
  run.ForEach(options.arguments(), [&](const Target& target) -> absl::Status {
    if (target.is_directory()) return IsADirectory(target.shown);
    ASSIGN_OR_RETURN(const auto in, target.fs->Open(target.path));
    ASSIGN_OR_RETURN(const std::string bytes, in->ReadAt(0, kHeadBytes));
    run.Write(bytes);
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
