// chmod: changes modes.
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"
#include "tools/dfs/fs/mode.h"
#include "tools/dfs/fs/tree.h"

namespace cairn::dfs {
namespace {

// "-w" and the like are modes, not options.
bool IsMode(const std::string& text) {
  return text.find_first_not_of("ugoa+-=rwxXt,") == std::string::npos;
}

}  // namespace

absl::Status Chmod(Invocation& run, const std::vector<std::string>& args) {
  std::vector<std::string> rest = args;
  const bool recursive = !rest.empty() && rest.front() == "-R";
  if (recursive) rest.erase(rest.begin());
  if (!rest.empty() && rest.front().starts_with('-') && !IsMode(rest.front())) {
    return UsageError(fmt::format("Illegal option {}", rest.front()));
  }
  if (rest.size() < 2) {
    return UsageError(fmt::format("Not enough arguments: expected 2 but got {}", rest.size()));
  }
  ASSIGN_OR_RETURN(const ModeChange change, ModeChange::Parse(rest.front()));
  rest.erase(rest.begin());
  run.ForEach(rest, [&](const Target& root) {
    Walk(run, root, recursive, [&](const Target& target) -> absl::Status {
      const uint16_t mode = change.Apply(target.status->permission, target.is_directory());
      if (mode == target.status->permission) return absl::OkStatus();
      const absl::Status status = target.fs->SetPermission(target.path, mode);
      if (status.ok()) return status;
      return absl::UnknownError(
          fmt::format("changing permissions of '{}': {}", target.shown, ErrorText(status)));
    });
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
