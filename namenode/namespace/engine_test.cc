// The engine through whole operations: misses, races of loads with changes, rows not yet applied,
// durability, the gate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/testing/namespace_fixture.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EngineTest : public ::testing::TestWithParam<CacheSize> {
 protected:
  bool Exists(const std::string& path) {
    const auto info = fs_.GetFileInfo(path);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() && info->has_value();
  }
  // Does `change` while the next load has its snapshot and has not yet read from it.
  void DuringNextLoad(std::function<void()> change) {
    fs_.memory().SetReadHook([this, change = std::move(change)] {
      fs_.memory().SetReadHook(nullptr);
      change();
    });
  }
  // Forgets everything cached.
  void Restart() { fs_.Restart(); }

  TestNamespace fs_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Caches, EngineTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::k64Entries,
                                           CacheSize::kDefault),
                         CacheSizeName);

TEST_P(EngineTest, ATreeIsMadeAndRead) {
  ASSERT_TRUE(fs_.Mkdirs("/a/b/c").ok());
  ASSERT_TRUE(fs_.WriteFile("/a/b/f", 2).ok());
  const auto info = fs_.GetFileInfo("/a/b/f");
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_TRUE(info->has_value());
  EXPECT_EQ((*info)->length, 2 << 20);
  EXPECT_THAT(fs_.List("/a/b"), ElementsAre("c", "f"));
  EXPECT_THAT(fs_.List("/a/b/c"), IsEmpty());
  EXPECT_EQ(fs_.InodeCount(), 5);
}

// Keeps tasks until the test runs them.
class KeptTasks : public TaskQueue {
 public:
  void Run(absl::AnyInvocable<void()> task) override { tasks.push_back(std::move(task)); }
  std::vector<absl::AnyInvocable<void()>> tasks;
};

TEST(GroupTest, AGroupIsAnsweredTogetherOnceAllOfItIsDurable) {
  TestNamespace fs;
  ASSERT_TRUE(fs.Mkdirs("/a").ok());
  fs.memory().SetAuto(false, false);
  const auto queue = std::make_shared<KeptTasks>();
  std::vector<std::string> answers;
  const auto mkdirs = [&](const std::string& path) {
    fs.ns().Mkdirs(TestNamespace::Root(), {.path = path, .mode = 0755, .create_parent = true},
                   [&answers, path](absl::StatusOr<bool> made) {
                     answers.push_back(path + (made.ok() ? "" : " failed"));
                   });
  };
  fs.ns().BeginGroup();
  mkdirs("/a/b");
  mkdirs("/a/c");
  mkdirs("/a:");
  fs.ns().EndGroup(queue);
  mkdirs("/a/alone");
  const Txid last = fs.memory().last_appended();
  fs.memory().MakeDurable(last - 1);
  EXPECT_THAT(answers, IsEmpty());
  ASSERT_EQ(queue->tasks.size(), 1u);
  queue->tasks[0]();
  EXPECT_THAT(answers, ElementsAre("/a/b", "/a/c", "/a: failed"));
  fs.memory().MakeDurable(last);
  EXPECT_THAT(answers, ElementsAre("/a/b", "/a/c", "/a: failed", "/a/alone"));
  // A group without changes has nothing to wait for.
  fs.ns().BeginGroup();
  fs.ns().EndGroup(queue);
  EXPECT_EQ(queue->tasks.size(), 1u);
}

TEST_P(EngineTest, EverythingIsThereAfterARestart) {
  ASSERT_TRUE(fs_.Mkdirs("/a/b/c").ok());
  ASSERT_TRUE(fs_.WriteFile("/a/b/f", 2).ok());
  ASSERT_TRUE(fs_.Create("/a/open").ok());
  Restart();
  EXPECT_THAT(fs_.List("/a"), ElementsAre("b", "open"));
  EXPECT_THAT(fs_.List("/a/b"), ElementsAre("c", "f"));
  EXPECT_EQ(fs_.InodeCount(), 6);
  EXPECT_EQ(fs_.blocks().rows().size(), 2u);
  EXPECT_EQ(*fs_.Complete("/a/open", "writer"), true);
}

TEST_P(EngineTest, IdsAreNotHandedOutAgainAfterARestart) {
  const auto first = fs_.Create("/f");
  ASSERT_TRUE(first.ok());
  const auto block = fs_.AddBlock("/f", "writer");
  ASSERT_TRUE(block.ok());
  Restart();
  const auto second = fs_.Create("/g");
  ASSERT_TRUE(second.ok());
  const auto other = fs_.AddBlock("/g", "writer");
  ASSERT_TRUE(other.ok());
  EXPECT_GT(second->file_id, first->file_id);
  EXPECT_GT(other->block.block.id, block->block.block.id);
  EXPECT_GT(other->block.block.generation_stamp, block->block.block.generation_stamp);
}

TEST_P(EngineTest, ADeepPathCostsOneLoadBesidesTheRoot) {
  ASSERT_TRUE(fs_.Mkdirs("/a/b/c/d/e/f/g/h").ok());
  Restart();
  const int64_t before = fs_.ns().runner().statistics().misses;
  EXPECT_TRUE(Exists("/a/b/c/d/e/f/g/h"));
  EXPECT_EQ(fs_.ns().runner().statistics().misses - before, 2);
}

TEST_P(EngineTest, ALoadedRowIsDroppedWhenItIsRemovedMeanwhile) {
  ASSERT_TRUE(fs_.Mkdirs("/a/b").ok());
  Restart();
  DuringNextLoad([&] { EXPECT_TRUE(*fs_.Rename("/a", "/z")); });
  EXPECT_FALSE(Exists("/a/b"));
  EXPECT_TRUE(Exists("/z/b"));
}

TEST_P(EngineTest, ALoadedAbsenceIsDroppedWhenTheNameIsMadeMeanwhile) {
  ASSERT_TRUE(fs_.Mkdirs("/a").ok());
  Restart();
  ASSERT_TRUE(Exists("/a"));
  DuringNextLoad([&] { EXPECT_TRUE(fs_.Mkdirs("/a/new").ok()); });
  EXPECT_TRUE(Exists("/a/new"));
}

TEST_P(EngineTest, ALoadedRowIsDroppedWhenItIsChangedMeanwhile) {
  ASSERT_TRUE(fs_.Mkdirs("/a").ok());
  Restart();
  DuringNextLoad([&] {
    EXPECT_TRUE(TestNamespace::SyncVoid([&](DoneVoid done) {
                  fs_.ns().SetPermission(TestNamespace::Root(), "/a", 0700, std::move(done));
                }).ok());
  });
  EXPECT_EQ((*fs_.GetFileInfo("/a"))->permission, 0700);
}

TEST_P(EngineTest, AListingMergesWhatChangesWhileItIsLoaded) {
  ASSERT_TRUE(fs_.Mkdirs("/d/b").ok());
  ASSERT_TRUE(fs_.Mkdirs("/d/d").ok());
  ASSERT_TRUE(fs_.Mkdirs("/d/f").ok());
  Restart();
  ASSERT_TRUE(Exists("/d"));
  DuringNextLoad([&] {
    EXPECT_TRUE(fs_.Mkdirs("/d/a").ok());
    EXPECT_TRUE(fs_.Mkdirs("/d/e").ok());
    EXPECT_TRUE(*fs_.Delete("/d/d"));
    EXPECT_TRUE(*fs_.Rename("/d/f", "/d/g"));
  });
  EXPECT_THAT(fs_.List("/d"), ElementsAre("a", "b", "e", "g"));
}

TEST_P(EngineTest, RowsNotYetAppliedAreSeen) {
  ASSERT_TRUE(fs_.Mkdirs("/d/old").ok());
  ASSERT_TRUE(fs_.Mkdirs("/d/gone").ok());
  Restart();
  fs_.memory().SetAuto(/*durable=*/true, /*apply=*/false);
  ASSERT_TRUE(fs_.Mkdirs("/d/new/sub").ok());
  ASSERT_TRUE(*fs_.Delete("/d/gone"));
  ASSERT_TRUE(*fs_.Rename("/d/old", "/d/renamed"));
  EXPECT_FALSE(Exists("/d/gone"));
  EXPECT_FALSE(Exists("/d/old"));
  EXPECT_TRUE(Exists("/d/new/sub"));
  EXPECT_THAT(fs_.List("/d"), ElementsAre("new", "renamed"));
  fs_.memory().SetAuto(true, true);
  EXPECT_THAT(fs_.List("/d"), ElementsAre("new", "renamed"));
  Restart();
  EXPECT_THAT(fs_.List("/d"), ElementsAre("new", "renamed"));
}

TEST_P(EngineTest, PagesOfABigDirectoryAreMergedWithRowsNotYetApplied) {
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string name = fmt::format("f{:04}", i);
    ASSERT_TRUE(fs_.WriteFile("/big/" + name).ok());
  }
  Restart();
  fs_.memory().SetAuto(true, false);
  for (int i = 0; i < 300; i += 3) ASSERT_TRUE(*fs_.Delete(fmt::format("/big/f{:04}", i)));
  for (int i = 0; i < 300; i += 5) ASSERT_TRUE(fs_.WriteFile(fmt::format("/big/f{:04}x", i)).ok());
  for (int i = 0; i < 300; ++i) {
    if (i % 3 != 0) expected.push_back(fmt::format("f{:04}", i));
    if (i % 5 == 0) expected.push_back(fmt::format("f{:04}x", i));
  }
  // Pages of 7 names.
  std::vector<std::string> names;
  int64_t remaining = 1;
  while (remaining > 0) {
    const auto page = fs_.ns().runner().RunAndWait<std::vector<std::string>>(
        TestNamespace::Root(), OpMode::kRead,
        [&](OpContext& ctx) -> absl::StatusOr<std::vector<std::string>> {
          ASSIGN_OR_RETURN(const InodePtr root, ctx.txn.ById(kRootInodeId));
          ASSIGN_OR_RETURN(const InodePtr big, ctx.txn.Child(root->id, "big"));
          ASSIGN_OR_RETURN(const ChildPage found,
                           ctx.txn.List(*big, names.empty() ? "" : names.back(), 7));
          remaining = found.remaining;
          std::vector<std::string> page_names;
          for (const Inode* child : found.children) page_names.push_back(child->name);
          return page_names;
        });
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LE(page->size(), 7u);
    names.insert(names.end(), page->begin(), page->end());
  }
  EXPECT_EQ(names, expected);
}

TEST_P(EngineTest, ATransactionSeesItsOwnWrites) {
  ASSERT_TRUE(fs_.Mkdirs("/d/b").ok());
  ASSERT_TRUE(fs_.Mkdirs("/d/c").ok());
  Restart();
  const auto names = fs_.ns().runner().RunAndWait<std::vector<std::string>>(
      TestNamespace::Root(), OpMode::kMutation,
      [&](OpContext& ctx) -> absl::StatusOr<std::vector<std::string>> {
        ASSIGN_OR_RETURN(const InodePtr d, ctx.txn.Child(kRootInodeId, "d"));
        ASSIGN_OR_RETURN(const InodePtr b, ctx.txn.Child(d->id, "b"));
        ASSIGN_OR_RETURN(const InodePtr c, ctx.txn.Child(d->id, "c"));
        Inode moved = *b;
        moved.name = "e";
        ctx.txn.Move(*b, moved);
        Inode fresh = *c;
        fresh.id = ctx.txn.NewInodeId();
        fresh.name = "a";
        ctx.txn.Put(fresh);
        ctx.txn.Remove(*c);
        ASSIGN_OR_RETURN(const InodePtr by_id, ctx.txn.ById(b->id));
        ASSIGN_OR_RETURN(const InodePtr gone, ctx.txn.ById(c->id));
        ASSIGN_OR_RETURN(const InodePtr old_name, ctx.txn.Child(d->id, "b"));
        EXPECT_EQ(by_id->name, "e");
        EXPECT_EQ(gone, nullptr);
        EXPECT_EQ(old_name, nullptr);
        ASSIGN_OR_RETURN(const ChildPage page, ctx.txn.List(*d, "", 10));
        std::vector<std::string> names;
        for (const Inode* child : page.children) names.push_back(child->name);
        return names;
      });
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("a", "e"));
  EXPECT_THAT(fs_.List("/d"), ElementsAre("a", "e"));
  Restart();
  EXPECT_THAT(fs_.List("/d"), ElementsAre("a", "e"));
}

TEST_P(EngineTest, AFailedOperationLeavesNothingBehind) {
  ASSERT_TRUE(fs_.Mkdirs("/d").ok());
  const Txid before = fs_.store().last_appended();
  const auto result = fs_.ns().runner().RunAndWait<bool>(
      TestNamespace::Root(), OpMode::kMutation, [&](OpContext& ctx) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const InodePtr d, ctx.txn.Child(kRootInodeId, "d"));
        ctx.txn.Remove(*d);
        ctx.txn.AddLease("h", d->id);
        return errors::Io("no");
      });
  EXPECT_FALSE(result.ok());
  EXPECT_TRUE(Exists("/d"));
  EXPECT_EQ(fs_.store().last_appended(), before);
  EXPECT_EQ(fs_.ns().runner().WithState([](NamespaceState& s) { return s.leases.files(); }), 0u);
}

TEST_P(EngineTest, NothingUnpinnedIsKeptWithoutACache) {
  if (GetParam() != CacheSize::kNone) GTEST_SKIP();
  ASSERT_TRUE(fs_.Mkdirs("/a/b/c").ok());
  ASSERT_TRUE(Exists("/a/b/c"));
  EXPECT_EQ(fs_.ns().runner().WithState([](NamespaceState& s) { return s.cache.entries(); }), 0);
  EXPECT_EQ(fs_.ns().runner().WithState([](NamespaceState& s) { return s.loads.size(); }), 0u);
}

TEST_P(EngineTest, AMutationIsAnsweredWhenItIsDurable) {
  fs_.memory().SetAuto(/*durable=*/false, /*apply=*/false);
  bool made = false, made_again = false, read = false;
  fs_.ns().Mkdirs(TestNamespace::Root(), {"/a", 0755, true},
                  [&](absl::StatusOr<bool> result) { made = result.ok(); });
  // A cold cache answers on another thread; wait for the append.
  while (fs_.store().last_appended() == 0) std::this_thread::yield();
  EXPECT_TRUE(Exists("/a"));  // a read may see what is not durable
  read = true;
  EXPECT_FALSE(made);
  std::atomic<bool> again_ran = false;
  fs_.ns().runner().Run<bool>(
      TestNamespace::Root(), OpMode::kMutation,
      [&](OpContext&) -> absl::StatusOr<bool> {
        again_ran = true;
        return true;
      },
      [&](absl::StatusOr<bool>) { made_again = true; });
  EXPECT_TRUE(again_ran && read);
  EXPECT_FALSE(made_again);  // changed nothing, and waits for what it saw
  fs_.memory().MakeDurable(fs_.store().last_appended());
  EXPECT_TRUE(made);
  EXPECT_TRUE(made_again);
}

TEST_P(EngineTest, AMutationThatFindsNoRoomDoesNotBlockItsCaller) {
  fs_.memory().SetRoom(false);
  std::promise<bool> made;
  std::atomic<bool> answered = false;
  fs_.ns().Mkdirs(TestNamespace::Root(), {"/a", 0755, true}, [&](absl::StatusOr<bool> result) {
    answered = true;
    made.set_value(result.ok());
  });
  EXPECT_FALSE(Exists("/a"));
  EXPECT_FALSE(answered);
  fs_.memory().SetRoom(true);
  EXPECT_TRUE(made.get_future().get());
}

TEST_P(EngineTest, AnOperationThatKeepsMissingRunsAlone) {
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(fs_.Mkdirs(fmt::format("/d{}", i)).ok());
  Restart();
  std::promise<bool> other;
  std::atomic<int> other_done = 0;
  std::atomic<int> reads = 0;
  fs_.memory().SetReadHook([&] {
    if (++reads != 5) return;  // the load of an attempt that already runs alone
    fs_.ns().Mkdirs(TestNamespace::Root(), {"/other", 0755, true},
                    [&](absl::StatusOr<bool> result) {
                      ++other_done;
                      other.set_value(result.ok());
                    });
    EXPECT_EQ(other_done, 0);
  });
  const auto found = fs_.ns().runner().RunAndWait<int>(
      TestNamespace::Root(), OpMode::kRead, [&](OpContext& ctx) -> absl::StatusOr<int> {
        for (int i = 0; i < 6; ++i) {
          ASSIGN_OR_RETURN(const InodePtr child,
                           ctx.txn.Child(kRootInodeId, fmt::format("d{}", i)));
          EXPECT_NE(child, nullptr);
        }
        return other_done.load();
      });
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, 0);
  EXPECT_TRUE(other.get_future().get());
  EXPECT_EQ(fs_.ns().runner().statistics().exclusive_runs, 1);
}

TEST_P(EngineTest, DirectoriesKeepCountOfTheirChildren) {
  ASSERT_TRUE(fs_.Mkdirs("/d").ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(fs_.WriteFile(fmt::format("/d/f{}", i)).ok());
  ASSERT_TRUE(*fs_.Delete("/d/f3"));
  ASSERT_TRUE(*fs_.Rename("/d/f4", "/g"));
  EXPECT_EQ((*fs_.GetFileInfo("/d"))->children, 8);
  EXPECT_EQ((*fs_.GetFileInfo("/"))->children, 2);
  Restart();
  EXPECT_EQ((*fs_.GetFileInfo("/d"))->children, 8);
  EXPECT_EQ(fs_.InodeCount(), 11);
}

// A namespace whose complete() waits for the report of the last block, with a file whose last block
// has no replica yet.
class AwaitedReplicaTest : public ::testing::TestWithParam<CacheSize> {
 protected:
  void Open(int64_t wait_ms) {
    NamespaceOptions options = OptionsFor(GetParam());
    options.complete_wait_ms = wait_ms;
    fs_ = std::make_unique<TestNamespace>(options, StoreKind::kMemory);
    ASSERT_TRUE(fs_->Create("/f").ok());
    const auto block = fs_->AddBlock("/f", "writer");
    ASSERT_TRUE(block.ok()) << block.status();
    last_ = block->block;
    last_.block.num_bytes = 100;
    fs_->blocks().SetReplicated(last_.block.id, false);
  }
  std::future<absl::StatusOr<bool>> Complete() {
    auto answer = std::make_shared<std::promise<absl::StatusOr<bool>>>();
    fs_->ns().Complete(
        TestNamespace::Root(), {.path = "/f", .client_name = "writer", .last = last_},
        [answer](absl::StatusOr<bool> closed) { answer->set_value(std::move(closed)); });
    return answer->get_future();
  }

  std::unique_ptr<TestNamespace> fs_;
  ExtendedBlock last_;
};

INSTANTIATE_TEST_SUITE_P(Caches, AwaitedReplicaTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::kDefault), CacheSizeName);

TEST_P(AwaitedReplicaTest, CompleteAnswersWhenTheReplicaIsReported) {
  ASSERT_NO_FATAL_FAILURE(Open(/*wait_ms=*/3'600'000));
  auto closed = Complete();
  while (fs_->blocks().rows().at(last_.block.id).state != BlockState::kCommitted) {
    std::this_thread::yield();
  }
  fs_->ns().ReplicasReceived({last_.block.id + 1});
  EXPECT_EQ(closed.wait_for(std::chrono::milliseconds(0)), std::future_status::timeout);
  fs_->blocks().SetReplicated(last_.block.id, true);
  fs_->ns().ReplicasReceived({last_.block.id});
  EXPECT_TRUE(*closed.get());
  EXPECT_EQ((**fs_->GetFileInfo("/f")).length, 100);
}

TEST_P(AwaitedReplicaTest, CompleteDoesNotWaitForever) {
  ASSERT_NO_FATAL_FAILURE(Open(/*wait_ms=*/1));
  EXPECT_FALSE(*Complete().get());
  fs_->blocks().SetReplicated(last_.block.id, true);
  EXPECT_TRUE(*Complete().get());
}

TEST_P(AwaitedReplicaTest, AnEndingNameNodeAnswersWhoWaits) {
  ASSERT_NO_FATAL_FAILURE(Open(/*wait_ms=*/3'600'000));
  auto closed = Complete();
  fs_.reset();
  // It may not have got as far as to wait.
  const absl::StatusOr<bool> answer = closed.get();
  EXPECT_TRUE(answer.ok() ? !*answer : Is(answer.status(), ErrorKind::kRetriable));
}

}  // namespace
}  // namespace cairn::namenode
