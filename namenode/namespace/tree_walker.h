// Whole-tree walks that never hold the namespace lock: over snapshots, in pages.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "namenode/meta/meta_store.h"
#include "namenode/namespace/op_context.h"

namespace cairn::namenode {

// Steps through a subtree depth first, children in the NameNode's order: every inode is entered
// before what is below it, every directory also left after it. Reads the disk, one page of children
// per level in memory. Thread-compatible.
class TreeCursor {
 public:
  // Gives the view each page is read from.
  using SnapshotSource = std::function<std::shared_ptr<const MetaSnapshot>()>;

  // `path` is root's absolute path. Children of the root up to and including `after` are left out.
  TreeCursor(SnapshotSource snapshots, Inode root, std::string path, std::string after = "");

  // Goes to the next inode; false at the end. kDataLoss for damaged rows.
  absl::StatusOr<bool> Next();

  // -- where the cursor is; not before the first Next
  const Inode& inode() const { return current_; }
  bool leaving() const { return leaving_; }  // a directory whose children were all visited
  const std::string& path() const { return path_; }
  const Inode* parent() const { return stack_.empty() ? nullptr : &stack_.back().directory; }
  // Levels below the root: 0 at the root.
  size_t depth() const { return stack_.size(); }

 private:
  // A directory whose children are being visited.
  struct Level {
    Inode directory;
    size_t path_length = 0;
    std::vector<Inode> page;
    size_t next = 0;
    std::string last;  // the name the page ends with
    bool to_end = false;
  };

  absl::Status NextPage(Level& level);

  const SnapshotSource snapshots_;
  std::optional<Inode> root_;  // until it is entered
  std::string after_;
  std::string path_;
  Inode current_;
  bool leaving_ = false;
  std::vector<Level> stack_;
};

// What a visitor wants next.
enum class WalkStep { kContinue, kStop };

// Visits `root` and everything below it as `snapshot` has it, parents before children. Ends with
// the visitor's error, or kDataLoss for damaged rows. The snapshot must show the state the caller
// means: see MetaStore::WaitApplied.
absl::Status WalkTree(std::shared_ptr<const MetaSnapshot> snapshot, const Inode& root,
                      const std::string& path,
                      absl::FunctionRef<absl::StatusOr<WalkStep>(const WalkEntry& entry)> visit);

}  // namespace cairn::namenode
