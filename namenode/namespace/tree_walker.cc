// Depth-first steps with an explicit stack of pages.
#include "namenode/namespace/tree_walker.h"

#include <utility>

#include "common/status_macros.h"
#include "namenode/namespace/row_loader.h"

namespace cairn::namenode {
namespace {
constexpr int64_t kPageRows = 1000;
}

TreeCursor::TreeCursor(SnapshotSource snapshots, Inode root, std::string path, std::string after)
    : snapshots_(std::move(snapshots)),
      root_(std::move(root)),
      after_(std::move(after)),
      path_(path == "/" ? "" : std::move(path)) {}

absl::Status TreeCursor::NextPage(Level& level) {
  ASSIGN_OR_RETURN(level.page, LoadChildren(*snapshots_(), level.directory.id, level.last,
                                            kPageRows, level.to_end));
  level.next = 0;
  if (!level.page.empty()) level.last = level.page.back().name;
  return absl::OkStatus();
}

absl::StatusOr<bool> TreeCursor::Next() {
  if (root_) {
    current_ = *std::exchange(root_, std::nullopt);
    if (path_.empty()) path_ = "/";
    return true;
  }
  if (current_.is_directory() && !leaving_) {  // go down
    if (path_ == "/") path_.clear();
    Level level;
    level.path_length = path_.size();
    level.last = std::exchange(after_, "");
    level.directory = std::move(current_);
    stack_.push_back(std::move(level));
  } else if (stack_.empty()) {
    return false;
  }
  Level& level = stack_.back();
  path_.resize(level.path_length);
  if (level.next == level.page.size() && !level.to_end) RETURN_IF_ERROR(NextPage(level));
  leaving_ = level.next == level.page.size();
  if (leaving_) {
    current_ = std::move(level.directory);
    stack_.pop_back();
    if (path_.empty()) path_ = "/";
    return true;
  }
  current_ = std::move(level.page[level.next++]);
  path_ += "/" + current_.name;
  return true;
}

absl::Status WalkTree(std::shared_ptr<const MetaSnapshot> snapshot, const Inode& root,
                      const std::string& path,
                      absl::FunctionRef<absl::StatusOr<WalkStep>(const WalkEntry& entry)> visit) {
  TreeCursor cursor([&] { return snapshot; }, root, path);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, cursor.Next());
    if (!more) return absl::OkStatus();
    if (cursor.leaving()) continue;
    ASSIGN_OR_RETURN(const WalkStep step, visit({cursor.path(), cursor.inode(), cursor.parent()}));
    if (step == WalkStep::kStop) return absl::OkStatus();
  }
}

}  // namespace cairn::namenode
