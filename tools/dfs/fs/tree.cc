// Walk.
#include "tools/dfs/fs/tree.h"

namespace cairn::dfs {

void Walk(Invocation& run, const Target& target, bool recursive,
          const std::function<absl::Status(const Target&)>& each) {
  run.Note(each(target));
  if (!recursive || !target.is_directory()) return;
  const auto children = target.fs->List(target.path);
  if (!children.ok()) {
    run.Error(children.status());
    return;
  }
  for (const FileStatus& child : *children) {
    Walk(run, target.Child(child.path, child), recursive, each);
  }
}

}  // namespace cairn::dfs
