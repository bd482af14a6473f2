// What each loop does in one round.
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/blocks/testing/fake_cluster.h"
#include "namenode/monitors/lease_monitor.h"
#include "namenode/monitors/redundancy_monitor.h"
#include "namenode/monitors/space_monitor.h"

namespace cairn::namenode {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// A file system with a chosen amount of free space.
class FixedSpace : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string&, OpenMode) override { return No(); }
  absl::StatusOr<FileInfo> Stat(const std::string&) override { return No(); }
  absl::StatusOr<std::vector<std::string>> List(const std::string&) override { return No(); }
  absl::Status CreateDirectories(const std::string&) override { return No(); }
  absl::Status Remove(const std::string&) override { return No(); }
  absl::Status RemoveRecursively(const std::string&) override { return No(); }
  absl::Status Rename(const std::string&, const std::string&) override { return No(); }
  absl::Status Link(const std::string&, const std::string&) override { return No(); }
  absl::Status SyncDirectory(const std::string&) override { return No(); }
  absl::StatusOr<SpaceInfo> Space(const std::string& path) override {
    if (!available.contains(path)) return No();
    return SpaceInfo{1'000, available[path], available[path]};
  }

  std::map<std::string, int64_t> available;

 private:
  static absl::Status No() { return absl::UnavailableError("not here"); }
};

// The part of the namespace that the redundancy monitor asks; answers now or when told.
class FakeLinks {
 public:
  void IsLinked(InodeId inode, Done<bool> done) {
    asked.push_back(inode);
    if (hold) {
      held.push_back(std::move(done));
    } else {
      done(!unlinked.contains(inode));
    }
  }

  std::set<InodeId> unlinked;
  std::vector<InodeId> asked;
  std::vector<Done<bool>> held;
  bool hold = false;
};

std::unique_ptr<FakeCluster> ClusterWithOneNodeDead(std::vector<BlockId>& blocks) {
  auto cluster = std::make_unique<FakeCluster>();
  for (int i = 0; i < 4; ++i) cluster->AddNode("/r0");
  cluster->Start();
  for (int i = 0; i < 3; ++i) blocks.push_back(cluster->Write(4));
  for (int i = 0; i < 2; ++i) cluster->AddNode("/r0");
  cluster->nodes[0].up = false;
  cluster->manager->DatanodeFailed("uuid-0");
  cluster->manager->Tick();
  return cluster;
}

TEST(RedundancyMonitor, CopiesLinkedBlocksAndForgetsUnlinkedOnes) {
  std::vector<BlockId> blocks;
  auto cluster = ClusterWithOneNodeDead(blocks);
  EXPECT_EQ(cluster->manager->Stats().under_replicated, 3);
  FakeLinks links;
  links.unlinked.insert(kRootInodeId + blocks[1]);
  RedundancyMonitor monitor(*cluster->manager, [&](InodeId inode, Done<bool> done) {
    links.IsLinked(inode, std::move(done));
  });
  monitor.RunOnce();
  EXPECT_EQ(links.asked.size(), 3u);
  EXPECT_EQ(cluster->manager->Stats().pending_replication_blocks, 2);
  EXPECT_EQ(cluster->manager->Stats().under_replicated, 0);
  monitor.Drain();
}

TEST(RedundancyMonitor, StartsNoRoundBeforeTheLastHasEnded) {
  std::vector<BlockId> blocks;
  auto cluster = ClusterWithOneNodeDead(blocks);
  FakeLinks links;
  links.hold = true;
  RedundancyMonitor monitor(*cluster->manager, [&](InodeId inode, Done<bool> done) {
    links.IsLinked(inode, std::move(done));
  });
  monitor.RunOnce();
  monitor.RunOnce();
  ASSERT_EQ(links.asked.size(), 3u);
  links.held[0](true);
  links.held[1](absl::UnavailableError("the disk failed"));
  EXPECT_EQ(cluster->manager->Stats().pending_replication_blocks, 0);
  links.held[2](true);
  EXPECT_EQ(cluster->manager->Stats().pending_replication_blocks, 2);
  EXPECT_EQ(cluster->manager->Stats().under_replicated, 1) << "asked again in the next round";
  links.hold = false;
  monitor.RunOnce();
  EXPECT_EQ(cluster->manager->Stats().pending_replication_blocks, 3);
}

TEST(LeaseMonitor, EndsExpiredLeasesOnceAtATimeAndNoneInSafeMode) {
  FakeCluster cluster;
  cluster.Start();
  std::vector<InodeId> expired;
  std::vector<Done<bool>> answers;
  LeaseMonitor monitor(
      *cluster.manager,
      [](size_t) {
        return std::vector<LeaseView>{{"a", {1, 2}}, {"b", {3}}};
      },
      [&](InodeId file, Done<bool> done) {
        expired.push_back(file);
        answers.push_back(std::move(done));
      });
  cluster.manager->EnterSafeMode(false);
  monitor.RunOnce();
  EXPECT_THAT(expired, ElementsAre());
  ASSERT_TRUE(cluster.manager->LeaveSafeMode(false).ok());
  monitor.RunOnce();
  monitor.RunOnce();
  EXPECT_THAT(expired, ElementsAre(1, 2, 3));
  answers[1](false);
  monitor.RunOnce();
  EXPECT_THAT(expired, ElementsAre(1, 2, 3, 2));
  answers[0](true);
  answers[2](absl::UnavailableError("x"));
  answers[3](true);
  monitor.Drain();
}

TEST(LeaseMonitor, DrivesStalledRecoveriesOn) {
  FakeCluster cluster;
  cluster.AddNode("/r0");
  cluster.Start();
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster.Allocate(1, "", &places);
  BlockRow row = cluster.Row(block);
  row.state = BlockState::kUnderRecovery;
  row.recovery_id = ++cluster.stamp;
  cluster.SetRow(row);
  std::vector<InodeId> driven;
  LeaseMonitor monitor(
      *cluster.manager, [](size_t) { return std::vector<LeaseView>(); },
      [&](InodeId file, Done<bool> done) {
        driven.push_back(file);
        done(false);
      });
  EXPECT_EQ(cluster.BeatOnly(0).recoveries.size(), 1u);
  monitor.RunOnce();
  EXPECT_THAT(driven, ElementsAre()) << "its attempt may still end well";
  cluster.clock.Advance(90'001);
  monitor.RunOnce();
  EXPECT_THAT(driven, ElementsAre(row.inode));
}

TEST(SpaceMonitor, TurnsSafeModeOnWhenADirectoryIsNearlyFullAndOffAgain) {
  FakeCluster cluster;
  cluster.Start();
  FixedSpace fs;
  fs.available = {{"/a", 500}, {"/b", 500}};
  SpaceMonitor monitor(*cluster.manager, fs, {"/a", "/b", "/gone"}, 100);
  monitor.RunOnce();
  EXPECT_FALSE(cluster.manager->InSafeMode());
  fs.available["/b"] = 99;
  monitor.RunOnce();
  EXPECT_TRUE(cluster.manager->InSafeMode());
  EXPECT_NE(cluster.manager->SafeModeTip().find("Resources are low on NN."), std::string::npos);
  ASSERT_TRUE(cluster.manager->LeaveSafeMode(false).ok());
  monitor.RunOnce();
  EXPECT_TRUE(cluster.manager->InSafeMode()) << "there is still no room";
  fs.available["/b"] = 100;
  monitor.RunOnce();
  EXPECT_FALSE(cluster.manager->InSafeMode());
}

}  // namespace
}  // namespace cairn::namenode
