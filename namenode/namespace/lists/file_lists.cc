// Both walk ids in order, a few in each hold of the namespace lock.
#include "namenode/namespace/lists/file_lists.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/lists/repeat.h"
#include "namenode/namespace/path.h"
#include "namenode/namespace/resolver.h"

namespace cairn::namenode {
namespace {

constexpr size_t kIdsPerStep = 64;

// Whether files at a path are asked for.
class Below {
 public:
  // kAssertion for a relative path.
  static absl::StatusOr<Below> Of(const std::string& path) {
    ASSIGN_OR_RETURN(const PathNames names, SplitPath(path));
    std::string prefix;
    for (const std::string_view name : names) {
      prefix += '/';
      prefix += name;
    }
    return Below(std::move(prefix));
  }
  bool Contains(const std::string& path) const {
    return path.starts_with(prefix_) &&
           (path.size() == prefix_.size() || path[prefix_.size()] == '/');
  }

 private:
  explicit Below(std::string prefix) : prefix_(std::move(prefix)) {}
  std::string prefix_;  // without a trailing slash: empty for the root
};

// The paths of inodes; empty for those that are gone. All that is missing is loaded at once.
absl::StatusOr<std::vector<std::optional<ResolvedPath>>> ResolveAll(
    Txn& txn, absl::Span<const InodeId> inodes) {
  std::vector<std::optional<ResolvedPath>> resolved;
  absl::Status miss;
  for (const InodeId inode : inodes) {
    auto found = ResolveInode(txn, inode);
    if (Txn::IsMiss(found.status())) {
      miss = found.status();
      continue;
    }
    RETURN_IF_ERROR(found.status());
    resolved.push_back(*std::move(found));
  }
  RETURN_IF_ERROR(miss);
  return resolved;
}

// ---- open files

struct OpenFilesStep {
  std::vector<OpenFile> files;
  InodeId last = 0;   // looked at
  bool more = false;  // there are open files behind it
};

// Whether its last block is being written on a DataNode that leaves the cluster.
bool KeepsADatanode(const OpContext& ctx, const Inode& file) {
  if (file.blocks.empty()) return false;
  const auto places = ctx.blocks.ExpectedLocations(file.blocks.back());
  return std::any_of(places.begin(), places.end(), [](const ReplicaLocation& place) {
    return place.datanode.admin == AdminState::kDecommissioning;
  });
}

absl::StatusOr<OpenFilesStep> NextOpenFiles(OpContext& ctx, const Below& wanted,
                                            bool on_leaving_datanodes, InodeId after,
                                            size_t limit) {
  const std::vector<InodeId> inodes = ctx.leases.FilesAfter(after, kIdsPerStep);
  ASSIGN_OR_RETURN(const auto paths, ResolveAll(ctx.txn, inodes));
  OpenFilesStep step;
  step.last = after;
  for (size_t i = 0; i < inodes.size() && step.files.size() < limit; ++i) {
    step.last = inodes[i];
    if (!paths[i] || !paths[i]->last()->under_construction) continue;
    const std::string path = paths[i]->path();
    if (!wanted.Contains(path)) continue;
    if (on_leaving_datanodes && !KeepsADatanode(ctx, *paths[i]->last())) continue;
    const FileUnderConstruction& writer = *paths[i]->last()->under_construction;
    step.files.push_back({inodes[i], path, writer.client_name, writer.client_address});
  }
  step.more = !ctx.leases.FilesAfter(step.last, 1).empty();
  return step;
}

struct OpenFilesWalk {
  OpRunner& runner;
  const Caller caller;
  const Below wanted;
  const bool on_leaving_datanodes;
  const size_t limit;
  Done<OpenFilesPage> done;
  InodeId after;
  OpenFilesPage page;
};

// True: the page wants more.
bool Take(OpenFilesWalk& walk, absl::StatusOr<OpenFilesStep> step) {
  if (!step.ok()) {
    walk.done(step.status());
    return false;
  }
  for (OpenFile& file : step->files) walk.page.files.push_back(std::move(file));
  walk.after = step->last;
  walk.page.has_more = step->more;
  if (step->more && walk.page.files.size() < walk.limit) return true;
  walk.done(std::move(walk.page));
  return false;
}

// ---- files with missing blocks

struct CorruptFilesWalk {
  OpRunner& runner;
  const BlockManager& blocks;
  const Caller caller;
  const Below wanted;
  const size_t limit;
  Done<CorruptFilesPage> done;
  CorruptFilesPage page;
};

bool Take(CorruptFilesWalk& walk, const std::vector<ReplicationCandidate>& missing,
          absl::StatusOr<std::vector<std::string>> paths) {
  if (!paths.ok()) {
    walk.done(paths.status());
    return false;
  }
  for (size_t i = 0; i < missing.size() && walk.page.paths.size() < walk.limit; ++i) {
    walk.page.last = missing[i].block;
    if (!(*paths)[i].empty() && walk.wanted.Contains((*paths)[i])) {
      walk.page.paths.push_back(std::move((*paths)[i]));
    }
  }
  if (!missing.empty() && walk.page.paths.size() < walk.limit) return true;
  walk.done(std::move(walk.page));
  return false;
}

absl::StatusOr<std::vector<std::string>> PathsOf(OpContext& ctx,
                                                 const std::vector<InodeId>& inodes) {
  ASSIGN_OR_RETURN(const auto resolved, ResolveAll(ctx.txn, inodes));
  std::vector<std::string> paths;
  for (const auto& path : resolved) paths.push_back(path ? path->path() : "");
  return paths;
}

}  // namespace

void ListOpenFiles(OpRunner& runner, const NamespaceOptions& options, const Caller& caller,
                   OpenFilesRequest request, Done<OpenFilesPage> done) {
  auto wanted = Below::Of(request.path);
  if (!wanted.ok()) return done(wanted.status());
  auto walk = std::make_shared<OpenFilesWalk>(
      runner, caller, *std::move(wanted), request.on_leaving_datanodes,
      static_cast<size_t>(options.open_files_limit), std::move(done), request.after);
  Repeat::Start([walk](Repeat::Next next) {
    walk->runner.Run<OpenFilesStep>(
        walk->caller, OpMode::kRead,
        [walk](OpContext& ctx) {
          return NextOpenFiles(ctx, walk->wanted, walk->on_leaving_datanodes, walk->after,
                               walk->limit - walk->page.files.size());
        },
        [walk, next = std::move(next)](absl::StatusOr<OpenFilesStep> step) mutable {
          next(Take(*walk, std::move(step)));
        });
  });
}

void ListCorruptFiles(OpRunner& runner, const BlockManager& blocks, const NamespaceOptions& options,
                      const Caller& caller, CorruptFilesRequest request,
                      Done<CorruptFilesPage> done) {
  auto wanted = Below::Of(request.path);
  if (!wanted.ok()) return done(wanted.status());
  auto walk = std::make_shared<CorruptFilesWalk>(runner, blocks, caller, *std::move(wanted),
                                                 static_cast<size_t>(options.corrupt_files_limit),
                                                 std::move(done));
  walk->page.last = request.after;
  Repeat::Start([walk](Repeat::Next next) {
    std::vector<ReplicationCandidate> missing =
        walk->blocks.MissingBlocks(walk->page.last, kIdsPerStep);
    std::vector<InodeId> inodes;
    for (const ReplicationCandidate& block : missing) inodes.push_back(block.inode);
    walk->runner.Run<std::vector<std::string>>(
        walk->caller, OpMode::kRead,
        [inodes = std::move(inodes)](OpContext& ctx) { return PathsOf(ctx, inodes); },
        [walk, missing = std::move(missing),
         next = std::move(next)](absl::StatusOr<std::vector<std::string>> paths) mutable {
          next(Take(*walk, missing, std::move(paths)));
        });
  });
}

}  // namespace cairn::namenode
