// Fetches rows that the cache did not have, from a snapshot and without any lock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/rows.h"
#include "namenode/namespace/txn.h"

namespace cairn::namenode {

// What one run of an operation missed.
struct LoadRequest {
  // names[0] in `parent`, names[1] in that, and so on.
  struct Chain {
    InodeId parent = 0;
    std::vector<std::string> names;
  };
  struct Range {
    InodeId directory = 0;
    std::string after;   // empty: from the first child
    int64_t limit = 0;   // rows wanted
    bool whole = false;  // the directory is small: `limit` is expected to reach its end
  };
  std::vector<Chain> chains;
  std::vector<InodeId> ids;  // with all their ancestors
  std::vector<Range> ranges;
  std::vector<BlockId> blocks;

  bool empty() const { return chains.empty() && ids.empty() && ranges.empty() && blocks.empty(); }
};

// One (parent, name) as the snapshot has it.
struct LoadedEntry {
  InodeId parent = 0;
  std::string name;
  InodePtr inode;  // null: there is none
};

// Consecutive children of a directory.
struct LoadedRange {
  InodeId directory = 0;
  std::string after;
  std::string last;     // the range ends with this name…
  bool to_end = false;  // …or with the directory
  bool whole = false;   // asked for as a whole directory
  std::vector<InodePtr> rows;
};

// What the snapshot had.
struct LoadResult {
  std::vector<LoadedEntry> entries;
  std::vector<InodeId> absent_ids;
  std::vector<LoadedRange> ranges;
  std::vector<std::pair<BlockId, std::optional<BlockRow>>> blocks;
};

// Reads the disk. Errors: kDataLoss for rows that cannot be decoded, and the store's own.
absl::StatusOr<LoadResult> LoadRows(const MetaSnapshot& snapshot, const LoadRequest& request);

// Up to `limit` children of `directory` after `after`, whole inodes in order; sets `to_end` when
// there are no more.
absl::StatusOr<std::vector<Inode>> LoadChildren(const MetaSnapshot& snapshot, InodeId directory,
                                                const std::string& after, int64_t limit,
                                                bool& to_end);

}  // namespace cairn::namenode
