// meta_dump as a user runs it: its lines, its exit status, and that it changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "namenode/meta/name_dir.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/testing/store_harness.h"

namespace cairn::namenode {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What a run printed, stderr included, and its exit status.
struct ToolRun {
  std::string output;
  int status = -1;
};

ToolRun MetaDump(const std::string& arguments) {
  ToolRun run;
  FILE* pipe = ::popen(fmt::format("{} {} 2>&1", META_DUMP, arguments).c_str(), "r");
  if (pipe == nullptr) return run;
  char buffer[4096];
  for (size_t got; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    run.output.append(buffer, got);
  }
  run.status = WEXITSTATUS(::pclose(pipe));
  return run;
}

std::set<std::string> Files(const std::string& dir) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    files.insert(entry.path().string());
  }
  return files;
}

Inode Directory(InodeId id, InodeId parent, std::string name) {
  Inode inode;
  inode.id = id;
  inode.parent_id = parent;
  inode.name = std::move(name);
  inode.kind = InodeKind::kDirectory;
  inode.mode = 01777;
  inode.owner = "alice";
  inode.group = "staff";
  return inode;
}

TEST(MetaDumpTest, ListsADirectoryAndChangesNothing) {
  StoreHarness h(2);
  RowChanges rows;
  EncodeInodeChange(nullptr, Directory(kRootInodeId, 0, ""), rows);
  h.Start(rows);
  RowChanges more;
  EncodeInodeChange(nullptr, Directory(20000, kRootInodeId, "tmp"), more);
  EncodeLease("DFSClient_1", 20001, more);
  h.store().Append(more);
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  RowChanges last;
  EncodeInodeRemoval(Directory(20000, kRootInodeId, "tmp"), last);
  h.store().Append(last);
  ASSERT_TRUE(h.Sync());
  h.Crash();
  for (size_t i = 0; i < 2; ++i) {
    const auto before = Files(h.dir(i));
    const ToolRun summary = MetaDump(h.dir(i));
    EXPECT_EQ(summary.status, 0) << summary.output;
    EXPECT_THAT(summary.output, AllOf(HasSubstr("CID-5f0e7f3c"), HasSubstr("transactions 2 to 3"),
                                      HasSubstr("checkpoint")));
    const ToolRun journal = MetaDump(h.dir(i) + " --journal");
    EXPECT_EQ(journal.status, 0);
    EXPECT_THAT(journal.output, AllOf(HasSubstr("2 put entries 16385/\"tmp\" id=20000 directory"),
                                      HasSubstr("rwxrwxrwt alice:staff"),
                                      HasSubstr("2 put leases holder=\"DFSClient_1\" inode=20001"),
                                      HasSubstr("3 delete entries 16385/\"tmp\"")));
    const ToolRun entries = MetaDump(h.dir(i) + " --rows entries");
    EXPECT_EQ(entries.status, 0);
    EXPECT_THAT(entries.output, HasSubstr("0/\"\" id=16385 directory"));
    EXPECT_THAT(entries.output, ::testing::Not(HasSubstr("tmp")));
    const ToolRun checkpoints = MetaDump(h.dir(i) + " --checkpoints");
    EXPECT_EQ(checkpoints.status, 0);
    EXPECT_THAT(checkpoints.output, HasSubstr("CURRENT"));
    EXPECT_EQ(Files(h.dir(i)), before);
  }
}

TEST(MetaDumpTest, DamageIsNamedAndTheStatusIsOne) {
  StoreHarness h;
  h.Start();
  h.Put("k", "v");
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  h.Close();
  for (const std::string& path :
       {SegmentPath(h.dir(0), 2), VersionPath(h.dir(0)), CheckpointPath(h.dir(0), 2) + "/CURRENT",
        RocksPath(h.dir(0)) + "/CURRENT"}) {
    const std::string good = *h.fs.ReadFile(path, 1 << 20);
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    ASSERT_TRUE(h.fs.WriteFileAtomically(path, bad).ok());
    const ToolRun run = MetaDump(h.dir(0));
    EXPECT_EQ(run.status, 1) << path;
    EXPECT_THAT(run.output, HasSubstr(path.substr(0, path.rfind('/')))) << path;
    ASSERT_TRUE(h.fs.WriteFileAtomically(path, good).ok());
  }
  EXPECT_EQ(MetaDump(h.dir(0)).status, 0);
}

TEST(MetaDumpTest, WhatTheNameNodeRefusesIsDamage) {
  StoreHarness h;
  h.Start();
  h.Put("k", "v");
  h.Close();
  const std::string state = *h.fs.ReadFile(JournalStatePath(h.dir(0)), 1 << 20);
  ASSERT_TRUE(h.fs.Remove(JournalStatePath(h.dir(0))).ok());
  const ToolRun lost = MetaDump(h.dir(0));
  EXPECT_EQ(lost.status, 1) << lost.output;
  EXPECT_THAT(lost.output, HasSubstr(JournalStatePath(h.dir(0)) + " is missing"));
  EXPECT_FALSE(h.Open().ok());
  ASSERT_TRUE(h.fs.WriteFileAtomically(JournalStatePath(h.dir(0)), state).ok());
  EXPECT_EQ(MetaDump(h.dir(0)).status, 0);

  ClusterIdentity other = StoreHarness::Identity();
  other.cluster_id = "CID-other";
  ASSERT_TRUE(WriteVersion(h.fs, h.dir(0), other).ok());
  const ToolRun foreign = MetaDump(h.dir(0));
  EXPECT_EQ(foreign.status, 1) << foreign.output;
  EXPECT_THAT(foreign.output, AllOf(HasSubstr(RocksPath(h.dir(0))), HasSubstr("CID-other")));
  EXPECT_FALSE(h.Open().ok());
}

TEST(MetaDumpTest, WrongUsageIsTwo) {
  EXPECT_EQ(MetaDump("").status, 2);
  EXPECT_EQ(MetaDump("/tmp --rows nothing").status, 2);
  EXPECT_EQ(MetaDump("/tmp --what").status, 2);
  EXPECT_EQ(MetaDump("/nonexistent").status, 1);
}

}  // namespace
}  // namespace cairn::namenode
