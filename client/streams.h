// The streams that DfsClient hands out: one file open for reading or for writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn::client {

// What OutputStream::Hsync does besides; HDFS's SyncFlags.
struct SyncOptions {
  // The NameNode learns the length: for those who ask it alone (ls, du, a job's input splits).
  bool update_length = false;
  // The current block ends here and what follows begins a new one.
  bool end_block = false;
};

// A file open for reading. Every byte is checked against its checksum before it is returned. A
// DataNode that fails or sends wrong bytes is passed over for another replica (wrong bytes are
// reported to the NameNode); the read fails when none is left after asking the NameNode anew.
//
// Read, Seek and Tell are for one thread at a time. ReadAt and Length are thread-safe and may run
// beside everything else. Destroying the stream closes it.
class InputStream {
 public:
  virtual ~InputStream() = default;

  // Reads between 1 and `n` bytes at the current position into `out` and moves it; 0 only at the
  // end of the file (or for n == 0).
  virtual absl::StatusOr<size_t> Read(char* out, size_t n) = 0;
  // Reads `n` bytes at `offset`, fewer only at the end of the file. The position stays. Like Read
  // it looks for new bytes before it says that a file being written ends.
  virtual absl::StatusOr<size_t> ReadAt(int64_t offset, char* out, size_t n) = 0;
  // kInvalidArgument: negative or past the end.
  virtual absl::Status Seek(int64_t offset) = 0;
  virtual int64_t Tell() const = 0;
  // The readable length: when opened, and grown since by what reads at the end found. Of a file
  // being written that is what a DataNode of its last block has acknowledged: all that was hflushed
  // before the question, at least.
  virtual int64_t Length() const = 0;
  virtual const std::string& path() const = 0;

  // Conveniences over the above.
  // Of what Length() says is there.
  absl::StatusOr<std::string> ReadAt(int64_t offset, size_t n);
  // From the current position to the end; kResourceExhausted when that is more than `limit` bytes.
  absl::StatusOr<std::string> ReadAll(size_t limit = size_t{1} << 30);
};

// A file open for writing. Bytes go to the DataNodes of the current block in the background; the
// loss of a DataNode is repaired as long as one of them is left, without losing what was
// acknowledged.
//
// Thread-safe: calls are served one after another. After an error every later call returns that
// error. A stream destroyed without Close leaves the file open: its lease expires and the NameNode
// closes it with what had been acknowledged.
class OutputStream {
 public:
  virtual ~OutputStream() = default;

  // Takes all of `data`; blocks while too many packets are in flight. An error may also be that of
  // an earlier Write.
  virtual absl::Status Write(std::string_view data) = 0;
  // Returns when every byte written so far is in the memory of all DataNodes of the pipeline, and
  // visible to readers that open the file from now on. The first flush of a block tells the
  // NameNode its length; later ones cost no call.
  virtual absl::Status Hflush() = 0;
  // Hflush, and the bytes of the current block are on the disks (fsync) of all its DataNodes. As in
  // HDFS, blocks finished before this call are on the disks only with `sync_block` (CreateOptions,
  // AppendOptions) or where the DataNodes sync at the end of a block (dfs.datanode.synconclose).
  virtual absl::Status Hsync(const SyncOptions& options) = 0;
  absl::Status Hsync() { return Hsync(SyncOptions()); }
  // Writes what is left, finishes the last block and closes the file. On success the file is
  // complete and has at least the minimum number of replicas. A second call returns the first
  // one's result.
  virtual absl::Status Close() = 0;
  // Bytes taken so far, those of an appended file included.
  virtual int64_t Tell() const = 0;
  virtual const std::string& path() const = 0;
};

}  // namespace cairn::client
