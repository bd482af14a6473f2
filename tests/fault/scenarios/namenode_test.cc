// A NameNode that is killed at any moment: acknowledged changes are there, others whole or not at
// all, and none is done twice.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "tests/cluster/storm.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::PatternBytes;
using cairn::testing::Storm;
using cairn::testing::WaitFor;

class Namenode : public Scenario {
 protected:
  void Restart() {
    ASSERT_OK(faults().Kill(kNamenode));
    ASSERT_OK(faults().Start(kNamenode));
  }
};

TEST_P(Namenode, AStormOfEightClientsSurvivesKills) {
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 1,
                    .name_directories = 2,
                    .settings = {{"dfs.replication", "1"},
                                 {"dfs.namenode.safemode.min.datanodes", "1"},
                                 // Longer than the NameNode is away: its DataNode is the only one.
                                 {"dfs.client.socket-timeout", "60000"}}}));
  constexpr int kClients = 8;
  const int kills = LongRun() ? 60 : 6;
  Storm storm({.clients = kClients, .seed = random()()}, [this] { return faults().NewClient(); });
  for (int i = 0; i < kills && storm.ok(); ++i) {
    Sleep(Between(100, 1200));
    Restart();
    if (Between(0, 2) > 0) EXPECT_OK(faults().WaitReady(1));  // else again before it is up
  }
  EXPECT_OK(faults().WaitReady(1));
  EXPECT_OK(WaitFor("operations of all kinds", 120, [&] {
    return !storm.ok() || (storm.steps() > kClients * kills && storm.truncations() > 0);
  }));
  ASSERT_OK(storm.Stop());
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_OK(faults().WaitReady(1));
  ASSERT_OK(storm.Check(client(), &verifier()));
  Report(fmt::format("kills={} operations={} truncations={}", kills + 1, storm.steps(),
                     storm.truncations()));
  CheckEverything();
}

// Calls of one client that the NameNode has done when it dies, and whose replies it never sent.
class LostReplies : public Namenode {
 protected:
  static constexpr int64_t kBytes = 1000;
  static constexpr int64_t kTruncated = 400;

  // What the calls need, in a directory of their own.
  void Prepare(const std::string& base) {
    base_ = base;
    seed_ = random()();
    // Streams before their client.
    results_ = {};
    growing_.reset();
    closing_.reset();
    ASSERT_OK(client().Mkdirs(base + "/to-delete/child"));
    ASSERT_OK(client().Mkdirs(base + "/to-rename"));
    for (const char* name : {"/to-append", "/to-truncate"}) {
      ASSERT_OK_AND_ASSIGN(const auto out, client().Create(base + name, {.replication = 1}));
      ASSERT_OK(out->Write(PatternBytes(seed_, 0, kBytes)));
      ASSERT_OK(out->Close());
    }
    ASSERT_OK_AND_ASSIGN(caller_, faults().NewClient());
    ASSERT_OK_AND_ASSIGN(growing_, caller_->Create(base + "/growing", {.replication = 1}));
    ASSERT_OK_AND_ASSIGN(closing_, caller_->Create(base + "/closing", {.replication = 1}));
    ASSERT_OK(closing_->Write(PatternBytes(seed_, 0, kBytes)));
    ASSERT_OK(closing_->Hflush());
  }
  // One thread each: none is answered.
  std::vector<std::thread> Call() {
    std::vector<std::thread> calls;
    const auto call = [&calls](auto work) { calls.emplace_back(work); };
    call([this] { results_.created = caller_->Create(base_ + "/created").status(); });
    call([this] {
      results_.renamed = caller_->Rename2(base_ + "/to-rename", base_ + "/renamed", false);
    });
    call([this] { results_.deleted = caller_->Delete(base_ + "/to-delete", true); });
    call([this] { results_.appended = caller_->Append(base_ + "/to-append"); });
    call([this] { results_.truncated = caller_->Truncate(base_ + "/to-truncate", kTruncated); });
    call([this] {
      results_.grown = growing_->Write(PatternBytes(seed_, 0, kBytes));  // asks for a block
      if (results_.grown.ok()) results_.grown = growing_->Hflush();
    });
    call([this] { results_.closed = closing_->Close(); });
    return calls;
  }
  // Whether all that was called for is in the namespace.
  bool AllDone(client::DfsClient& witness) {
    const auto there = [&](const char* name) { return witness.Exists(base_ + name); };
    const auto closed = [&](const char* name) { return witness.IsFileClosed(base_ + name); };
    const auto cut = witness.StatIfExists(base_ + "/to-truncate");
    const auto blocks = witness.GetBlockLocations(base_ + "/growing", 0, 1);
    return there("/created").value_or(false) && there("/renamed").value_or(false) &&
           !there("/to-delete").value_or(true) && !closed("/to-append").value_or(true) &&
           cut.ok() && cut->has_value() && (*cut)->length == kTruncated &&  //
           blocks.ok() && blocks->blocks.size() == 1 && closed("/closing").value_or(false);
  }
  // Every retry was answered as if nothing had happened, and what was called for was done once.
  void CheckResults() {
    EXPECT_OK(results_.created);
    EXPECT_OK(results_.renamed);
    EXPECT_OK(results_.deleted);
    EXPECT_TRUE(results_.deleted.value_or(false)) << "the retry was told that nothing was there";
    EXPECT_OK(results_.appended);
    EXPECT_OK(results_.truncated);
    EXPECT_FALSE(results_.truncated.value_or(true)) << "its last block is still to be cut";
    EXPECT_OK(results_.grown);
    EXPECT_OK(results_.closed);
    ASSERT_FALSE(HasFailure());
    ASSERT_OK((*results_.appended)->Write(PatternBytes(seed_, kBytes, kBytes)));
    ASSERT_OK((*results_.appended)->Close());
    ASSERT_OK(growing_->Close());
    ASSERT_OK(WaitFor("the truncation", 60, [&] {
      return client().IsFileClosed(base_ + "/to-truncate").value_or(false);
    }));
    ExpectFile("/to-append", 2 * kBytes);
    ExpectFile("/to-truncate", kTruncated);
    ExpectFile("/growing", kBytes);
    ExpectFile("/closing", kBytes);
  }

 private:
  // A file of one block.
  void ExpectFile(const std::string& name, int64_t length) {
    ASSERT_OK_AND_ASSIGN(const auto in, client().Open(base_ + name));
    ASSERT_OK_AND_ASSIGN(const std::string bytes, in->ReadAll());
    EXPECT_TRUE(bytes == PatternBytes(seed_, 0, static_cast<size_t>(length))) << name;
    ASSERT_OK_AND_ASSIGN(const LocatedBlocks located,
                         client().GetBlockLocations(base_ + name, 0, length));
    EXPECT_EQ(located.blocks.size(), 1u) << name;
  }

  struct Results {
    absl::Status created, renamed, grown, closed;
    absl::StatusOr<bool> deleted = false;
    absl::StatusOr<bool> truncated = false;
    absl::StatusOr<std::unique_ptr<client::OutputStream>> appended = nullptr;
  };
  std::string base_;
  uint64_t seed_ = 0;
  std::unique_ptr<client::DfsClient> caller_;
  std::unique_ptr<client::OutputStream> growing_, closing_;
  Results results_;
};

TEST_P(LostReplies, KilledBetweenTheSyncAndTheReplyItAnswersTheRetry) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 1}));
  // Past the proxy: sees what the NameNode has done while its replies are held.
  ASSERT_OK_AND_ASSIGN(const auto witness, faults().cluster().NewClient());
  for (int round = 0; round < (LongRun() ? 20 : 3) && !HasFailure(); ++round) {
    const std::string base = fmt::format("/round{}", round);
    ASSERT_NO_FATAL_FAILURE(Prepare(base));
    faults().namenode_link().Shape(FaultCluster::client_address(), Flow::kFromDaemon,
                                   {.held = true});
    std::vector<std::thread> calls = Call();
    EXPECT_OK(WaitFor("the calls to be done", 30, [&] { return AllDone(*witness); }));
    EXPECT_OK(faults().Kill(kNamenode));
    faults().namenode_link().Reset("");  // the held replies are lost
    faults().namenode_link().Heal();
    EXPECT_OK(faults().Start(kNamenode));
    for (std::thread& call : calls) call.join();
    ASSERT_OK(faults().WaitReady(1));
    ASSERT_NO_FATAL_FAILURE(CheckResults());
    ASSERT_OK(client().Delete(base, true));
  }
  CheckEverything();
}

CAIRN_SCENARIOS(Namenode, 2);
CAIRN_SCENARIOS(LostReplies, 1);

}  // namespace
}  // namespace cairn::fault
