// A Namespace whose calls wait for their results, with short forms for tests of operations.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/errors.h"
#include "namenode/namespace/namespace.h"
#include "namenode/namespace/reply_codec.h"
#include "namenode/namespace/testing/namespace_fixture.h"

namespace cairn::namenode {

// Calls as one user. `ns` must outlive it. The reads that can be answered at once are made that
// way, too, and must then say the same.
class SyncNamespace {
 public:
  SyncNamespace(Namespace& ns, Caller caller) : ns_(ns), caller_(std::move(caller)) {}

  absl::StatusOr<bool> Mkdirs(const std::string& path, uint16_t mode = 0755,
                              bool create_parent = true) {
    return TestNamespace::Sync<bool>([&](auto done) {
      ns_.Mkdirs(caller_, {path, mode, create_parent}, std::move(done));
    });
  }
  absl::StatusOr<FileStatus> Create(CreateRequest request) {
    return TestNamespace::Sync<FileStatus>(
        [&](auto done) { ns_.Create(caller_, request, std::move(done)); });
  }
  // A file with the defaults of these tests: replication 1, 1 MiB blocks, holder "client".
  absl::StatusOr<FileStatus> Create(const std::string& path, uint32_t flags = kCreateFlagCreate,
                                    const std::string& holder = "client", uint16_t mode = 0644) {
    return Create({.path = path,
                   .mode = mode,
                   .client_name = holder,
                   .flags = flags,
                   .replication = 1,
                   .block_size = 1 << 20});
  }
  // An empty, closed file.
  absl::Status Touch(const std::string& path, uint16_t mode = 0644) {
    if (absl::Status status = Create(path, kCreateFlagCreate, "client", mode).status();
        !status.ok())
      return status;
    return Complete({.path = path, .client_name = "client"}).status();
  }
  absl::StatusOr<AppendResult> Append(const std::string& path, const std::string& holder = "client",
                                      bool new_block = false) {
    return TestNamespace::Sync<AppendResult>([&](auto done) {
      ns_.Append(caller_, {path, holder, new_block}, std::move(done));
    });
  }
  absl::StatusOr<bool> Truncate(const std::string& path, int64_t length,
                                const std::string& holder = "client") {
    return TestNamespace::Sync<bool>([&](auto done) {
      ns_.Truncate(caller_, {path, length, holder}, std::move(done));
    });
  }
  absl::Status Concat(const std::string& target, std::vector<std::string> sources) {
    return TestNamespace::SyncVoid([&](auto done) {
      ns_.Concat(caller_, {target, sources}, std::move(done));
    });
  }
  absl::Status BlockSync(BlockSyncRequest request) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_.CommitBlockSynchronization(request, std::move(done)); });
  }
  absl::Status RenewLease(const std::string& holder) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_.RenewLease(caller_, holder, std::move(done)); });
  }
  absl::StatusOr<LocatedBlock> AddBlock(AddBlockRequest request) {
    return TestNamespace::Sync<LocatedBlock>(
        [&](auto done) { ns_.AddBlock(caller_, request, std::move(done)); });
  }
  absl::Status AbandonBlock(AbandonBlockRequest request) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_.AbandonBlock(caller_, request, std::move(done)); });
  }
  absl::StatusOr<bool> Complete(CompleteRequest request) {
    return TestNamespace::Sync<bool>(
        [&](auto done) { ns_.Complete(caller_, request, std::move(done)); });
  }
  absl::Status Fsync(FsyncRequest request) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_.Fsync(caller_, request, std::move(done)); });
  }
  absl::StatusOr<LocatedBlock> UpdateBlockForPipeline(const ExtendedBlock& block,
                                                      const std::string& holder) {
    return TestNamespace::Sync<LocatedBlock>(
        [&](auto done) { ns_.UpdateBlockForPipeline(caller_, block, holder, std::move(done)); });
  }
  absl::Status UpdatePipeline(UpdatePipelineRequest request) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_.UpdatePipeline(caller_, request, std::move(done)); });
  }
  absl::StatusOr<LocatedBlocks> GetBlockLocations(const std::string& path, int64_t offset,
                                                  int64_t length) {
    const auto answer = TestNamespace::Sync<LocatedBlocks>(
        [&](auto done) { ns_.GetBlockLocations(caller_, path, offset, length, std::move(done)); });
    const bool at_once =
        ns_.TryGetBlockLocations(caller_, path, offset, length, [&](const LocatedBlocks& blocks) {
          ASSERT_TRUE(answer.ok()) << answer.status();
          EXPECT_EQ(blocks.file_id, answer->file_id);
          EXPECT_EQ(blocks.file_length, answer->file_length);
          EXPECT_EQ(blocks.blocks.size(), answer->blocks.size());
        });
    EXPECT_FALSE(at_once && !answer.ok()) << path << ": " << answer.status();
    return answer;
  }
  absl::StatusOr<bool> Rename(const std::string& from, const std::string& to) {
    return TestNamespace::Sync<bool>([&](auto done) {
      ns_.Rename(caller_, {from, to}, std::move(done));
    });
  }
  absl::Status Rename2(const std::string& from, const std::string& to, bool overwrite = false) {
    return TestNamespace::SyncVoid([&](auto done) {
      ns_.Rename2(caller_, {from, to, overwrite}, std::move(done));
    });
  }
  absl::StatusOr<bool> Delete(const std::string& path, bool recursive = false) {
    return TestNamespace::Sync<bool>(
        [&](auto done) { ns_.Delete(caller_, path, recursive, std::move(done)); });
  }
  absl::StatusOr<std::optional<FileStatus>> Stat(const std::string& path) {
    const auto answer = TestNamespace::Sync<std::optional<FileStatus>>(
        [&](auto done) { ns_.GetFileInfo(caller_, path, false, std::move(done)); });
    std::vector<std::string> told;
    if (ns_.TryGetFileInfo(caller_, path, [&](const FileStatusView& status) {
          told.push_back(Encoded(FileStatus(status)));
        })) {
      std::vector<std::string> expected;
      EXPECT_TRUE(answer.ok()) << path << ": " << answer.status();
      if (answer.ok() && *answer) expected.push_back(Encoded(**answer));
      EXPECT_EQ(told, expected) << path;
    }
    return answer;
  }
  absl::StatusOr<std::optional<DirectoryListing>> List(const std::string& path,
                                                       const std::string& start_after = "") {
    const auto answer = TestNamespace::Sync<std::optional<DirectoryListing>>([&](auto done) {
      ns_.GetListing(caller_, {path, start_after}, std::move(done));
    });
    std::vector<std::string> told;
    std::optional<int64_t> remaining;
    if (ns_.TryGetListing(
            caller_, {path, start_after},
            [&](const FileStatusView& entry) { told.push_back(Encoded(FileStatus(entry))); },
            [&](int64_t count) { remaining = count; })) {
      EXPECT_TRUE(answer.ok()) << path << ": " << answer.status();
      EXPECT_EQ(remaining.has_value(), answer.ok() && answer->has_value()) << path;
      std::vector<std::string> expected;
      if (answer.ok() && *answer) {
        EXPECT_EQ(remaining, (*answer)->remaining) << path;
        for (const FileStatus& entry : (*answer)->entries) expected.push_back(Encoded(entry));
      }
      EXPECT_EQ(told, expected) << path;
    }
    return answer;
  }
  absl::StatusOr<BatchedListing> ListBatch(BatchedListRequest request) {
    return TestNamespace::Sync<BatchedListing>(
        [&](auto done) { ns_.GetBatchedListing(caller_, request, std::move(done)); });
  }
  absl::StatusOr<OpenFilesPage> OpenFiles(const std::string& path, InodeId after = 0) {
    return TestNamespace::Sync<OpenFilesPage>([&](auto done) {
      ns_.ListOpenFiles(caller_, {path, after}, std::move(done));
    });
  }
  absl::StatusOr<CorruptFilesPage> CorruptFiles(const std::string& path, BlockId after = 0) {
    return TestNamespace::Sync<CorruptFilesPage>([&](auto done) {
      ns_.ListCorruptFiles(caller_, {path, after}, std::move(done));
    });
  }
  absl::StatusOr<std::optional<FileStatus>> Lookup(LookupRequest request) {
    return TestNamespace::Sync<std::optional<FileStatus>>(
        [&](auto done) { ns_.Lookup(caller_, request, std::move(done)); });
  }
  absl::Status SetPermission(const std::string& path, uint16_t mode) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_.SetPermission(caller_, path, mode, std::move(done)); });
  }
  absl::Status SetOwner(const std::string& path, std::optional<std::string> owner,
                        std::optional<std::string> group) {
    return TestNamespace::SyncVoid([&](auto done) {
      ns_.SetOwner(caller_, {path, owner, group}, std::move(done));
    });
  }
  absl::Status SetTimes(const std::string& path, int64_t mtime, int64_t atime) {
    return TestNamespace::SyncVoid([&](auto done) {
      ns_.SetTimes(caller_, {path, mtime, atime}, std::move(done));
    });
  }
  absl::StatusOr<bool> SetReplication(const std::string& path, int32_t replication) {
    return TestNamespace::Sync<bool>(
        [&](auto done) { ns_.SetReplication(caller_, path, replication, std::move(done)); });
  }
  absl::Status CheckAccess(const std::string& path, uint8_t access) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_.CheckAccess(caller_, path, access, std::move(done)); });
  }
  absl::StatusOr<ContentSummary> GetContentSummary(const std::string& path) {
    return TestNamespace::Sync<ContentSummary>(
        [&](auto done) { ns_.GetContentSummary(caller_, path, std::move(done)); });
  }
  absl::StatusOr<bool> RecoverLease(const std::string& path) {
    return TestNamespace::Sync<bool>(
        [&](auto done) { ns_.RecoverLease(caller_, path, "recoverer", std::move(done)); });
  }
  absl::StatusOr<bool> IsFileClosed(const std::string& path) {
    return TestNamespace::Sync<bool>(
        [&](auto done) { ns_.IsFileClosed(caller_, path, std::move(done)); });
  }
  // Names of the entries of a page; fails the test when there is no such directory.
  std::vector<std::string> Names(const std::string& path, const std::string& start_after = "") {
    std::vector<std::string> names;
    const auto listing = List(path, start_after);
    EXPECT_TRUE(listing.ok() && listing->has_value()) << path << ": " << listing.status();
    if (!listing.ok() || !listing->has_value()) return names;
    for (const FileStatus& entry : (*listing)->entries) names.push_back(entry.path);
    return names;
  }

 private:
  // To be compared.
  static std::string Encoded(const FileStatus& status) {
    return ReplyCodec<FileStatus>::Encode(status);
  }

  Namespace& ns_;
  const Caller caller_;
};

// The error has this kind and, as its first line, exactly this text.
inline ::testing::AssertionResult IsError(const absl::Status& status, ErrorKind kind,
                                          const std::string& line) {
  const std::string message(status.message());
  const std::string first_line = message.substr(0, message.find('\n'));
  if (KindOf(status) == kind && first_line == line) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "got " << status << " (kind "
         << (KindOf(status) ? static_cast<int>(*KindOf(status)) : 0) << "), wanted kind "
         << static_cast<int>(kind) << ": " << line;
}

}  // namespace cairn::namenode
