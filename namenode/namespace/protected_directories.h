// Directories that are neither deleted nor renamed unless they are empty
// (fs.protected.directories).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/threads.h"

namespace cairn::namenode {

// Thread-safe: may change while the NameNode runs.
class ProtectedDirectories {
 public:
  struct Rules {
    std::set<std::string, std::less<>> paths;  // absolute, without a slash at the end
    bool whole_subtrees = false;               // dfs.protected.subdirectories.enable
  };

  // From now on these; what is not an absolute path, or is reserved, is left out with a warning.
  void Set(const std::vector<std::string>& paths, bool whole_subtrees);
  // Whether there are any. Cheap.
  bool any() const { return any_; }
  std::shared_ptr<const Rules> rules() const;

 private:
  std::atomic<bool> any_ = false;
  mutable Mutex mu_;
  std::shared_ptr<const Rules> rules_ GUARDED_BY(mu_) = std::make_shared<Rules>();
};

}  // namespace cairn::namenode
