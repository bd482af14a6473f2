// chown and chgrp: change owners and groups.
#include <optional>

#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"
#include "tools/dfs/fs/tree.h"

namespace cairn::dfs {
namespace {

bool IsName(std::string_view text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-_./@") == std::string_view::npos;
}

absl::Status Change(Invocation& run, const std::vector<std::string>& paths, bool recursive,
                    const std::string& owner, const std::string& group) {
  run.ForEach(paths, [&](const Target& root) {
    Walk(run, root, recursive, [&](const Target& target) -> absl::Status {
      std::optional<std::string> new_owner;
      std::optional<std::string> new_group;
      if (!owner.empty() && owner != target.status->owner) new_owner = owner;
      if (!group.empty() && group != target.status->group) new_group = group;
      if (!new_owner && !new_group) return absl::OkStatus();
      const absl::Status status = target.fs->SetOwner(target.path, new_owner, new_group);
      if (status.ok()) return status;
      return absl::UnknownError(
          fmt::format("changing ownership of '{}': {}", target.shown, ErrorText(status)));
    });
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace

absl::Status Chown(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"R"}, .min_arguments = 2}));
  std::vector<std::string> paths = options.arguments();
  const std::string spec = paths.front();
  paths.erase(paths.begin());
  const size_t colon = std::min(spec.find(':'), spec.size());
  const std::string owner = spec.substr(0, colon);
  const std::string group = spec.substr(std::min(colon + 1, spec.size()));
  if (!IsName(owner) || !IsName(group)) {
    return UsageError(
        fmt::format("'{}' does not match expected pattern for [owner][:group].", spec));
  }
  if (owner.empty() && group.empty()) {
    return UsageError(fmt::format("'{}' does not specify owner or group.", spec));
  }
  return Change(run, paths, options.Has("R"), owner, group);
}

absl::Status Chgrp(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"R"}, .min_arguments = 2}));
  std::vector<std::string> paths = options.arguments();
  const std::string group = paths.front();
  paths.erase(paths.begin());
  if (group.empty() || !IsName(group)) {
    return UsageError(fmt::format("'{}' does not match expected pattern for group", group));
  }
  return Change(run, paths, options.Has("R"), "", group);
}

}  // namespace cairn::dfs
