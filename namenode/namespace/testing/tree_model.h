// The tree of files as a map, to compare the namespace with.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace cairn::namenode {

// Absolute paths without trailing slash; the root always exists. Thread-compatible.
class TreeModel {
 public:
  bool Exists(const std::string& path) const { return path == "/" || nodes_.contains(path); }
  bool IsDirectory(const std::string& path) const {
    const auto it = nodes_.find(path);
    return path == "/" || (it != nodes_.end() && it->second);
  }
  static std::string Parent(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
  }
  static std::string Name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  // Whether no component above `path` is a file.
  bool Reachable(const std::string& path) const {
    for (std::string at = path; at != "/";) {
      at = Parent(at);
      if (Exists(at)) return IsDirectory(at);
    }
    return true;
  }

  // False: refused, because a file is in the way.
  bool Mkdirs(const std::string& path) {
    if (!Reachable(path) || (Exists(path) && !IsDirectory(path))) return false;
    for (std::string at = path; at != "/" && !Exists(at); at = Parent(at)) nodes_[at] = true;
    return true;
  }
  // False: refused, because something is there or in the way.
  bool Create(const std::string& path) {
    if (!Reachable(path) || Exists(path)) return false;
    Mkdirs(Parent(path));
    nodes_[path] = false;
    return true;
  }
  // False: there is no such path.
  bool Delete(const std::string& path) {
    if (path == "/" || !nodes_.erase(path)) return false;
    std::erase_if(nodes_, [&](const auto& node) { return node.first.starts_with(path + "/"); });
    return true;
  }
  // HDFS's first rename, for reachable destinations.
  bool Rename(const std::string& from, std::string to) {
    if (from == "/" || !Exists(from)) return false;
    if (to == from) return !IsDirectory(from);
    if (to.starts_with(from + "/")) return false;
    if (IsDirectory(to)) to = (to == "/" ? "" : to) + "/" + Name(from);
    if (to == from) return !IsDirectory(from);
    if (Exists(to) || !Exists(Parent(to))) return false;
    std::map<std::string, bool> moved;
    for (const auto& [path, directory] : nodes_) {
      if (path == from || path.starts_with(from + "/")) {
        moved[to + path.substr(from.size())] = directory;
      }
    }
    Delete(from);
    nodes_.merge(moved);
    return true;
  }

  // Names in a directory, sorted.
  std::vector<std::string> List(const std::string& path) const {
    std::vector<std::string> names;
    for (const auto& [at, directory] : nodes_) {
      if (Parent(at) == path) names.push_back(Name(at));
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  // Every path except the root, with whether it is a directory.
  const std::map<std::string, bool>& nodes() const { return nodes_; }

 private:
  std::map<std::string, bool> nodes_;
};

}  // namespace cairn::namenode
