// Disks that fail calls, fill up, lie about syncs, and give back other bytes than they were given.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/cluster/namespace_model.h"
#include "tests/cluster/storm.h"
#include "tests/fault/runner/checkers.h"
#include "tests/fault/runner/damage.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

namespace fs = std::filesystem;
using cairn::testing::IsOk;
using cairn::testing::NamespaceModel;
using cairn::testing::PatternBytes;
using cairn::testing::Storm;
using cairn::testing::WaitFor;

std::vector<fs::path> FilesBelow(const std::string& directory) {
  std::vector<fs::path> files;
  std::error_code gone;  // meanwhile
  fs::recursive_directory_iterator entries(directory, gone);
  for (; !gone && entries != fs::end(entries); entries.increment(gone)) {
    if (entries->is_regular_file(gone)) files.push_back(entries->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Disks : public Scenario {
 protected:
  // Puts a rule into force on one DataNode under load, which must survive it, does `meanwhile`, and
  // ends with the checkers.
  void WorkUnder(int datanode, const Order& order, const std::function<void()>& meanwhile) {
    Workload workload(faults(), history(), random()(), {});
    workload.Start();
    Sleep(Between(300, 1500));
    const int rule = faults().orders(datanode).Add(order);
    EXPECT_OK(WaitFor("the rule to strike", 60,
                      [&] { return faults().orders(datanode).Struck(rule) > 0; }));
    if (meanwhile) meanwhile();
    Sleep(LongRun() ? 10'000 : 3'000);
    EXPECT_OK(workload.Stop());
    history().Add("runner", fmt::format("struck {} times", faults().orders(datanode).Struck(rule)));
    EXPECT_TRUE(faults().Runs(datanode));
    faults().Heal();
    // A volume that was dropped comes back with a restart.
    ASSERT_OK(faults().Kill(datanode));
    CheckEverything(&workload);
  }
  // How many volumes of a DataNode the NameNode knows to have failed.
  int FailedVolumes(int datanode) {
    const auto nodes = client().GetDatanodeReport(client::DatanodeReportType::kLive);
    EXPECT_OK(nodes);
    if (!nodes.ok()) return -1;
    for (const DatanodeInfo& node : *nodes) {
      if (node.id.ip_addr == faults().address(datanode)) return node.failed_volumes;
    }
    return -1;
  }
  // The finalized replicas on a volume.
  static std::set<std::string> ReplicasOn(const std::string& volume) {
    std::set<std::string> replicas;
    for (const fs::path& path : FilesBelow(volume)) {
      if (path.extension() == ".meta" && path.string().find("/finalized/") != std::string::npos)
        replicas.insert(path.filename());
    }
    return replicas;
  }
  // Flips a bit of a file, or else cuts it short. What was done.
  std::string Damage(const fs::path& path, bool flip) {
    const auto size = static_cast<int64_t>(fs::file_size(path));
    if (flip) return FlipBit(path, Between(0, size - 1), static_cast<int>(Between(0, 7)));
    return CutFile(path, Between(0, size - 1));
  }
};

TEST_P(Disks, AVolumeThatFailsIsDroppedAndNotTheDatanode) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .volumes_per_datanode = 2}));
  const int victim = static_cast<int>(Between(0, 3));
  const uint32_t calls[] = {
      kCallWrite, kCallSync | kCallOpen, kCallName,
      kCallOpen | kCallRead | kCallWrite | kCallSync | kCallName | kCallUnlink};
  const Order order{
      .calls = calls[Between(0, 3)], .prefix = faults().Disks(victim)[Between(0, 1)], .error = EIO};
  history().Add("runner", fmt::format("calls {:x} fail on {}", order.calls, order.prefix));
  WorkUnder(victim, order, [&] {
    EXPECT_OK(WaitFor("the volume to be dropped", 60, [&] { return FailedVolumes(victim) == 1; }));
  });
}

TEST_P(Disks, AFullVolumeIsAvoided) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .volumes_per_datanode = 2}));
  const int victim = static_cast<int>(Between(0, 3));
  const int64_t full = Between(0, 1);
  const std::string full_volume = faults().Disks(victim)[full];
  const std::string other_volume = faults().Disks(victim)[1 - full];
  WorkUnder(victim, {.calls = kCallWrite | kCallName, .prefix = full_volume, .error = ENOSPC}, [&] {
    const std::set<std::string> before = ReplicasOn(full_volume);
    const size_t others = ReplicasOn(other_volume).size();
    EXPECT_OK(WaitFor("replicas on the other volume", 60,
                      [&] { return ReplicasOn(other_volume).size() > others + 3; }));
    for (const std::string& replica : ReplicasOn(full_volume))
      EXPECT_TRUE(before.contains(replica)) << replica << " is on the full volume";
    EXPECT_EQ(FailedVolumes(victim), 0) << "a full disk is no broken one";
  });
}

TEST_P(Disks, FailedSyncsAndShortWritesOfADatanode) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .volumes_per_datanode = 2}));
  const int victim = static_cast<int>(Between(0, 3));
  faults().orders(victim).Add({.calls = kCallWrite, .short_write = true, .probability = 0.3});
  WorkUnder(victim,
            {.calls = kCallSync,
             .prefix = faults().Disks(victim)[Between(0, 1)],
             .error = EIO,
             .probability = 0.5},
            nullptr);
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
    // A full disk stays full: once would be the reserve, which the journal can do without.
    order.times = order.short_write || order.error == ENOSPC ? -1 : 1;
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

// Files whose replicas come to harm.
class DamagedReplicas : public Disks {
 protected:
  static constexpr int kDatanodes = 4;

  void WriteFiles() {
    for (int i = 0; i < 6; ++i) {
      ASSERT_OK(verifier().WriteFile(client(), fmt::format("/f{}", i), random()(),
                                     Between(kBlock, 3 * kBlock),
                                     {.replication = 3, .block_size = kBlock}));
    }
  }
  static int64_t BlockOf(const fs::path& path) {
    return std::stoll(path.filename().string().substr(4));
  }
  // The files of all replicas in a random order.
  std::vector<fs::path> ReplicaFiles() {
    std::vector<fs::path> files;
    for (int i = 0; i < kDatanodes; ++i) {
      for (const fs::path& path : FilesBelow(faults().Disks(i)[0])) {
        if (path.filename().string().starts_with("blk_")) files.push_back(path);
      }
    }
    std::shuffle(files.begin(), files.end(), random());
    return files;
  }
  // Every read is right, and goes on until no damaged replica is left.
  void AwaitRepair() {
    absl::Status last;
    EXPECT_OK(WaitFor("the damaged replicas to be replaced", 90, [&] {
      const auto reader = faults().NewClient();
      EXPECT_OK(verifier().CheckContents(**reader));
      last = ReplicasAgree(faults());
      return last.ok();
    })) << last;
  }
};

TEST_P(DamagedReplicas, AreNeverServedAndReplaced) {
  ASSERT_NO_FATAL_FAILURE(StartCluster(
      {.datanodes = kDatanodes, .settings = {{"dfs.datanode.directoryscan.interval", "2"}}}));
  ASSERT_NO_FATAL_FAILURE(WriteFiles());
  watch().Suspend();
  // At most one replica of a block. First meta files of each length that was "no checksum" once.
  std::map<int64_t, int64_t> cut;  // what is left of the meta file, by block
  std::set<int64_t> damaged;
  const std::vector<fs::path> files = ReplicaFiles();
  for (const fs::path& path : files) {
    constexpr int64_t kLeft[] = {0, 3, 7};
    if (cut.size() == std::size(kLeft)) break;
    if (path.extension() != ".meta" || !damaged.insert(BlockOf(path)).second) continue;
    const int64_t left = kLeft[cut.size()];
    cut[BlockOf(path)] = left;
    history().Add("runner", CutFile(path, left));
  }
  ASSERT_EQ(cut.size(), 3u);
  for (const fs::path& path : files) {
    if (Between(0, 2) == 0 && damaged.insert(BlockOf(path)).second)
      history().Add("runner", Damage(path, /*flip=*/Between(0, 2) > 0));
  }
  watch().Resume();
  ASSERT_NO_FATAL_FAILURE(AwaitRepair());
  for (const auto& [block, left] : cut)
    EXPECT_TRUE(CalledCorrupt(faults(), block)) << "the meta file had " << left << " bytes";
  Report(fmt::format("damaged_replicas={} meta_cuts={}", damaged.size(), cut.size()));
  CheckEverything();
}

// The writer goes on, and readers come, while a replica that is being written has a header that
// denies its checksums, and other bytes than were written.
TEST_P(DamagedReplicas, AreNotBelievedWhileTheyAreWritten) {
  ASSERT_NO_FATAL_FAILURE(StartCluster(
      {.datanodes = kDatanodes, .settings = {{"dfs.datanode.directoryscan.interval", "2"}}}));
  for (int round = 0; round < (LongRun() ? 12 : 2); ++round) {
    const std::string path = fmt::format("/open{}", round);
    const uint64_t seed = random()();
    const int64_t flushed = Between(1000, kBlock / 2);
    ASSERT_OK_AND_ASSIGN(const auto out,
                         client().Create(path, {.replication = 3, .block_size = kBlock}));
    ASSERT_OK(out->Write(PatternBytes(seed, 0, flushed)));
    ASSERT_OK(out->Hflush());
    ASSERT_OK(WaitFor("the pipeline", 10, [&] { return faults().Pipeline().size() == 3; }));
    const int victim = faults().Pipeline()[Between(1, 2)];  // the client only reads from it
    fs::path meta;
    for (const fs::path& file : FilesBelow(faults().Disks(victim)[0])) {
      if (file.parent_path().filename() == "rbw" && file.extension() == ".meta") meta = file;
    }
    ASSERT_FALSE(meta.empty());
    const std::string stem = meta.stem();
    const fs::path data = meta.parent_path() / stem.substr(0, stem.rfind('_'));
    const int64_t block = BlockOf(data);
    watch().Suspend();
    history().Add("runner", round % 2 == 0
                                ? SetChecksumType(meta, 0)
                                : FlipBit(meta, Between(0, 6), static_cast<int>(Between(0, 7))));
    history().Add("runner", FlipBit(data, Between(0, flushed - 1), 0));
    watch().Resume();
    const auto read = [&](int64_t length) {
      ASSERT_OK_AND_ASSIGN(const auto reader, faults().NewClient());
      ASSERT_OK_AND_ASSIGN(const auto in, reader->Open(path));
      ASSERT_OK_AND_ASSIGN(const std::string bytes, in->ReadAt(0, length));
      ASSERT_TRUE(bytes == PatternBytes(seed, 0, length)) << "wrong bytes";
    };
    const auto said = [&] {
      return faults().data_link(victim).passed(FaultCluster::client_address(), Flow::kFromDaemon);
    };
    const int64_t before = said();
    EXPECT_OK(WaitFor("the damaged replica to be asked for", 60, [&] {
      read(flushed);
      return HasFailure() || said() > before;
    }));
    const int64_t length = flushed + Between(1, kBlock / 2);
    ASSERT_OK(out->Write(PatternBytes(seed, flushed, length - flushed)));
    ASSERT_OK(out->Close());
    verifier().Expect(path, seed, length, 3);
    ASSERT_NO_FATAL_FAILURE(AwaitRepair());
    EXPECT_TRUE(CalledCorrupt(faults(), block)) << block;
  }
  CheckEverything();
}

// The NameNode's own files come to harm.
class DamagedMetadata : public Disks {
 protected:
  // What kind of file this is; "" for one that is not damaged, as a log or a lock.
  static std::string KindOf(const fs::path& path) {
    const std::string name = path.filename();
    if (fs::file_size(path) == 0 || name.starts_with("LOG")) return "";
    if (path.string().find("/checkpoint") != std::string::npos) return "";
    if (name.starts_with("journal_") && name.find_first_not_of("0123456789", 8) == name.npos)
      return "journal";
    if (name.ends_with(".sst")) return "SST";
    if (name.starts_with("MANIFEST")) return "MANIFEST";
    return "other";
  }
  std::map<std::string, std::vector<fs::path>> FilesByKind(const std::string& directory) {
    std::map<std::string, std::vector<fs::path>> files;
    for (const fs::path& path : FilesBelow(directory)) {
      if (const std::string kind = KindOf(path); !kind.empty()) files[kind].push_back(path);
    }
    return files;
  }
  // Names, and files with blocks.
  void Fill() {
    ASSERT_OK(client().Mkdirs("/home"));
    model_.AddDirectory("/home");
    for (int i = 0; i < 400; ++i) {
      ASSERT_OK(model_.RandomStep(client(), "/home", random()));
      if (i % 40 == 0) {
        ASSERT_OK(verifier().WriteFile(client(), fmt::format("/f{}", i), random()(),
                                       Between(1, 3 * kBlock),
                                       {.replication = 1, .block_size = kBlock}));
      }
      if (i != 200) continue;
      ASSERT_OK(client().SetSafeMode(client::SafeModeAction::kEnter));
      ASSERT_OK(client().SaveNamespace());
      ASSERT_OK(client().SetSafeMode(client::SafeModeAction::kLeave));
    }
  }
  // Starts the NameNode with damage there: true if it serves all that is right, false if it stops.
  bool ServesRight(client::DfsClient& reader, const std::string& damage) {
    EXPECT_OK(faults().Start(kNamenode));
    absl::Status compared = absl::UnavailableError("not tried");
    EXPECT_OK(WaitFor("the NameNode to serve or to stop", 60,
                      [&] {
                        compared = model_.Compare(reader, "/home");
                        if (compared.ok()) compared = faults().WaitReady(1);
                        if (compared.ok()) compared = verifier().CheckContents(reader);
                        return compared.ok() || absl::IsDataLoss(compared) ||
                               !faults().Runs(kNamenode);
                      }))
        << damage << ": " << compared;
    EXPECT_FALSE(absl::IsDataLoss(compared)) << damage << ": served " << compared;
    if (faults().Runs(kNamenode)) EXPECT_OK(faults().Kill(kNamenode));
    return compared.ok();
  }

  NamespaceModel model_{0};
};

TEST_P(DamagedMetadata, IsRefusedOrServedRight) {
  AllowDeaths();
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 1, .settings = {{"cairn.namenode.journal.segment-size", "8k"}}}));
  ASSERT_NO_FATAL_FAILURE(Fill());
  ASSERT_OK(faults().Kill(kNamenode));
  const std::string live = faults().Disks(kNamenode)[0];
  const std::string whole = directory() + "/whole";
  fs::copy(live, whole, fs::copy_options::recursive);
  client::ClientOptions impatient = faults().client_options();
  impatient.namenode_retries = 2;
  ASSERT_OK_AND_ASSIGN(const auto reader, client::DfsClient::Connect(impatient));
  constexpr const char* kKinds[] = {"SST", "MANIFEST", "journal", "other"};
  std::map<std::string, int> refused, served;
  const int rounds = LongRun() ? 64 : 8;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    // Each kind is cut and flipped in turn.
    const std::string kind = kKinds[round % std::size(kKinds)];
    const std::vector<fs::path> files = FilesByKind(live)[kind];
    ASSERT_FALSE(files.empty()) << "no file of kind " << kind;
    const fs::path& victim = files[Between(0, static_cast<int64_t>(files.size()) - 1)];
    const std::string damage = Damage(victim, round / std::size(kKinds) % 2 == 0);
    history().Add("runner", damage);
    ++(ServesRight(*reader, damage) ? served : refused)[kind];
    fs::remove_all(live);
    fs::copy(whole, live, fs::copy_options::recursive);
  }
  int all_refused = 0;
  for (const char* kind : kKinds) {
    all_refused += refused[kind];
    Report(fmt::format("kind={} refused={} served_right={}", kind, refused[kind], served[kind]));
    EXPECT_EQ(refused[kind] + served[kind], rounds / static_cast<int>(std::size(kKinds))) << kind;
  }
  EXPECT_GT(all_refused, 0);
  ASSERT_OK(faults().StartAll());
  ASSERT_OK(model_.Compare(client(), "/home"));
  model_.HandTo(verifier());
  CheckEverything();
}

CAIRN_SCENARIOS(Disks, 1);
CAIRN_SCENARIOS(DamagedReplicas, 1);
CAIRN_SCENARIOS(DamagedMetadata, 1);

}  // namespace
}  // namespace cairn::fault
