// Rows of a snapshot as inodes.
#include "namenode/namespace/row_loader.h"

#include "common/status_macros.h"
#include "common/types/limits.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {
namespace {

absl::Status LoadChain(const MetaSnapshot& snapshot, const LoadRequest::Chain& chain,
                       LoadResult& result) {
  InodeId parent = chain.parent;
  for (const std::string& name : chain.names) {
    ASSIGN_OR_RETURN(std::optional<Inode> inode, LoadInode(snapshot, parent, name));
    if (!inode) {
      result.entries.push_back({parent, name, nullptr});
      break;
    }
    const InodeId id = inode->id;
    const bool directory = inode->is_directory();
    result.entries.push_back({parent, name, std::make_shared<const Inode>(*std::move(inode))});
    if (!directory) break;
    parent = id;
  }
  return absl::OkStatus();
}

absl::Status LoadIdWithAncestors(const MetaSnapshot& snapshot, InodeId id, LoadResult& result) {
  for (size_t level = 0; id != 0 && level <= limits::kMaxPathDepth + 1; ++level) {
    ASSIGN_OR_RETURN(std::optional<Inode> inode, LoadInodeById(snapshot, id));
    if (!inode) {
      result.absent_ids.push_back(id);
      break;
    }
    auto shared = std::make_shared<const Inode>(*std::move(inode));
    result.entries.push_back({shared->parent_id, shared->name, shared});
    id = shared->parent_id;
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadedRange> LoadRange(const MetaSnapshot& snapshot,
                                      const LoadRequest::Range& request) {
  LoadedRange range;
  range.directory = request.directory;
  range.after = range.last = request.after;
  range.whole = request.whole;
  ASSIGN_OR_RETURN(
      std::vector<Inode> children,
      LoadChildren(snapshot, request.directory, request.after, request.limit, range.to_end));
  range.rows.reserve(children.size());
  for (Inode& child : children) {
    range.rows.push_back(std::make_shared<const Inode>(std::move(child)));
  }
  if (!range.rows.empty()) range.last = range.rows.back()->name;
  return range;
}

}  // namespace

absl::StatusOr<std::vector<Inode>> LoadChildren(const MetaSnapshot& snapshot, InodeId directory,
                                                const std::string& after, int64_t limit,
                                                bool& to_end) {
  std::vector<StoredInode> stored;
  absl::Status damage;
  to_end = true;
  const std::string begin =
      after.empty() ? EntriesBegin(directory) : EntryKeyAfter(directory, after);
  RETURN_IF_ERROR(snapshot.Scan(Table::kEntries, begin, EntriesEnd(directory),
                                [&](std::string_view key, std::string_view value) {
                                  if (static_cast<int64_t>(stored.size()) >= limit) {
                                    to_end = false;
                                    return false;
                                  }
                                  auto row = DecodeInode(key, value);
                                  if (!row.ok()) {
                                    damage = row.status();
                                    return false;
                                  }
                                  stored.push_back(*std::move(row));
                                  return true;
                                }));
  RETURN_IF_ERROR(damage);
  std::vector<Inode> children;
  children.reserve(stored.size());
  for (StoredInode& row : stored) {
    ASSIGN_OR_RETURN(Inode inode, LoadFileBlocks(snapshot, std::move(row)));
    children.push_back(std::move(inode));
  }
  return children;
}

absl::StatusOr<LoadResult> LoadRows(const MetaSnapshot& snapshot, const LoadRequest& request) {
  LoadResult result;
  for (const LoadRequest::Chain& chain : request.chains) {
    RETURN_IF_ERROR(LoadChain(snapshot, chain, result));
  }
  for (const InodeId id : request.ids) RETURN_IF_ERROR(LoadIdWithAncestors(snapshot, id, result));
  for (const LoadRequest::Range& asked : request.ranges) {
    ASSIGN_OR_RETURN(LoadedRange range, LoadRange(snapshot, asked));
    result.ranges.push_back(std::move(range));
  }
  for (const BlockId id : request.blocks) {
    const std::string key = IdKey(id);
    ASSIGN_OR_RETURN(const std::optional<std::string> value, snapshot.Get(Table::kBlocks, key));
    std::optional<BlockRow> row;
    if (value) {
      ASSIGN_OR_RETURN(row, DecodeBlock(key, *value));
    }
    result.blocks.emplace_back(id, row);
  }
  return result;
}

}  // namespace cairn::namenode
