// The streams that DfsClient hands out: one file open for reading or for writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn::client {

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
  // Reads `n` bytes at `offset`, fewer only at the end of the file. The position stays.
  virtual absl::StatusOr<size_t> ReadAt(int64_t offset, char* out, size_t n) = 0;
  // kInvalidArgument: negative or past the end.
  virtual absl::Status Seek(int64_t offset) = 0;
  virtual int64_t Tell() const = 0;
  // The readable length: when opened, and grown since by what was seen of a file being written.
  virtual int64_t Length() const = 0;
  virtual const std::string& path() const = 0;

  // Conveniences over the above.
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
  // Returns when every byte written so far is in the memory of all DataNodes of the pipeline. New
  // readers that ask DataNodes for the length (Hadoop's clients) see them; readers of this library
  // see what the NameNode knows, that is, up to the last Hsync or finished block.
  virtual absl::Status Hflush() = 0;
  // Hflush, and the bytes of the current block are on the disks (fsync); the NameNode knows the new
  // length. As in HDFS, blocks finished before this call are on the disks only where the DataNodes
  // sync at the end of a block (dfs.datanode.synconclose).
  virtual absl::Status Hsync() = 0;
  // Writes what is left, finishes the last block and closes the file. On success the file is
  // complete and has at least the minimum number of replicas. A second call returns the first
  // one's result.
  virtual absl::Status Close() = 0;
  // Bytes taken so far, those of an appended file included.
  virtual int64_t Tell() const = 0;
  virtual const std::string& path() const = 0;
};

}  // namespace cairn::client
