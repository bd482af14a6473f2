// Where the blocks of one open file are, as far as the NameNode was asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "client/base/client_context.h"
#include "common/threads.h"
#include "common/types/block.h"

namespace cairn::client {

// Once opened it stays with that very file: it asks by inode id, so a file renamed meanwhile is read
// on, and one that was deleted or replaced is gone for its reader, never mixed with its successor.
//
// Thread-safe; calls the NameNode without holding its lock.
class FileBlocks {
 public:
  // Asks for the first blocks and the length. `context` must outlive this. Errors here and below
  // are the NameNode's; a file that is gone is kFileNotFound with the path it was opened by.
  static absl::StatusOr<std::unique_ptr<FileBlocks>> Open(ClientContext& context,
                                                          const std::string& path);

  const std::string& path() const { return path_; }
  // Bytes that may be read: all finished blocks, and of an unfinished last block what the NameNode
  // knows to be written.
  int64_t length() const;
  // Asks for the length again when the file was still being written the last time.
  absl::Status RefreshLength();
  // The block that holds byte `offset` < length(). Its num_bytes is the part of it below length().
  absl::StatusOr<LocatedBlock> BlockAt(int64_t offset);
  // Forgets the locations of that block and asks anew. kIo "Blocklist for /p has changed!" when
  // another block has taken its place: the file was truncated and written again.
  absl::StatusOr<LocatedBlock> Refresh(int64_t offset);

 private:
  FileBlocks(ClientContext& context, std::string path);
  // What the NameNode is asked for: the path at first, then the inode.
  std::string Name() const;
  absl::Status Fetch(int64_t offset);
  absl::Status Merge(const LocatedBlocks& answer);
  absl::StatusOr<LocatedBlock> Find(int64_t offset);

  ClientContext& context_;
  const std::string path_;
  mutable Mutex mu_;
  InodeId file_id_ GUARDED_BY(mu_) = kUnknownInodeId;
  int64_t length_ GUARDED_BY(mu_) = 0;
  bool growing_ GUARDED_BY(mu_) = false;
  absl::btree_map<int64_t, LocatedBlock> blocks_ GUARDED_BY(mu_);  // by offset in the file
};

}  // namespace cairn::client
