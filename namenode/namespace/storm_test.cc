// Random operations against a model: alone with a lagging applier and restarts, and from many
// threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "common/random.h"
#include "common/types/errors.h"
#include "namenode/namespace/testing/namespace_fixture.h"
#include "namenode/namespace/testing/tree_model.h"

namespace cairn::namenode {
namespace {

// Makes random operations below one directory and compares every answer with the model's.
class Storm {
 public:
  Storm(TestNamespace& fs, TreeModel& model, std::string base, uint64_t seed)
      : fs_(fs), model_(model), base_(std::move(base)), random_(seed) {}

  void Step() {
    const std::string path = RandomPath();
    switch (random_.Uniform(10)) {
      case 0:
      case 1:
        return Mkdirs(path);
      case 2:
      case 3:
      case 4:
        return Create(path);
      case 5:
        return Delete(path);
      case 6:
      case 7:
        return Rename(path, RandomPath());
      case 8:
        return List(path);
      default:
        return Stat(path);
    }
  }

 private:
  // One to four levels of few names, so that operations meet.
  std::string RandomPath() {
    std::string path = base_;
    const uint64_t depth = 1 + random_.Uniform(4);
    for (uint64_t i = 0; i < depth; ++i) path += fmt::format("/n{}", random_.Uniform(5));
    return path;
  }
  void Mkdirs(const std::string& path) {
    const auto made = fs_.Mkdirs(path);
    ASSERT_EQ(made.ok(), model_.Mkdirs(path)) << "mkdirs " << path << ": " << made.status();
  }
  void Create(const std::string& path) {
    const auto status = fs_.WriteFile(path, static_cast<int>(random_.Uniform(2)));
    ASSERT_EQ(status.ok(), model_.Create(path)) << "create " << path << ": " << status;
  }
  void Delete(const std::string& path) {
    if (!model_.Reachable(path)) return;
    const auto deleted = fs_.Delete(path);
    ASSERT_TRUE(deleted.ok()) << "delete " << path << ": " << deleted.status();
    ASSERT_EQ(*deleted, model_.Delete(path)) << "delete " << path;
  }
  void Rename(const std::string& from, const std::string& to) {
    if (!model_.Reachable(from)) return;
    const auto renamed = fs_.Rename(from, to);
    if (!model_.Reachable(to)) {  // refused, or false when there is no source either
      ASSERT_FALSE(renamed.ok() && *renamed) << "rename " << from << " " << to;
      return;
    }
    const bool expected = model_.Rename(from, to);
    ASSERT_TRUE(renamed.ok()) << "rename " << from << " " << to << ": " << renamed.status();
    ASSERT_EQ(*renamed, expected) << "rename " << from << " " << to;
  }
  void List(const std::string& path) {
    if (!model_.IsDirectory(path)) return;
    ASSERT_EQ(fs_.List(path), model_.List(path)) << "list " << path;
  }
  void Stat(const std::string& path) {
    if (!model_.Reachable(path)) return;
    const auto info = fs_.GetFileInfo(path);
    ASSERT_TRUE(info.ok()) << "stat " << path << ": " << info.status();
    ASSERT_EQ(info->has_value(), model_.Exists(path)) << "stat " << path;
    if (info->has_value()) {
      ASSERT_EQ((*info)->is_directory(), model_.IsDirectory(path)) << path;
    }
  }

  TestNamespace& fs_;
  TreeModel& model_;
  const std::string base_;
  Random random_;
};

// The whole tree, its counts of children and of inodes agree with `nodes`.
void ExpectTree(TestNamespace& fs, const std::map<std::string, bool>& nodes) {
  std::map<std::string, bool> seen;
  std::map<std::string, int64_t> children, counted;
  const absl::Status walked = TestNamespace::SyncVoid([&](DoneVoid done) {
    fs.ns().Walk(
        TestNamespace::Root(), "/",
        [&](const std::string& path, const FileStatus& status) {
          if (status.is_directory()) counted[path] = status.children;
          if (path == "/") return true;
          seen[path] = status.is_directory();
          ++children[TreeModel::Parent(path)];
          return true;
        },
        std::move(done));
  });
  ASSERT_TRUE(walked.ok()) << walked;
  EXPECT_EQ(seen, nodes);
  for (const auto& [path, count] : counted) EXPECT_EQ(count, children[path]) << path;
}

class StormTest : public ::testing::TestWithParam<CacheSize> {};

INSTANTIATE_TEST_SUITE_P(Caches, StormTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::k64Entries,
                                           CacheSize::kDefault),
                         CacheSizeName);

TEST_P(StormTest, RandomOperationsAgreeWithAModelAcrossRestarts) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    TestNamespace fs(GetParam());
    TreeModel model;
    Storm storm(fs, model, "", seed);
    Random random(seed + 1000);
    for (int step = 0; step < 600; ++step) {
      fs.memory().SetAuto(/*durable=*/true, /*apply=*/false);
      storm.Step();
      if (::testing::Test::HasFatalFailure()) return;
      const Txid applied = fs.store().applied();
      const auto lag = static_cast<uint64_t>(fs.store().last_appended() - applied) + 1;
      if (random.Uniform(4) == 0) {
        fs.memory().ApplyUpTo(applied + static_cast<Txid>(random.Uniform(lag)));
      }
      if (random.Uniform(30) == 0) {
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(fs.ns().purger().Step().ok());
      }
      if (random.Uniform(100) == 0) fs.Restart();
    }
    ExpectTree(fs, model.nodes());
    fs.Purge();
    EXPECT_EQ(fs.InodeCount(), static_cast<int64_t>(model.nodes().size()) + 1);
    fs.Restart();
    ExpectTree(fs, model.nodes());
    EXPECT_EQ(fs.InodeCount(), static_cast<int64_t>(model.nodes().size()) + 1);
  }
}

// Eight threads, each with a directory and a model of its own, while a ninth purges and a tenth
// reads everything.
void RunStorm(TestNamespace& fs, int steps) {
  constexpr int kThreads = 8;
  std::vector<TreeModel> models(kThreads);
  std::vector<std::thread> threads;
  std::atomic<int> running = kThreads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string base = fmt::format("/t{}", t);
      Storm storm(fs, models[t], base, 77 + static_cast<uint64_t>(t));
      EXPECT_TRUE(fs.Mkdirs(base).ok());
      models[t].Mkdirs(base);
      for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) storm.Step();
      --running;
    });
  }
  threads.emplace_back([&] {
    while (running > 0) {
      EXPECT_TRUE(fs.ns().purger().Step().ok());
      std::this_thread::yield();
    }
  });
  threads.emplace_back([&] {
    while (running > 0) {
      const auto summary = TestNamespace::Sync<ContentSummary>([&](Done<ContentSummary> done) {
        fs.ns().GetContentSummary(TestNamespace::Root(), "/", std::move(done));
      });
      EXPECT_TRUE(summary.ok()) << summary.status();
      fs.List("/");
    }
  });
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, bool> nodes;
  for (const TreeModel& model : models) nodes.insert(model.nodes().begin(), model.nodes().end());
  ExpectTree(fs, nodes);
  fs.Purge();
  EXPECT_EQ(fs.InodeCount(), static_cast<int64_t>(nodes.size()) + 1);
  fs.Restart();
  ExpectTree(fs, nodes);
  EXPECT_EQ(fs.InodeCount(), static_cast<int64_t>(nodes.size()) + 1);
}

TEST_P(StormTest, ManyThreadsAgreeWithTheirModels) {
  TestNamespace fs(GetParam());
  RunStorm(fs, 300);
}

TEST_P(StormTest, ManyThreadsAgreeWithTheirModelsOnDisk) {
  TestNamespace fs(GetParam(), StoreKind::kDisk);
  RunStorm(fs, 60);
}

}  // namespace
}  // namespace cairn::namenode
