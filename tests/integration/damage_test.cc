// Bit flips on the disks of DataNodes and of the NameNode: never served, reported, repaired where a
// good copy is left.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {
namespace {

constexpr int64_t kBlock = 1 << 20;

// Regular files below `directory` for which `wanted` says yes, sorted.
std::vector<std::string> FilesBelow(const std::string& directory,
                                    const std::function<bool(const std::string& name)>& wanted) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && wanted(entry.path().filename())) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool IsBlockData(const std::string& name) {
  return name.starts_with("blk_") && !name.ends_with(".meta");
}
bool IsBlockMeta(const std::string& name) { return name.ends_with(".meta"); }

void FlipBit(const std::string& path, int64_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(file) << path;
  file.seekg(offset);
  const char byte = static_cast<char>(file.get());
  file.seekp(offset);
  file.put(static_cast<char>(byte ^ 0x10));
  ASSERT_TRUE(file.flush()) << path << " at " << offset;
}

// Of a block or log file; empty when it is gone.
std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// The cluster names its DataNodes dn0, dn1, ….
int DatanodeIndex(const ReplicaLocation& location) {
  return std::stoi(location.datanode.id.host_name.substr(2));
}

class Damage : public ::testing::Test {
 protected:
  void Start(int datanodes) {
    ASSERT_OK_AND_ASSIGN(cluster_, NewForkedCluster({.datanodes = datanodes}));
    ASSERT_OK(cluster_->StartAll());
    ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
  }
  // Flips one bit in the middle of every file of DataNode `datanode` that `wanted` names.
  void FlipOn(int datanode, bool (*wanted)(const std::string&)) {
    const std::vector<std::string> files = FilesBelow(cluster_->volume(datanode, 0), wanted);
    ASSERT_FALSE(files.empty()) << cluster_->volume(datanode, 0);
    for (const std::string& path : files)
      FlipBit(path, static_cast<int64_t>(std::filesystem::file_size(path) / 2));
  }
  // The NameNode cannot be trusted with its disk: it does not serve, and says which file is to
  // blame.
  void ExpectRefusesToStart(const std::string& damaged_file) {
    ASSERT_OK(cluster_->StartNamenode());
    EXPECT_OK(WaitFor("the NameNode to refuse", 30, [&] { return !cluster_->NamenodeRuns(); }));
    const std::string text = ReadWhole(cluster_->logs() + "/namenode.log");
    EXPECT_NE(text.find(std::filesystem::path(damaged_file).filename()), std::string::npos)
        << text.substr(text.size() > 3000 ? text.size() - 3000 : 0);
  }

  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<client::DfsClient> client_;
};

TEST_F(Damage, FlippedBlockDataIsNeverServedAndReplaced) {
  Start(4);
  Verifier verifier(*cluster_);
  const std::string good = PatternBytes(1, 0, kBlock);
  ASSERT_OK(
      verifier.WriteFile(*client_, "/f", 1, kBlock, {.replication = 3, .block_size = kBlock}));
  ASSERT_OK_AND_ASSIGN(const LocatedBlocks located, client_->GetBlockLocations("/f", 0, kBlock));
  FlipOn(DatanodeIndex(located.blocks[0].locations[0]), IsBlockData);
  // Readers choose replicas at random: the bad one is met sooner or later, reported and replaced.
  ASSERT_OK(WaitFor("every replica on the disks to be good", 60, [&] {
    const auto reader = cluster_->NewClient();
    EXPECT_OK(verifier.CheckContents(**reader));
    int replicas = 0;
    for (int i = 0; i < 4; ++i) {
      for (const std::string& path : FilesBelow(cluster_->volume(i, 0), IsBlockData)) {
        if (ReadWhole(path) != good) return false;
        ++replicas;
      }
    }
    return replicas == 3;
  }));
  ASSERT_OK(verifier.CheckAll(*client_));
}

// Nobody reads: the block scanner finds it within its period (hours, usually).
TEST_F(Damage, ARottenReplicaThatNobodyReadsIsFoundAndReplaced) {
  ASSERT_OK_AND_ASSIGN(
      cluster_,
      NewForkedCluster({.datanodes = 3,
                        .settings = {{"dfs.datanode.scan.period.hours", "1s"},
                                     {"dfs.block.scanner.volume.bytes.per.second", "100m"}}}));
  ASSERT_OK(cluster_->StartAll());
  ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
  Verifier verifier(*cluster_);
  const std::string good = PatternBytes(1, 0, kBlock);
  ASSERT_OK(
      verifier.WriteFile(*client_, "/f", 1, kBlock, {.replication = 2, .block_size = kBlock}));
  ASSERT_OK_AND_ASSIGN(const LocatedBlocks located, client_->GetBlockLocations("/f", 0, kBlock));
  FlipOn(DatanodeIndex(located.blocks[0].locations[0]), IsBlockData);
  ASSERT_OK(WaitFor("both replicas on the disks to be good", 60, [&] {
    int replicas = 0;
    for (int i = 0; i < 3; ++i) {
      for (const std::string& path : FilesBelow(cluster_->volume(i, 0), IsBlockData)) {
        if (ReadWhole(path) != good) return false;
        ++replicas;
      }
    }
    return replicas == 2;
  }));
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_F(Damage, WhatIsLeftOfAFileIsSavedAndTheRestDeletedByFsck) {
  Start(1);
  const std::string text = PatternBytes(1, 0, 3 * kBlock);
  ASSERT_OK_AND_ASSIGN(const auto out,
                       client_->Create("/d/f", {.replication = 1, .block_size = kBlock}));
  ASSERT_OK(out->Write(text));
  ASSERT_OK(out->Close());
  ASSERT_OK_AND_ASSIGN(const LocatedBlocks located,
                       client_->GetBlockLocations("/d/f", 0, 3 * kBlock));
  const std::string middle = fmt::format("blk_{}", located.blocks[1].block.block.id);
  const auto files =
      FilesBelow(cluster_->volume(0, 0), [&](const std::string& name) { return name == middle; });
  ASSERT_EQ(files.size(), 1u);
  FlipBit(files[0], 0);
  std::string report;
  const auto fsck = [&](client::FsckRequest request) {
    request.path = "/d";
    report.clear();
    EXPECT_OK(client_->Fsck(request, [&](std::string_view piece) { report += piece; }));
    return report;
  };
  ASSERT_OK(WaitFor("the bad block to be reported by its reader", 60, [&] {
    const auto in = client_->Open("/d/f");
    EXPECT_FALSE((*in)->ReadAll().ok());
    return fsck({}).ends_with("is CORRUPT");
  }));

  EXPECT_TRUE(fsck({.move = true}).ends_with("Fsck on path '/d' FAILED"))
      << "the bad block cannot be saved\n"
      << report;
  for (int run = 0; run < 2; ++run) {
    ASSERT_OK_AND_ASSIGN(const auto in, client_->Open(fmt::format("/lost+found/d/f/{}", run)));
    ASSERT_OK_AND_ASSIGN(const std::string saved, in->ReadAll());
    EXPECT_EQ(saved, text.substr(static_cast<size_t>(2 * run * kBlock), kBlock)) << run;
  }
  ASSERT_OK_AND_ASSIGN(const bool kept, client_->Exists("/d/f"));
  EXPECT_TRUE(kept);
  EXPECT_TRUE(fsck({.remove = true}).ends_with("is CORRUPT")) << report;
  EXPECT_TRUE(fsck({}).ends_with("is HEALTHY")) << report;
}

TEST_F(Damage, FlippedChecksumsAreNeverServed) {
  Start(3);
  Verifier verifier(*cluster_);
  ASSERT_OK(
      verifier.WriteFile(*client_, "/f", 1, 2 * kBlock, {.replication = 3, .block_size = kBlock}));
  FlipOn(0, IsBlockMeta);
  FlipOn(2, IsBlockMeta);
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto reader, cluster_->NewClient());
    ASSERT_OK(verifier.CheckContents(*reader));
  }
}

TEST_F(Damage, WithoutAGoodReplicaTheReadFailsAndSaysWhichBlock) {
  Start(2);
  Verifier verifier(*cluster_);
  ASSERT_OK(
      verifier.WriteFile(*client_, "/f", 1, kBlock, {.replication = 2, .block_size = kBlock}));
  FlipOn(0, IsBlockData);
  FlipOn(1, IsBlockData);
  ASSERT_OK_AND_ASSIGN(const auto in, client_->Open("/f"));
  std::string piece(kBlock, '\0');
  const auto read = in->ReadAt(0, piece.data(), piece.size());
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.status().ToString().find("blk_"), std::string::npos) << read.status();
}

TEST_F(Damage, AFlippedJournalIsRefused) {
  Start(1);
  for (int i = 0; i < 200; ++i) ASSERT_OK(client_->Mkdirs(fmt::format("/d{}", i)));
  ASSERT_OK(cluster_->KillNamenode());
  const std::vector<std::string> journals =
      FilesBelow(cluster_->name_directory(0),
                 [](const std::string& name) { return name.starts_with("journal_"); });
  ASSERT_FALSE(journals.empty());
  FlipBit(journals.back(), static_cast<int64_t>(std::filesystem::file_size(journals.back()) / 2));
  ExpectRefusesToStart(journals.back());
}

TEST_F(Damage, ALostDatabaseIsRebuiltFromACheckpointAndTheJournal) {
  ASSERT_OK_AND_ASSIGN(cluster_, NewForkedCluster({.datanodes = 1, .name_directories = 2}));
  ASSERT_OK(cluster_->StartAll());
  ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
  Verifier verifier(*cluster_);
  ASSERT_OK(verifier.WriteFile(*client_, "/before", 1, 5000, {.replication = 1}));
  ASSERT_OK(client_->SetSafeMode(client::SafeModeAction::kEnter));
  ASSERT_OK(client_->SaveNamespace());
  ASSERT_OK(client_->SetSafeMode(client::SafeModeAction::kLeave));
  ASSERT_OK(verifier.WriteFile(*client_, "/after", 2, 5000, {.replication = 1}));
  ASSERT_OK(cluster_->KillNamenode());
  std::filesystem::remove_all(cluster_->name_directory(0));  // the disk with the database is gone
  ASSERT_OK(cluster_->StartNamenode({"-importCheckpoint"}));
  ASSERT_OK(cluster_->WaitReady(1));
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_F(Damage, AFlippedTableIsRefusedOrStopsTheNameNodeAndIsNeverServed) {
  Start(1);
  for (int i = 0; i < 2000; ++i) ASSERT_OK(client_->Mkdirs(fmt::format("/d{}", i)));
  ASSERT_OK(client_->SetSafeMode(client::SafeModeAction::kEnter));
  ASSERT_OK(client_->SaveNamespace());
  ASSERT_OK(cluster_->KillNamenode());
  // Not the checkpoints': they are hard links to the same files, and a bit flipped twice is whole.
  const std::vector<std::string> tables =
      FilesBelow(cluster_->name_directory(0) + "/rocksdb",
                 [](const std::string& name) { return name.ends_with(".sst"); });
  ASSERT_FALSE(tables.empty());
  for (const std::string& path : tables)
    FlipBit(path, static_cast<int64_t>(std::filesystem::file_size(path) / 3));
  ASSERT_OK(cluster_->StartNamenode());
  client::ClientOptions options = cluster_->client_options();
  options.namenode_retries = 4;
  ASSERT_OK_AND_ASSIGN(const auto client, client::DfsClient::Connect(options));
  for (int i = 0; i < 2000 && cluster_->NamenodeRuns(); i += 50) {
    const auto status = client->StatIfExists(fmt::format("/d{}", i));
    if (status.ok())
      EXPECT_TRUE(status->has_value()) << "/d" << i << " was acknowledged and is said not to exist";
  }
  EXPECT_OK(WaitFor("the NameNode to stop for its damaged table", 60,
                    [&] { return !cluster_->NamenodeRuns(); }));
}

}  // namespace
}  // namespace cairn::testing
