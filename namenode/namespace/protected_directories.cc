// Taking over the list.
#include "namenode/namespace/protected_directories.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "namenode/namespace/path.h"

namespace cairn::namenode {

void ProtectedDirectories::Set(const std::vector<std::string>& paths, bool whole_subtrees) {
  auto rules = std::make_shared<Rules>();
  rules->whole_subtrees = whole_subtrees;
  for (std::string path : paths) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (!IsValidName(path) || IsReserved(path)) {
      spdlog::warn("fs.protected.directories: {} is not the path of a directory", path);
      continue;
    }
    rules->paths.insert(std::move(path));
  }
  const bool any = !rules->paths.empty();
  MutexLock lock(mu_);
  rules_ = std::move(rules);
  any_ = any;
}

std::shared_ptr<const ProtectedDirectories::Rules> ProtectedDirectories::rules() const {
  MutexLock lock(mu_);
  return rules_;
}

}  // namespace cairn::namenode
