// The cache of a file's block locations.
#include "client/read/file_blocks.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/read/last_block_length.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

// Blocks fetched ahead with one call (HDFS: dfs.client.read.prefetch.size, ten blocks).
constexpr int64_t kPrefetchBlocks = 10;

}  // namespace

FileBlocks::FileBlocks(ClientContext& context, std::string path)
    : context_(context), path_(std::move(path)) {}

absl::StatusOr<std::unique_ptr<FileBlocks>> FileBlocks::Open(ClientContext& context,
                                                             const std::string& path) {
  auto blocks = std::unique_ptr<FileBlocks>(new FileBlocks(context, path));
  RETURN_IF_ERROR(blocks->Fetch(0, /*length_needed=*/true));
  return blocks;
}

int64_t FileBlocks::length() const {
  MutexLock lock(mu_);
  return length_;
}

std::string FileBlocks::Name() const {
  MutexLock lock(mu_);
  // A NameNode that does not tell ids leaves only the path.
  return file_id_ == kUnknownInodeId ? path_ : fmt::format("/.reserved/.inodes/{}", file_id_);
}

absl::StatusOr<LocatedBlocks> FileBlocks::Ask(int64_t offset) {
  const std::string name = Name();
  const int64_t range =
      std::min(kPrefetchBlocks * context_.options().block_size, INT64_MAX - offset);
  absl::StatusOr<LocatedBlocks> answer =
      context_.Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& c) {
        return stub.GetBlockLocations(c, name, offset, range);
      });
  if (Is(answer.status(), ErrorKind::kFileNotFound)) return errors::FileDoesNotExist(path_);
  return answer;
}

absl::Status FileBlocks::Fetch(int64_t offset, bool length_needed) {
  const ClientOptions& options = context_.options();
  for (int32_t retries = options.last_block_length_retries;; --retries) {
    ASSIGN_OR_RETURN(LocatedBlocks answer, Ask(offset));
    const bool unfinished = !answer.last_block.empty() && !answer.last_block_complete;
    if (!unfinished || !length_needed) return Merge(answer);
    const LocatedBlock& last = answer.last_block.front();
    const absl::StatusOr<int64_t> length = LastBlockLength(context_, path_, last);
    if (length.ok()) {
      answer.last_block.front().block.block.num_bytes = *length;
      std::erase_if(answer.blocks, [&](const LocatedBlock& b) { return b.offset == last.offset; });
      return Merge(answer);
    }
    if (retries <= 0) return length.status();
    spdlog::warn("{}; asking again", std::string(length.status().message()));
    context_.Sleep(options.last_block_length_interval_ms);
  }
}

absl::Status FileBlocks::Merge(const LocatedBlocks& answer) {
  MutexLock lock(mu_);
  if (file_id_ == kUnknownInodeId) file_id_ = answer.file_id;
  const auto add = [&](const LocatedBlock& block) REQUIRES(mu_) {
    const auto known = blocks_.find(block.offset);
    // A block of which nothing could be read yet may have been abandoned for another one.
    const bool replaced =
        known != blocks_.end() && known->second.block.block.id != block.block.block.id;
    if (replaced && known->second.block.block.num_bytes > 0) {
      return errors::Io(fmt::format("Blocklist for {} has changed!", path_));
    }
    // The NameNode knows less of a block being written than its DataNodes have told.
    const int64_t told =
        known != blocks_.end() && growing_ ? known->second.block.block.num_bytes : 0;
    LocatedBlock& kept = blocks_[block.offset] = block;
    kept.block.block.num_bytes = std::max(kept.block.block.num_bytes, told);
    return absl::OkStatus();
  };
  growing_ = answer.under_construction;
  for (const LocatedBlock& block : answer.blocks) RETURN_IF_ERROR(add(block));
  for (const LocatedBlock& block : answer.last_block) RETURN_IF_ERROR(add(block));
  int64_t length = answer.file_length;
  unfinished_offset_ = -1;
  if (!answer.last_block.empty() && !answer.last_block_complete) {
    unfinished_offset_ = answer.last_block.front().offset;
    const LocatedBlock& last = answer.last_block.front();
    length = std::max(length, last.offset + last.block.block.num_bytes);
  }
  // What was readable once stays readable: an answer that is overtaken by a later one must not
  // shrink the file under a reader.
  length_ = growing_ ? std::max(length_, length) : length;
  return absl::OkStatus();
}

bool FileBlocks::IsBeingWritten(int64_t block_offset) const {
  MutexLock lock(mu_);
  return block_offset == unfinished_offset_;
}

absl::Status FileBlocks::RefreshLength() {
  int64_t from = 0;
  {
    MutexLock lock(mu_);
    if (!growing_) return absl::OkStatus();
    from = length_;
  }
  return Fetch(from, /*length_needed=*/true);
}

absl::StatusOr<LocatedBlock> FileBlocks::Find(int64_t offset) {
  MutexLock lock(mu_);
  auto it = blocks_.upper_bound(offset);
  if (it == blocks_.begin()) return absl::NotFoundError("");
  LocatedBlock block = std::prev(it)->second;
  const int64_t end = std::min(block.offset + block.block.block.num_bytes, length_);
  if (offset >= end) return absl::NotFoundError("");
  block.block.block.num_bytes = end - block.offset;
  return block;
}

absl::StatusOr<LocatedBlock> FileBlocks::BlockAt(int64_t offset) {
  auto known = Find(offset);
  if (known.ok()) return known;
  return Refresh(offset);
}

absl::StatusOr<LocatedBlock> FileBlocks::Refresh(int64_t offset) {
  RETURN_IF_ERROR(Fetch(offset, /*length_needed=*/false));
  auto block = Find(offset);
  if (block.ok()) return block;
  return errors::Io(fmt::format("{}: the NameNode knows no block at offset {}", path_, offset));
}

}  // namespace cairn::client
