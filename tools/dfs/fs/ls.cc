// ls: names and attributes of files and of directories' children.
#include <algorithm>

#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/format.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"
#include "tools/dfs/fs/ls_line.h"

namespace cairn::dfs {
namespace {

// Unsorted recursive listings adjust their columns every so many lines, as Hadoop's do.
constexpr size_t kRecursiveGroup = 100;

class Lister {
 public:
  Lister(Invocation& run, const Options& options)
      : run_(run),
        path_only_(options.Has("C")),
        directories_as_files_(options.Has("d")),
        recursive_(options.Has("R") && !options.Has("d")),
        by_time_(options.Has("t")),
        by_size_(options.Has("S") && !options.Has("t")),
        reverse_(options.Has("r")),
        use_atime_(options.Has("u")),
        line_(options.Has("h"), use_atime_) {}

  absl::Status Argument(const Target& target) {
    if (target.is_directory() && !directories_as_files_) return Directory(target);
    Print({target});
    return absl::OkStatus();
  }

 private:
  absl::Status Directory(const Target& directory) {
    ASSIGN_OR_RETURN(const std::vector<FileStatus> statuses, directory.fs->List(directory.path));
    std::vector<Target> children;
    children.reserve(statuses.size());
    for (const FileStatus& status : statuses) {
      children.push_back(directory.Child(status.path, status));
    }
    Sort(children);
    if (!recursive_) {
      if (!children.empty() && !path_only_) run_.Print("Found {} items\n", children.size());
      Print(children);
      return absl::OkStatus();
    }
    const bool sorted = by_time_ || by_size_ || reverse_;
    const size_t group = sorted ? std::max<size_t>(children.size(), 1) : kRecursiveGroup;
    for (size_t begin = 0; begin < children.size(); begin += group) {
      const size_t end = std::min(begin + group, children.size());
      for (size_t i = begin; i < end; ++i) line_.Widen(*children[i].status);
      for (size_t i = begin; i < end; ++i) {
        PrintOne(children[i]);
        if (children[i].is_directory()) run_.Note(Directory(children[i]));
      }
    }
    return absl::OkStatus();
  }

  void Print(const std::vector<Target>& targets) {
    for (const Target& target : targets) line_.Widen(*target.status);
    for (const Target& target : targets) PrintOne(target);
  }

  void PrintOne(const Target& target) {
    run_.Write((path_only_ ? target.shown : line_.Format(*target.status, target.shown)) + "\n");
  }

  void Sort(std::vector<Target>& targets) const {
    const auto before = [this](const Target& a, const Target& b) {
      const auto time = [this](const Target& t) {
        return use_atime_ ? t.status->atime_ms : t.status->mtime_ms;
      };
      if (by_time_ && time(a) != time(b)) return time(a) > time(b);
      if (by_size_ && a.status->length != b.status->length) {
        return a.status->length > b.status->length;
      }
      return a.path < b.path;
    };
    std::sort(targets.begin(), targets.end(), [&](const Target& a, const Target& b) {
      return reverse_ ? before(b, a) : before(a, b);
    });
  }

  Invocation& run_;
  const bool path_only_;
  const bool directories_as_files_;
  const bool recursive_;
  const bool by_time_;
  const bool by_size_;
  const bool reverse_;
  const bool use_atime_;
  LsLine line_;
};

}  // namespace

absl::Status Ls(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(Options options,
                   Options::Parse(args, {.flags = {"C", "d", "h", "R", "t", "S", "r", "u"}}));
  if (options.arguments().empty()) options.arguments().emplace_back(".");
  Lister lister(run, options);
  run.ForEach(options.arguments(), [&](const Target& target) { return lister.Argument(target); });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
