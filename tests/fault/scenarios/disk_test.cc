// Disks that fail calls, fill up, lie about syncs, and give back other bytes than they were given.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "tests/cluster/namespace_model.h"
#include "tests/cluster/storm.h"
#include "tests/fault/runner/checkers.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

namespace fs = std::filesystem;
using cairn::testing::IsOk;
using cairn::testing::NamespaceModel;
using cairn::testing::Storm;
using cairn::testing::WaitFor;

std::vector<fs::path> FilesBelow(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Disks : public Scenario {
 protected:
  // Works for a while with a rule in force on one DataNode, which must survive it.
  void WorkUnder(int datanode, const Order& order) {
    Workload workload(faults(), history(), random()(), {});
    workload.Start();
    Sleep(Between(300, 1500));
    const int rule = faults().orders(datanode).Add(order);
    EXPECT_OK(WaitFor("the rule to strike", 60,
                      [&] { return faults().orders(datanode).Struck(rule) > 0; }));
    Sleep(LongRun() ? 10'000 : 3'000);
    EXPECT_OK(workload.Stop());
    history().Add("runner", fmt::format("struck {} times", faults().orders(datanode).Struck(rule)));
    EXPECT_TRUE(faults().Runs(datanode));
    faults().Heal();
    // A volume that was dropped comes back with a restart.
    ASSERT_OK(faults().Kill(datanode));
    CheckEverything(&workload);
  }

  // Flips a bit of a file or cuts it short; returns what was done.
  std::string Damage(const fs::path& path) {
    const auto size = static_cast<int64_t>(fs::file_size(path));
    if (Between(0, 2) == 0) {
      const int64_t left =
          path.extension() == ".meta" ? std::array{0, 3, 7}[Between(0, 2)] : Between(0, size - 1);
      fs::resize_file(path, static_cast<uintmax_t>(left));
      return fmt::format("{} cut to {} of {}", path.string(), left, size);
    }
    const int64_t at = Between(0, size - 1);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(byte ^ (1 << Between(0, 7))));
    return fmt::format("{} flipped at {} of {}", path.string(), at, size);
  }
};

TEST_P(Disks, AVolumeThatFailsIsDroppedAndNotTheDatanode) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .volumes_per_datanode = 2}));
  const int victim = static_cast<int>(Between(0, 3));
  const uint32_t calls[] = {
      kCallWrite, kCallSync | kCallOpen, kCallName,
      kCallOpen | kCallRead | kCallWrite | kCallSync | kCallName | kCallUnlink};
  WorkUnder(victim, {.calls = calls[Between(0, 3)],
                     .prefix = faults().Disks(victim)[Between(0, 1)],
                     .error = EIO});
}

TEST_P(Disks, AFullVolumeIsAvoided) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .volumes_per_datanode = 2}));
  const int victim = static_cast<int>(Between(0, 3));
  WorkUnder(victim, {.calls = kCallWrite | kCallName,
                     .prefix = faults().Disks(victim)[Between(0, 1)],
                     .error = ENOSPC});
}

TEST_P(Disks, FailedSyncsAndShortWritesOfADatanode) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .volumes_per_datanode = 2}));
  const int victim = static_cast<int>(Between(0, 3));
  faults().orders(victim).Add({.calls = kCallWrite, .short_write = true, .probability = 0.3});
  WorkUnder(victim, {.calls = kCallSync,
                     .prefix = faults().Disks(victim)[Between(0, 1)],
                     .error = EIO,
                     .probability = 0.5});
}

TEST_P(Disks, AJournalThatCannotBeWrittenStopsTheNamenodeAndLosesNothing) {
  AllowDeaths();
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 1}));
  const Order kinds[] = {{.calls = kCallWrite, .contains = "journal", .error = EIO},
                         {.calls = kCallWrite, .contains = "journal", .error = ENOSPC},
                         {.calls = kCallSync, .contains = "journal", .error = EIO},
                         {.calls = kCallWrite, .contains = "journal", .short_write = true}};
  int64_t operations = 0;
  for (int round = 0; round < (LongRun() ? 20 : 4); ++round) {
    Order order = kinds[round % 4];
    order.after = Between(0, 30);
    order.times = order.short_write ? -1 : 1;
    const int rule = faults().orders(kNamenode).Add(order);
    Storm storm({.clients = 1,
                 .seed = random()(),
                 .prefix = fmt::format("/round{}-", round),
                 .max_file_bytes = 0},
                [this] { return faults().NewClient(); });
    EXPECT_OK(WaitFor("the rule to strike", 60,
                      [&] { return faults().orders(kNamenode).Struck(rule) > 0; }));
    if (!order.short_write) {
      EXPECT_OK(WaitFor("the NameNode to stop", 30, [&] { return !faults().Runs(kNamenode); }));
    }
    faults().orders(kNamenode).ClearRules();
    EXPECT_OK(faults().StartAll());
    ASSERT_OK(storm.Stop());
    ASSERT_OK(storm.Check(client(), &verifier()));
    operations += storm.steps();
  }
  Report(fmt::format("operations={}", operations));
  CheckEverything();
}

// RocksDB's own log was among the files once: a write to it that failed aborted the process.
TEST_P(Disks, ADatabaseThatCannotBeWrittenStopsTheNamenodeAndLosesNothing) {
  AllowDeaths();
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 1}));
  NamespaceModel model(0);
  ASSERT_OK(client().Mkdirs("/home"));
  model.AddDirectory("/home");
  const Order kinds[] = {{.calls = kCallWrite, .contains = "/rocksdb/", .error = EIO},
                         {.calls = kCallWrite, .contains = "/rocksdb/", .error = ENOSPC},
                         {.calls = kCallSync, .contains = "/rocksdb/", .error = EIO}};
  int stopped = 0;
  for (int round = 0; round < (LongRun() ? 30 : 6); ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_OK(model.RandomStep(client(), "/home", random()));
    Order order = kinds[round % 3];
    order.after = Between(0, 1);
    order.times = round % 2 == 0 ? 1 : -1;
    const int rule = faults().orders(kNamenode).Add(order);
    ASSERT_OK(faults().Kill(kNamenode));
    ASSERT_OK(faults().Start(kNamenode));  // which opens the database and brings it up to date
    EXPECT_OK(WaitFor("the rule to strike", 60,
                      [&] { return faults().orders(kNamenode).Struck(rule) > 0; }));
    Sleep(Between(100, 1000));
    faults().orders(kNamenode).ClearRules();
    stopped += faults().Runs(kNamenode) ? 0 : 1;
    EXPECT_OK(faults().StartAll());
    ASSERT_OK(model.Compare(client(), "/home"));
  }
  Report(fmt::format("stopped={}", stopped));
  model.HandTo(verifier());
  CheckEverything();
}

TEST_P(Disks, OneOfTwoNameDirectoriesMayFail) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 1, .name_directories = 2}));
  NamespaceModel model(0);
  ASSERT_OK(client().Mkdirs("/home"));
  model.AddDirectory("/home");
  const int rule = faults().orders(kNamenode).Add({.calls = kCallWrite | kCallSync,
                                                   .prefix = faults().Disks(kNamenode)[1],
                                                   .error = EIO,
                                                   .after = Between(0, 50)});
  for (int i = 0; i < 300; ++i) ASSERT_OK(model.RandomStep(client(), "/home", random()));
  EXPECT_GT(faults().orders(kNamenode).Struck(rule), 0);
  EXPECT_TRUE(faults().Runs(kNamenode));
  faults().Heal();
  ASSERT_OK(faults().Kill(kNamenode));
  ASSERT_OK(faults().StartAll());
  ASSERT_OK(model.Compare(client(), "/home"));
  model.HandTo(verifier());
  CheckEverything();
}

TEST_P(Disks, DamagedReplicasAreNeverServedAndReplaced) {
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 4, .settings = {{"dfs.datanode.directoryscan.interval", "2"}}}));
  for (int i = 0; i < 6; ++i) {
    ASSERT_OK(verifier().WriteFile(client(), fmt::format("/f{}", i), random()(),
                                   Between(1000, 3 * kBlock),
                                   {.replication = 3, .block_size = kBlock}));
  }
  // At most one replica of a block.
  watch().Suspend();
  std::set<std::string> damaged;
  int64_t damages = 0;
  for (int i = 0; i < 4; ++i) {
    for (const fs::path& path : FilesBelow(faults().Disks(i)[0])) {
      const std::string name = path.filename();
      if (!name.starts_with("blk_") || Between(0, 2) != 0) continue;
      const std::string block = name.substr(0, name.find_first_of("_.", 4));
      if (!damaged.insert(block).second) continue;
      history().Add("runner", Damage(path));
      ++damages;
    }
  }
  ASSERT_GT(damages, 0);
  watch().Resume();
  absl::Status last;
  EXPECT_OK(WaitFor("the damaged replicas to be replaced", 90, [&] {
    const auto reader = faults().NewClient();
    EXPECT_OK(verifier().CheckContents(**reader));
    last = ReplicasAgree(faults());
    return last.ok();
  })) << last;
  Report(fmt::format("damaged_replicas={}", damages));
  CheckEverything();
}

TEST_P(Disks, DamagedMetadataIsRefusedOrServedRight) {
  AllowDeaths();
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 1, .settings = {{"cairn.namenode.journal.segment-size", "8k"}}}));
  NamespaceModel model(0);
  ASSERT_OK(client().Mkdirs("/home"));
  model.AddDirectory("/home");
  for (int i = 0; i < 400; ++i) {
    ASSERT_OK(model.RandomStep(client(), "/home", random()));
    if (i != 200) continue;
    ASSERT_OK(client().SetSafeMode(client::SafeModeAction::kEnter));
    ASSERT_OK(client().SaveNamespace());
    ASSERT_OK(client().SetSafeMode(client::SafeModeAction::kLeave));
  }
  ASSERT_OK(faults().Kill(kNamenode));
  const std::string live = faults().Disks(kNamenode)[0];
  const std::string whole = directory() + "/whole";
  fs::copy(live, whole, fs::copy_options::recursive);
  client::ClientOptions impatient = faults().client_options();
  impatient.namenode_retries = 2;
  ASSERT_OK_AND_ASSIGN(const auto reader, client::DfsClient::Connect(impatient));
  int refused = 0, served = 0;
  const int rounds = LongRun() ? 60 : 8;
  for (int round = 0; round < rounds; ++round) {
    std::vector<fs::path> files = FilesBelow(live);
    std::erase_if(files, [](const fs::path& path) {
      return fs::file_size(path) == 0 || path.filename().string().starts_with("LOG") ||
             path.string().find("/checkpoint") != std::string::npos;
    });
    const fs::path& victim = files[Between(0, static_cast<int64_t>(files.size()) - 1)];
    const std::string damage = Damage(victim);
    history().Add("runner", damage);
    ASSERT_OK(faults().Start(kNamenode));
    absl::Status compared = absl::UnavailableError("not tried");
    EXPECT_OK(WaitFor("the NameNode to serve or to stop", 60,
                      [&] {
                        compared = model.Compare(*reader, "/home");
                        return compared.ok() || absl::IsDataLoss(compared) ||
                               !faults().Runs(kNamenode);
                      }))
        << damage << ": " << compared;
    EXPECT_FALSE(absl::IsDataLoss(compared)) << damage << ": served " << compared;
    compared.ok() ? ++served : ++refused;
    if (faults().Runs(kNamenode)) ASSERT_OK(faults().Kill(kNamenode));
    fs::remove_all(live);
    fs::copy(whole, live, fs::copy_options::recursive);
  }
  Report(fmt::format("damages={} refused={} served_right={}", rounds, refused, served));
  EXPECT_GT(refused, 0);
  ASSERT_OK(faults().StartAll());
  ASSERT_OK(model.Compare(client(), "/home"));
  model.HandTo(verifier());
  CheckEverything();
}

CAIRN_SCENARIOS(Disks, 1);

}  // namespace
}  // namespace cairn::fault
