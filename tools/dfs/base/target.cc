// Target and path arithmetic.
#include "tools/dfs/base/target.h"

#include <vector>

namespace cairn::dfs {

std::string Target::name() const { return path.substr(path.rfind('/') + 1); }

std::string Target::parent_path() const {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

Target Target::Child(const std::string& child, std::optional<FileStatus> child_status) const {
  Target target;
  target.fs = fs;
  target.path = JoinPath(path, child);
  target.shown = shown == "." ? child : JoinPath(shown, child);
  target.status = std::move(child_status);
  return target;
}

std::string NormalizePath(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string result = absolute ? "/" : "";
  for (const std::string_view part : parts) {
    if (!result.empty() && result != "/") result += '/';
    result += part;
  }
  return result;
}

std::string JoinPath(std::string_view base, std::string_view name) {
  if (name.empty()) return std::string(base);
  return fmt::format("{}{}{}", base, base.ends_with('/') ? "" : "/", name);
}

}  // namespace cairn::dfs
