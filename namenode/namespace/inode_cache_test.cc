// The cache by itself: order, bounds, pins, and what a load may overwrite.
#include "namenode/namespace/inode_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/random.h"
#include "namenode/namespace/name_order.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMuch = int64_t{1} << 40;

InodePtr MakeInode(InodeId id, InodeId parent, const std::string& name,
                   InodeKind kind = InodeKind::kFile) {
  auto inode = std::make_shared<Inode>();
  inode->id = id;
  inode->parent_id = parent;
  inode->name = name;
  inode->kind = kind;
  inode->owner = "hdfs";
  inode->group = "supergroup";
  return inode;
}

std::vector<std::string> Names(const ChildIndex& index, std::string_view after = "") {
  std::vector<std::string> names;
  index.ForEachAfter(after, [&](const CacheNode& node) {
    names.emplace_back(node.name());
    return true;
  });
  return names;
}

TEST(NameOrderTest, BytesAreSigned) {
  EXPECT_TRUE(NameLess("\xc3\xa4", "a"));
  EXPECT_TRUE(NameLess("a", "b"));
  EXPECT_TRUE(NameLess("a", "aa"));
  EXPECT_FALSE(NameLess("a", "a"));
  EXPECT_TRUE(NameLess("", "\xff"));
}

TEST(ChildIndexTest, AgreesWithASortedSet) {
  Random random(20240117);
  struct Less {
    bool operator()(const std::string& a, const std::string& b) const { return NameLess(a, b); }
  };
  std::set<std::string, Less> model;
  std::map<std::string, std::unique_ptr<CacheNode>> nodes;
  ChildIndex index;
  for (int step = 0; step < 6000; ++step) {
    const std::string name = random.Bytes(1 + random.Uniform(2));
    auto& node = nodes[name];
    if (!node) {
      node = std::make_unique<CacheNode>();
      node->inode = MakeInode(step, 1, name);
    }
    if (model.contains(name)) {
      index.Erase(node.get());
      model.erase(name);
    } else {
      index.Insert(node.get());
      model.insert(name);
    }
    ASSERT_EQ(index.size(), model.size());
    if (step % 100 != 0) continue;
    const std::string probe = random.Bytes(1);
    const auto after = model.upper_bound(probe);
    ASSERT_EQ(index.CountAfter(probe), std::distance(after, model.end()));
    ASSERT_EQ(Names(index, probe), std::vector<std::string>(after, model.end()));
    ASSERT_EQ(Names(index), std::vector<std::string>(model.begin(), model.end()));
  }
}

TEST(InodeCacheTest, AChangedRowStaysUntilItIsReleased) {
  InodeCache cache(0, 0);
  cache.Set(1, "a", MakeInode(10, 1, "a"), 5);
  cache.Advance(4, 100);
  cache.Trim();
  EXPECT_EQ(cache.Find(1, "a").presence, Presence::kPresent);
  EXPECT_EQ(cache.FindById(10).presence, Presence::kPresent);
  cache.Advance(5, 100);
  cache.Trim();
  EXPECT_EQ(cache.Find(1, "a").presence, Presence::kUnknown);
  EXPECT_EQ(cache.FindById(10).presence, Presence::kUnknown);
  EXPECT_EQ(cache.entries(), 0);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(InodeCacheTest, ADeletionStaysUntilItIsReleased) {
  InodeCache cache(0, 0);
  cache.Set(1, "a", MakeInode(10, 1, "a"), 5);
  cache.Set(1, "a", nullptr, 6);
  cache.SetIdAbsent(10, 6);
  cache.Advance(5, 100);
  cache.Trim();
  EXPECT_EQ(cache.Find(1, "a").presence, Presence::kAbsent);
  EXPECT_EQ(cache.FindById(10).presence, Presence::kAbsent);
  cache.Advance(6, 100);
  cache.Trim();
  EXPECT_EQ(cache.Find(1, "a").presence, Presence::kUnknown);
  EXPECT_EQ(cache.FindById(10).presence, Presence::kUnknown);
}

TEST(InodeCacheTest, ARowChangedTwiceStaysForTheLaterChange) {
  InodeCache cache(0, 0);
  cache.Set(1, "a", MakeInode(10, 1, "a"), 5);
  cache.Set(1, "a", MakeInode(10, 1, "a"), 9);
  cache.Advance(8, 100);
  cache.Trim();
  EXPECT_EQ(cache.Find(1, "a").presence, Presence::kPresent);
  cache.Advance(9, 100);
  cache.Trim();
  EXPECT_EQ(cache.entries(), 0);
}

TEST(InodeCacheTest, AMovedInodeIsFoundAtItsNewPlaceOnly) {
  InodeCache cache(kMuch, kMuch);
  cache.Set(1, "a", MakeInode(10, 1, "a"), 5);
  cache.Set(1, "a", nullptr, 6);
  cache.Set(2, "b", MakeInode(10, 2, "b"), 6);
  EXPECT_EQ(cache.Find(1, "a").presence, Presence::kAbsent);
  EXPECT_EQ(cache.FindById(10).node, cache.Find(2, "b").node);
  EXPECT_EQ(cache.Children(1), nullptr);
  EXPECT_THAT(Names(*cache.Children(2)), ElementsAre("b"));
}

TEST(InodeCacheTest, ALoadNeverReplacesWhatIsKnown) {
  InodeCache cache(kMuch, kMuch);
  cache.Set(1, "a", MakeInode(11, 1, "a"), 5);
  cache.Set(1, "gone", nullptr, 6);
  cache.InsertLoaded(1, "a", MakeInode(10, 1, "a"));
  cache.InsertLoaded(1, "gone", MakeInode(12, 1, "gone"));
  EXPECT_EQ(cache.Find(1, "a").node->inode->id, 11);
  EXPECT_EQ(cache.Find(1, "gone").presence, Presence::kAbsent);
  cache.MarkComplete(7);
  EXPECT_EQ(cache.InsertLoaded(7, "x", MakeInode(13, 7, "x")), nullptr);
  EXPECT_EQ(cache.Find(7, "x").presence, Presence::kAbsent);
}

TEST(InodeCacheTest, ANewDirectoryKnowsAllItsChildren) {
  InodeCache cache(kMuch, kMuch);
  cache.Set(1, "d", MakeInode(10, 1, "d", InodeKind::kDirectory), 1);
  cache.MarkComplete(10);
  cache.Set(10, "x", MakeInode(11, 10, "x"), 2);
  EXPECT_TRUE(cache.IsComplete(10));
  EXPECT_EQ(cache.Find(10, "y").presence, Presence::kAbsent);
  EXPECT_THAT(Names(*cache.Children(10)), ElementsAre("x"));
}

TEST(InodeCacheTest, ADirectoryIsNoLongerWholeWhenAChildIsDropped) {
  InodeCache cache(kMuch, 1);
  cache.InsertWholeDirectory(1, {MakeInode(10, 1, "a"), MakeInode(11, 1, "b")});
  EXPECT_TRUE(cache.IsComplete(1));
  cache.Trim();
  EXPECT_EQ(cache.entries(), 1);
  EXPECT_FALSE(cache.IsComplete(1));
  EXPECT_EQ(cache.Find(1, "zzz").presence, Presence::kUnknown);
}

TEST(InodeCacheTest, PinnedNodesAreNotDropped) {
  InodeCache cache(0, 0);
  CacheNode* node = cache.InsertLoaded(1, "a", MakeInode(10, 1, "a"));
  cache.Pin(node);
  CacheNode* absent = cache.InsertLoaded(1, "b", nullptr);
  cache.Pin(absent);
  cache.PinAbsentId(77);
  cache.Trim();
  EXPECT_EQ(cache.Find(1, "a").node, node);
  EXPECT_EQ(cache.Find(1, "b").presence, Presence::kAbsent);
  EXPECT_EQ(cache.FindById(77).presence, Presence::kAbsent);
  cache.Unpin(node);
  cache.Unpin(absent);
  cache.UnpinAbsentId(77);
  cache.Trim();
  EXPECT_EQ(cache.entries(), 0);
  EXPECT_EQ(cache.FindById(77).presence, Presence::kUnknown);
}

TEST(InodeCacheTest, RecentlyUsedNodesOutliveOthers) {
  InodeCache cache(kMuch, 10);
  for (int i = 0; i < 10; ++i) {
    const std::string name = "f" + std::to_string(i);
    cache.InsertLoaded(1, name, MakeInode(100 + i, 1, name));
  }
  cache.Find(1, "f0");
  for (int i = 10; i < 15; ++i) {
    const std::string name = "f" + std::to_string(i);
    cache.InsertLoaded(1, name, MakeInode(100 + i, 1, name));
    cache.Trim();
  }
  EXPECT_EQ(cache.entries(), 10);
  EXPECT_EQ(cache.Find(1, "f0").presence, Presence::kPresent);
  EXPECT_EQ(cache.Find(1, "f1").presence, Presence::kUnknown);
}

TEST(InodeCacheTest, BytesAreCountedAndBounded) {
  constexpr int64_t kBytes = 1 << 20;
  InodeCache cache(kBytes, kMuch);
  for (int i = 0; i < 10000; ++i) {
    const std::string name = "part-00000-with-a-usual-length-" + std::to_string(i);
    cache.InsertLoaded(1, name, MakeInode(100 + i, 1, name));
    cache.Trim();
  }
  EXPECT_LE(cache.bytes(), kBytes);
  EXPECT_GT(cache.bytes(), kBytes * 9 / 10);
  // What an inode of a usual name costs; documented with cairn.namenode.cache.bytes.
  const int64_t each = cache.bytes() / cache.entries();
  RecordProperty("bytes_per_inode", std::to_string(each));
  EXPECT_LT(each, 640);
}

}  // namespace
}  // namespace cairn::namenode
