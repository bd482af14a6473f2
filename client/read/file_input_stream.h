// InputStream over the replicas of a file's blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/base/client_context.h"
#include "client/read/block_reader.h"
#include "client/read/file_blocks.h"
#include "client/read/replica_choice.h"
#include "client/streams.h"

namespace cairn::client {

// Threads as InputStream says. A sequential read asks a DataNode for the rest of the block at once,
// which then arrives ahead of the reader, up to the socket's receive buffer; a positional read asks
// for exactly its range.
class FileInputStream : public InputStream {
 public:
  // `context` must outlive the stream.
  static absl::StatusOr<std::unique_ptr<InputStream>> Open(ClientContext& context,
                                                           const std::string& path);
  ~FileInputStream() override;

  absl::StatusOr<size_t> Read(char* out, size_t n) override;
  absl::StatusOr<size_t> ReadAt(int64_t offset, char* out, size_t n) override;
  absl::Status Seek(int64_t offset) override;
  int64_t Tell() const override { return position_; }
  int64_t Length() const override { return blocks_->length(); }
  const std::string& path() const override { return blocks_->path(); }

 private:
  // The attempts at one piece of a block: which replicas failed why, over how many rounds.
  struct Attempts {
    int32_t rounds = 0;
    std::vector<std::string> failures;  // of the current round
    BadReplicas bad;
  };

  FileInputStream(ClientContext& context, std::unique_ptr<FileBlocks> blocks);
  // Opens a reader at file offset `offset` for up to `n` bytes (less at the block's end) on the
  // best replica that works; starts new rounds until there have been too many.
  absl::StatusOr<std::unique_ptr<BlockReader>> OpenReader(int64_t offset, int64_t n,
                                                          Attempts& attempts);
  absl::StatusOr<std::unique_ptr<BlockReader>> OpenReplica(const LocatedBlock& block,
                                                           const ReplicaLocation& replica,
                                                           int64_t offset_in_block, int64_t n);
  // Clears the way for another round after every replica failed, or says why there is none.
  absl::Status NextRound(const LocatedBlock& block, int64_t offset, Attempts& attempts);
  // Notes that the reader's node failed.
  void NoteFailure(const std::string& datanode_uuid, int64_t offset, const absl::Status& why,
                   Attempts& attempts);
  absl::Status ReadPiece(int64_t offset, char* out, size_t n);
  void Report(const BadReplicas& bad);
  void DropReader() { reader_.reset(); }

  ClientContext& context_;
  const std::unique_ptr<FileBlocks> blocks_;
  DeadNodes dead_;

  // For the thread that calls Read and Seek.
  std::atomic<int64_t> position_{0};
  std::unique_ptr<BlockReader> reader_;  // positioned at position_, or null
};

}  // namespace cairn::client
