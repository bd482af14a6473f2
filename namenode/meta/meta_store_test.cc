// The store as a whole: order of durable and applied, restarts and crashes, snapshots, refusals.
#include "namenode/meta/meta_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "namenode/meta/name_dir.h"
#include "namenode/meta/testing/store_harness.h"

namespace cairn::namenode {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Text(const absl::Status& status) { return status.ToString(); }

TEST(MetaStoreTest, AFormattedStoreHoldsTheInitialRows) {
  StoreHarness h;
  h.Start({{Table::kMeta, "k", "v"}});
  EXPECT_EQ(h.Get("k"), "v");
  EXPECT_EQ(h.store().last_appended(), 1);
  EXPECT_EQ(h.store().identity().cluster_id, StoreHarness::Identity().cluster_id);
}

TEST(MetaStoreTest, TransactionsSurviveACleanRestart) {
  StoreHarness h;
  h.Start();
  h.Put("a", "1");
  h.Put("b", "2");
  h.Delete("a");
  h.Close();
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("a"), "(none)");
  EXPECT_EQ(h.Get("b"), "2");
  EXPECT_EQ(h.store().last_appended(), 4);
}

// Whatever was applied before: deletions of rows that came in the same application are treated in
// another way than those of older rows.
TEST(MetaStoreTest, ADeletedRowIsGone) {
  StoreHarness h;
  h.options.apply_interval_ms = 3600000;  // applications are made by Get
  h.Start();
  h.Put("older", "1");
  h.Put("changed", "1");
  EXPECT_EQ(h.Get("older"), "1");
  h.Delete("older");
  h.Put("changed", "2");
  h.Delete("changed");
  h.Put("came and went", "1");
  h.Delete("came and went");
  for (const char* key : {"older", "changed", "came and went"}) {
    EXPECT_EQ(h.Get(key), "(none)") << key;
  }
}

TEST(MetaStoreTest, DurableTransactionsSurviveACrash) {
  StoreHarness h;
  h.options.apply_interval_ms = 3600000;  // nothing reaches RocksDB before the crash
  h.Start();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 50; ++i) h.Put(fmt::format("k{}", i), fmt::format("{}-{}", round, i));
    ASSERT_TRUE(h.Sync());
    const Txid durable = h.store().durable();
    h.Crash();
    ASSERT_TRUE(h.Open().ok());
    EXPECT_EQ(h.store().durable(), durable);
    EXPECT_EQ(h.Get("k7"), fmt::format("{}-7", round));
    EXPECT_EQ(h.Get("k49"), fmt::format("{}-49", round));
  }
}

TEST(MetaStoreTest, AppliedTransactionsSurviveACrashOfTheUnflushedDatabase) {
  StoreHarness h;
  h.Start();
  for (int i = 0; i < 100; ++i) h.Put(fmt::format("k{}", i), "x");
  EXPECT_EQ(h.Get("k99"), "x");  // applied
  h.Crash();
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k99"), "x");
}

TEST(MetaStoreTest, TheEpochRisesWithEveryOpen) {
  StoreHarness h;
  h.Start();
  const int64_t first = h.store().epoch();
  h.Close();
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.store().epoch(), first + 1);
  h.Crash();
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.store().epoch(), first + 2);
}

TEST(MetaStoreTest, CallbacksRunInOrderAndOnlyWhenDurable) {
  StoreHarness h;
  h.Start();
  Mutex mu;
  std::vector<Txid> order;
  bool early = false;
  for (int i = 0; i < 200; ++i) {
    const Txid txid = h.Put("k", fmt::format("{}", i));
    h.store().WhenDurable(txid, [&, txid] {
      const bool durable = h.store().durable() >= txid;
      MutexLock lock(mu);
      order.push_back(txid);
      early = early || !durable;
    });
  }
  ASSERT_TRUE(h.Sync());
  h.Close();
  EXPECT_FALSE(early);
  EXPECT_EQ(order.size(), 200u);
}

TEST(MetaStoreTest, WhatIsAppendedWhileCommitsAreHeldBecomesDurableTogether) {
  StoreHarness h;
  h.Start();
  MetaStore& store = h.store();
  store.HoldCommits();
  const Txid first = h.Put("a", "1");
  Txid last = first;
  for (int i = 0; i < 10; ++i) last = h.Put("b", std::to_string(i));
  std::promise<Txid> durable_with_first;
  store.WhenDurable(first, [&] { durable_with_first.set_value(store.durable()); });
  store.ReleaseCommits();
  EXPECT_EQ(durable_with_first.get_future().get(), last);
}

TEST(MetaStoreTest, HoldsThatOverlapHoldUpNobody) {
  StoreHarness h;
  h.Start();
  h.store().HoldCommits();
  h.store().HoldCommits();
  h.Put("a", "1");
  h.store().ReleaseCommits();
  EXPECT_TRUE(h.Sync());
  h.store().ReleaseCommits();
  h.store().HoldCommits();
  h.Put("a", "2");
  h.Close();  // drains
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("a"), "2");
}

TEST(MetaStoreTest, ASnapshotDoesNotChange) {
  StoreHarness h;
  h.Start();
  h.Put("a", "1");
  EXPECT_EQ(h.Get("a"), "1");
  const auto snapshot = h.store().Snapshot();
  EXPECT_EQ(snapshot->txid(), 2);
  h.Put("a", "2");
  h.Put("b", "1");
  EXPECT_EQ(h.Get("a"), "2");
  EXPECT_EQ(**snapshot->Get(Table::kMeta, "a"), "1");
  EXPECT_EQ(*snapshot->Get(Table::kMeta, "b"), std::nullopt);
  std::vector<std::string> keys;
  ASSERT_TRUE(snapshot
                  ->Scan(Table::kMeta, "a", "b",
                         [&](std::string_view key, std::string_view) {
                           keys.emplace_back(key);
                           return true;
                         })
                  .ok());
  EXPECT_THAT(keys, ElementsAre("a", "applied_txid"));
}

TEST(MetaStoreTest, TheListenerHearsEveryRiseOfApplied) {
  StoreHarness h;
  h.Start();
  Mutex mu;
  std::vector<Txid> heard;
  h.store().SetAppliedListener([&](Txid txid) {
    MutexLock lock(mu);
    heard.push_back(txid);
  });
  for (int i = 0; i < 20; ++i) {
    h.Put("k", "v");
    EXPECT_EQ(h.Get("k"), "v");
  }
  h.Close();
  MutexLock lock(mu);
  EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end()));
  EXPECT_EQ(heard.back(), 21);
}

TEST(MetaStoreTest, SegmentsRollAndReplay) {
  StoreHarness h;
  h.options.segment_bytes = 300;
  h.options.apply_interval_ms = 3600000;
  h.Start();
  for (int i = 0; i < 40; ++i) {
    h.Put(fmt::format("k{}", i), std::string(50, 'x'));
    ASSERT_TRUE(h.Sync());
  }
  EXPECT_GT(ListSegments(h.fs, h.dir(0))->size(), 5u);
  h.Crash();
  ASSERT_TRUE(h.Open().ok());
  for (int i = 0; i < 40; ++i) EXPECT_EQ(h.Get(fmt::format("k{}", i)), std::string(50, 'x'));
}

TEST(MetaStoreTest, ADirectoryThatIsNotOursIsRefusedByName) {
  StoreHarness h(2);
  EXPECT_THAT(Text(h.Open()), AllOf(HasSubstr(h.dir(0)), HasSubstr("does not exist")));
  ASSERT_TRUE(h.fs.CreateDirectories(h.dir(0)).ok());
  EXPECT_THAT(Text(h.Open()), AllOf(HasSubstr(h.dir(0)), HasSubstr("not formatted")));
  ASSERT_TRUE(h.Format().ok());
  // Something of somebody's, not an empty directory to fill.
  ASSERT_TRUE(h.fs.Remove(VersionPath(h.dir(1))).ok());
  EXPECT_THAT(Text(h.Open()), AllOf(HasSubstr(h.dir(1)), HasSubstr("VERSION")));
}

TEST(MetaStoreTest, ADirectoryOfAnotherClusterIsRefusedByName) {
  StoreHarness h(2);
  ASSERT_TRUE(h.Format().ok());
  ClusterIdentity other = StoreHarness::Identity();
  other.cluster_id = "CID-other";
  MetaStoreOptions options = h.options;
  options.name_dirs = {h.dir(1)};
  ASSERT_TRUE(MetaStore::Format(options, other, true, {}, h.fs).ok());
  EXPECT_THAT(Text(h.Open()), AllOf(HasSubstr(h.dir(1)), HasSubstr("CID-other")));
}

TEST(MetaStoreTest, FormatRefusesWhatIsNotEmptyUnlessForced) {
  StoreHarness h(2);
  h.Start({{Table::kMeta, "k", "old"}});
  EXPECT_THAT(Text(h.Format({}, true)), HasSubstr("already locked"));
  h.Close();
  EXPECT_THAT(Text(h.Format()), AllOf(HasSubstr(h.dir(0)), HasSubstr("not empty")));
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "old");
  h.Close();
  ASSERT_TRUE(h.Format({}, true).ok());
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "(none)");
}

TEST(MetaStoreTest, FormatRefusesClusterIdsThatVersionCannotHold) {
  StoreHarness h;
  ClusterIdentity identity = StoreHarness::Identity();
  const auto format = [&](const std::string& id) {
    identity.cluster_id = id;
    return MetaStore::Format(h.options, identity, false, {}, h.fs);
  };
  EXPECT_THAT(Text(format("a b\nc")), HasSubstr("Invalid cluster id \"a b\\nc\""));
  for (const std::string& id : {std::string(), std::string(256, 'x'), std::string("a b"),
                                std::string("a\0b", 3), std::string("a\x7f"), std::string("a\r")}) {
    EXPECT_EQ(format(id).code(), absl::StatusCode::kInvalidArgument) << id;
  }
  EXPECT_FALSE(h.fs.Exists(h.dir(0)));  // nothing was touched
  const std::string longest = "Grüße=#" + std::string(246, 'x');
  ASSERT_EQ(longest.size(), 255u);
  ASSERT_TRUE(format(longest).ok());
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.store().identity().cluster_id, longest);
}

TEST(MetaStoreTest, ADirectoryInUseIsRefused) {
  StoreHarness h;
  h.Start();
  const auto second = MetaStore::Open(h.options, h.fs, h.clock, [](const absl::Status&) {});
  EXPECT_THAT(Text(second.status()), AllOf(HasSubstr(h.dir(0)), HasSubstr("already locked")));
}

}  // namespace
}  // namespace cairn::namenode
