// Whole checks over a core that answers what each test says.
#include "namenode/fsck/fsck_service.h"

#include <future>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/types/errors.h"
#include "namenode/frontend/testing/fake_core.h"
#include "namenode/fsck/testing/fake_salvager.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

struct Answer {
  std::string text;
  FsckOutcome outcome = FsckOutcome::kFailed;
  absl::Status status;
};

class FsckServiceTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kInodes = "/.reserved/.inodes/";

  // On a DataNode that leaves the cluster only.
  static constexpr BlockId kLeaving = 200;

  // A closed file whose blocks have these ids; those below 100 have no replica.
  static FileStatus File(std::vector<BlockId> ids) {
    FileStatus status;
    status.file_id = 20'000 + (ids.empty() ? 0 : ids.back());
    status.replication = 3;
    status.locations.emplace();
    status.locations->last_block_complete = true;
    for (const BlockId id : ids) {
      LocatedBlock block;
      block.block = {"BP-1", {id, 1001, 10}};
      block.offset = status.length;
      status.length += 10;
      status.locations->blocks.push_back(block);
    }
    return status;
  }

  void SetUp() override {
    blocks_.on_inspect = [](BlockId id) -> std::optional<BlockInspection> {
      if (id == 0) return std::nullopt;
      if (id == kLeaving) return BlockInspection{.row = {.id = id}, .decommissioning = 1};
      return BlockInspection{.row = {.id = id}, .live = id < 100 ? 0 : 3};
    };
    names_.on_walk = [this](const auto& visit, DoneVoid done) {
      for (const auto& [path, status] : tree_) {
        if (!visit(path, status)) break;
      }
      done(absl::OkStatus());
    };
    names_.on_get_file_info = [this](const Caller&, const std::string& path,
                                     Done<std::optional<FileStatus>> done) {
      if (!path.starts_with(kInodes)) {
        return done(path == "/none" ? std::nullopt : std::optional(FileStatus{}));
      }
      for (const auto& [name, status] : tree_) {
        if (path == InodePath(status)) return done(status);
      }
      done(errors::NoFileForInodePath(path));
    };
  }

  static std::string InodePath(const FileStatus& status) {
    return fmt::format("{}{}", kInodes, status.file_id);
  }

  Answer Ask(FsckOptions options, bool superuser = true, std::string path = "/d") {
    Answer answer;
    std::promise<void> done;
    FsckCall call{.caller = {.user = "joe", .superuser = superuser, .address = "10.0.0.1"},
                  .path = std::move(path),
                  .options = std::move(options),
                  .sink =
                      [&](const std::string& text) {
                        answer.text += text;
                        return true;
                      },
                  .done = nullptr};
    call.done = [&](FsckOutcome outcome, absl::Status status) {
      answer.outcome = outcome;
      answer.status = std::move(status);
      done.set_value();
    };
    EXPECT_TRUE(service_.Start(std::move(call)));
    done.get_future().wait();
    return answer;
  }

  testing::FakeNamespace names_;
  testing::FakeBlockManager blocks_;
  testing::FakeSalvager salvager_;
  std::vector<std::pair<std::string, FileStatus>> tree_;
  FsckService service_{
      {.names = names_, .blocks = blocks_, .clock = SystemClock(), .salvager = salvager_}};
};

TEST_F(FsckServiceTest, AHealthyTreeEndsWithTheWordsTheClientLooksFor) {
  tree_ = {{"/d/f", File({100, 101})}};
  const Answer answer = Ask({});
  EXPECT_THAT(answer.text,
              MatchesRegex("FSCK started by joe \\(auth:SIMPLE\\) from /10.0.0.1 for path /d at "
                           "[^\n]* UTC [0-9]+\n\n\nStatus: HEALTHY\n.*"
                           "FSCK ended at [^\n]* in [0-9]+ milliseconds\n\n\n"
                           "The filesystem under path '/d' is HEALTHY"));
  EXPECT_EQ(answer.outcome, FsckOutcome::kHealthy);
}

TEST_F(FsckServiceTest, MissingPathAndRefusalHaveTheirOwnEnds) {
  names_.on_walk = [](const auto&, DoneVoid done) { done(errors::FileDoesNotExist("/d")); };
  Answer answer = Ask({});
  EXPECT_THAT(answer.text, EndsWith("\n\n\nPath '/d' does not exist"));
  EXPECT_EQ(answer.outcome, FsckOutcome::kNotFound);
  EXPECT_TRUE(answer.status.ok());

  names_.on_walk = [](const auto&, DoneVoid done) {
    done(MakeError(ErrorKind::kAccessControl, "Permission denied: user=joe"));
  };
  answer = Ask({});
  EXPECT_THAT(answer.text,
              MatchesRegex("FSCK started[^\n]*\nFSCK ended at[^\n]*\nPermission denied: "
                           "user=joe\n\n\nFsck on path '/d' FAILED"));
  EXPECT_EQ(answer.outcome, FsckOutcome::kFailed);
  EXPECT_FALSE(answer.status.ok());
}

TEST_F(FsckServiceTest, CorruptBlocksAreListedPageByPage) {
  blocks_.on_inspect = [](BlockId id) -> std::optional<BlockInspection> {
    return BlockInspection{.row = {.id = id, .replication = 3}, .live = id == 5 ? 1 : 0};
  };
  int64_t blocks = 110;
  blocks_.on_missing_blocks = [&blocks](BlockId after, size_t limit) {
    std::vector<ReplicationCandidate> missing;
    for (BlockId id = std::max<BlockId>(after + 1, 1); id <= blocks && missing.size() < limit; ++id)
      missing.push_back({id, id});
    return missing;
  };
  names_.on_path_of = [](InodeId inode, Done<std::string> done) {
    if (inode == 3) return done(errors::FileDoesNotExist("/deleted"));
    done(inode == 4 ? "/dir/of/others" : fmt::format("/d/f{}", inode));
  };
  Answer answer = Ask({.list_corrupt_file_blocks = true});
  EXPECT_THAT(answer.text, HasSubstr("\nCookie:\t103\nblk_1\t3\t/d/f1\nblk_2\t3\t/d/f2\n"
                                     "blk_6\t3\t/d/f6\n"))
      << "without what is deleted, elsewhere, or was reported meanwhile";
  EXPECT_THAT(answer.text, EndsWith("\nblk_103\t3\t/d/f103\n\n\n"
                                    "The filesystem under path '/d' has 100 CORRUPT files\n\n"));
  answer = Ask({.list_corrupt_file_blocks = true, .start_block_after = 103});
  EXPECT_THAT(answer.text, HasSubstr("\nCookie:\t110\nblk_104\t3\t/d/f104\n"));
  EXPECT_THAT(answer.text, EndsWith("has 7 CORRUPT files\n\n"));
  answer = Ask({.list_corrupt_file_blocks = true, .start_block_after = 110});
  EXPECT_THAT(answer.text,
              EndsWith("\nCookie:\t110\n\n\nThe filesystem under path '/d' has no more "
                       "CORRUPT files\n\n"));
  blocks = 0;
  answer = Ask({.list_corrupt_file_blocks = true});
  EXPECT_THAT(answer.text, EndsWith("\nCookie:\t0\n\n\nThe filesystem under path '/d' has no "
                                    "CORRUPT files\n\n"));
}

TEST_F(FsckServiceTest, ListsAndBlocksAreTheSuperusers) {
  Answer answer = Ask({.list_corrupt_file_blocks = true}, false);
  EXPECT_THAT(answer.text, HasSubstr("Access denied for user joe. Superuser privilege is required "
                                     "for operation listCorruptFileBlocks\n\n\n"));
  answer = Ask({.block_ids = "blk_100 "}, false);
  EXPECT_THAT(answer.text, MatchesRegex("FSCK ended[^\n]*\nAccess denied for user joe. Superuser "
                                        "privilege is required for operation fsck\n\n\n"
                                        "Fsck on path '/d' FAILED"));
  answer = Ask({.list_corrupt_file_blocks = true}, false, "/none");
  EXPECT_THAT(answer.text, EndsWith("\n\n\nPath '/none' does not exist"));
}

TEST_F(FsckServiceTest, BlocksAreDescribedByTheirIds) {
  names_.on_path_of = [](InodeId, Done<std::string> done) { done("/d/f"); };
  const Answer answer = Ask({.block_ids = "blk_100 blk_x foo blk_100_1001.meta "});
  EXPECT_THAT(answer.text, MatchesRegex("FSCK started by joe \\(auth:SIMPLE\\) from /10.0.0.1 at "
                                        "[^\n]*\n\nBlock Id: blk_100\nBlock belongs to: /d/f\n.*"
                                        "\n\nBlock blk_x does not exist\n"
                                        "Incorrect blockId format: foo\n"
                                        "\nBlock Id: blk_100_1001.meta\n.*"));
  EXPECT_EQ(FsckAuditSource({.options = {.block_ids = "blk_1 foo "}}), "blocksIds=[blk_1, foo]");
}

TEST_F(FsckServiceTest, DamagedFilesAreSavedAndDeletedWhenAskedFor) {
  tree_ = {{"/d/good", File({100})}, {"/d/bad", File({100, 7})}};
  FileStatus open = File({100, 8, 9});
  open.locations->under_construction = true;
  open.locations->last_block_complete = false;
  tree_.emplace_back("/d/open", open);
  std::vector<std::string> deleted;
  names_.on_delete = [&](const Caller& caller, const std::string& path, Done<bool> done) {
    deleted.push_back(caller.user + ":" + path);
    done(true);
  };
  Answer answer = Ask({.open_for_write = true, .move = true});
  EXPECT_THAT(salvager_.saved(), ElementsAre("joe:/d/bad"));
  EXPECT_THAT(deleted, IsEmpty());
  EXPECT_EQ(answer.outcome, FsckOutcome::kCorrupt);
  answer = Ask({.move = true, .remove = true});
  EXPECT_THAT(deleted, ElementsAre("joe:" + InodePath(File({7}))));
  EXPECT_EQ(salvager_.saved().size(), 2u);
}

TEST_F(FsckServiceTest, WhatCannotBeSavedIsNotDeletedAndTheCheckFails) {
  tree_ = {{"/d/bad", File({7})}};
  salvager_.SetResult(errors::Io("no DataNode"));
  bool deleted = false;
  names_.on_delete = [&](const Caller&, const std::string&, Done<bool> done) {
    deleted = true;
    done(true);
  };
  const Answer answer = Ask({.move = true, .remove = true});
  EXPECT_FALSE(deleted);
  EXPECT_THAT(answer.text, HasSubstr("FSCK ended"));
  EXPECT_THAT(answer.text, EndsWith("fsck encountered internal errors!\n\n\n"
                                    "Fsck on path '/d' FAILED"));

  // By an earlier check, which may have been broken off.
  salvager_.SetResult(absl::AlreadyExistsError("/lost+found/d/bad is there already"));
  EXPECT_EQ(Ask({.move = true}).outcome, FsckOutcome::kCorrupt);
  EXPECT_EQ(Ask({.move = true, .remove = true}).outcome, FsckOutcome::kFailed);
  EXPECT_FALSE(deleted);

  salvager_.SetResult(absl::DataLossError("wrong bytes"));
  EXPECT_EQ(Ask({.move = true, .remove = true}).outcome, FsckOutcome::kFailed);
  EXPECT_TRUE(deleted) << "what could be read was saved";
}

// The walk of a large tree takes long. Then the file that had the damaged one's path was deleted,
// or one whose DataNodes were back.
TEST_F(FsckServiceTest, FilesThatAreNotDamagedAnyMoreAfterTheWalkAreLeftAlone) {
  FileStatus healed = File({100});
  healed.file_id = File({8}).file_id;
  FileStatus leaving = File({kLeaving});
  leaving.file_id = File({6}).file_id;
  FileStatus appended = File({9});
  appended.locations->under_construction = true;
  tree_ = {{"/d/replaced", File({7})},
           {"/d/healed", File({8})},
           {"/d/leaving", File({6})},
           {"/d/appended", File({9})}};
  names_.on_walk = [&](const auto& visit, DoneVoid done) {
    for (const auto& [path, status] : tree_) visit(path, status);
    tree_ = {{"/d/replaced", File({101})},
             {"/d/healed", healed},
             {"/d/leaving", leaving},
             {"/d/appended", appended}};
    done(absl::OkStatus());
  };
  std::vector<std::string> deleted;
  names_.on_delete = [&](const Caller&, const std::string& path, Done<bool> done) {
    deleted.push_back(path);
    done(true);
  };
  EXPECT_EQ(Ask({.move = true, .remove = true}).outcome, FsckOutcome::kCorrupt);
  EXPECT_THAT(deleted, IsEmpty());
  EXPECT_THAT(salvager_.saved(), IsEmpty());
}

TEST_F(FsckServiceTest, StopEndsAWalkAndWhatWaits) {
  std::promise<void> walking;
  names_.on_walk = [&](const auto& visit, DoneVoid done) {
    walking.set_value();
    FileStatus directory;
    directory.type = FileType::kDirectory;
    while (visit("/d", directory)) {
    }
    done(absl::OkStatus());
  };
  std::promise<FsckOutcome> ended;
  FsckCall call;
  call.sink = [](const std::string&) { return true; };
  call.done = [&](FsckOutcome outcome, const absl::Status&) { ended.set_value(outcome); };
  ASSERT_TRUE(service_.Start(std::move(call)));
  walking.get_future().wait();
  service_.Stop();
  EXPECT_EQ(ended.get_future().get(), FsckOutcome::kFailed);
  EXPECT_FALSE(service_.Start({}));
}

}  // namespace
}  // namespace cairn::namenode
