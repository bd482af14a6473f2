// Where the blocks of one open file are, as far as the NameNode was asked, and how much of the last
// one may be read.
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

// Once opened it stays with that very file: it asks by inode id, so a file renamed meanwhile is
// read on, and one that was deleted or replaced is gone for its reader, never mixed with its
// successor.
//
// Thread-safe; calls the NameNode without holding its lock.
class FileBlocks {
 public:
  // Asks for the first blocks and the length. `context` must outlive this. Errors here and below
  // are the NameNode's; a file that is gone is kFileNotFound with the path it was opened by.
  static absl::StatusOr<std::unique_ptr<FileBlocks>> Open(ClientContext& context,
                                                          const std::string& path);

  const std::string& path() const { return path_; }
  // Bytes that may be read: all finished blocks, and of an unfinished last block what one of its
  // DataNodes makes visible.
  int64_t length() const;
  // Asks for the length again when the file was still being written the last time. An error when
  // the unfinished block's DataNodes do not tell it.
  absl::Status RefreshLength();
  // The block that holds byte `offset` < length(). Its num_bytes is the part of it below length().
  absl::StatusOr<LocatedBlock> BlockAt(int64_t offset);
  // Whether the block at that offset had no final length when last heard of.
  bool IsBeingWritten(int64_t block_offset) const;
  // Forgets the locations of that block and asks anew. kIo "Blocklist for /p has changed!" when
  // another block has taken its place: the file was truncated and written again.
  absl::StatusOr<LocatedBlock> Refresh(int64_t offset);

 private:
  FileBlocks(ClientContext& context, std::string path);
  // What the NameNode is asked for: the path at first, then the inode.
  std::string Name() const;
  // Asks the NameNode once.
  absl::StatusOr<LocatedBlocks> Ask(int64_t offset);
  // Asks and keeps the answer. With `length_needed` the DataNodes of an unfinished last block are
  // asked, too, as often as HDFS's client does it.
  absl::Status Fetch(int64_t offset, bool length_needed);
  absl::Status Merge(const LocatedBlocks& answer);
  absl::StatusOr<LocatedBlock> Find(int64_t offset);

  ClientContext& context_;
  const std::string path_;
  mutable Mutex mu_;
  InodeId file_id_ GUARDED_BY(mu_) = kUnknownInodeId;
  int64_t length_ GUARDED_BY(mu_) = 0;
  bool growing_ GUARDED_BY(mu_) = false;
  int64_t unfinished_offset_ GUARDED_BY(mu_) = -1;  // of the last block while it is being written
  absl::btree_map<int64_t, LocatedBlock> blocks_ GUARDED_BY(mu_);  // by offset in the file
};

}  // namespace cairn::client
