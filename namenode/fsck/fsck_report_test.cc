// The text of fsck, compared with what HDFS prints.
#include "namenode/fsck/fsck_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/fsck/block_report.h"
#include "namenode/fsck/fsck_text.h"

namespace cairn::namenode {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ReplicaLocation Place(int port, std::string rack = "/default-rack") {
  ReplicaLocation place;
  place.datanode.id.ip_addr = "127.0.0.1";
  place.datanode.id.xfer_port = port;
  place.datanode.network_location = std::move(rack);
  place.datanode.id.host_name = "host" + std::to_string(port);
  place.storage_id = "DS-" + std::to_string(port);
  return place;
}

FileStatus File(int64_t length, int replication, std::vector<LocatedBlock> blocks) {
  FileStatus status;
  status.type = FileType::kFile;
  status.length = length;
  status.replication = replication;
  status.locations = LocatedBlocks{.file_length = length,
                                   .under_construction = false,
                                   .last_block_complete = true,
                                   .blocks = std::move(blocks),
                                   .last_block = {}};
  return status;
}

LocatedBlock BlockAt(BlockId id, int64_t length, std::vector<ReplicaLocation> places,
                     int64_t offset = 0) {
  LocatedBlock block;
  block.offset = offset;
  block.block = {"BP-1", {id, 1001, length}};
  block.locations = std::move(places);
  return block;
}

FileStatus Directory() {
  FileStatus status;
  status.type = FileType::kDirectory;
  return status;
}

// All replicas of the block are good.
BlockInspection Good(const LocatedBlock& block) {
  BlockInspection seen;
  seen.live = static_cast<int>(block.locations.size());
  for (const ReplicaLocation& place : block.locations) seen.replicas.push_back({.place = place});
  return seen;
}

// Runs one check over `entries`, whose blocks are as Good says or as `inspect` changes it, and
// returns the whole text but the first and last lines.
std::string Check(FsckOptions options, FsckCluster cluster,
                  const std::vector<std::pair<std::string, FileStatus>>& entries,
                  bool expect_healthy = true,
                  const std::function<void(BlockInspection&)>& inspect = nullptr) {
  std::string text;
  FsckReport report(options, cluster, [&](const std::string& piece) { text += piece; });
  for (const auto& [path, status] : entries) {
    std::vector<BlockInspection> blocks;
    if (status.locations) {
      for (const LocatedBlock& block : status.locations->blocks) {
        blocks.push_back(Good(block));
        if (inspect) inspect(blocks.back());
      }
    }
    report.Add(path, status, blocks);
  }
  EXPECT_EQ(report.healthy(), expect_healthy);
  return text + report.Totals();
}

FsckCluster Cluster(int racks = 1) { return {.datanodes = 3, .racks = racks}; }

TEST(Fsck, HealthyTreeReadsAsInHdfs) {
  const auto file =
      File(1048576, 3, {BlockAt(1073741825, 1048576, {Place(1), Place(2), Place(3)})});
  const std::string text = Check({.files = true, .blocks = true, .locations = true}, Cluster(),
                                 {{"/d", Directory()}, {"/d/f", file}});
  EXPECT_EQ(text,
            "\n"
            "/d <dir>\n"
            "/d/f 1048576 bytes, replicated: replication=3, 1 block(s):  OK\n"
            "0. BP-1:blk_1073741825_1001 len=1048576 Live_repl=3  "
            "[DatanodeInfoWithStorage[127.0.0.1:1,DS-1,DISK], "
            "DatanodeInfoWithStorage[127.0.0.1:2,DS-2,DISK], "
            "DatanodeInfoWithStorage[127.0.0.1:3,DS-3,DISK]]\n"
            "\n"
            "\n"
            "Status: HEALTHY\n"
            " Number of data-nodes:\t3\n"
            " Number of racks:\t\t1\n"
            " Total dirs:\t\t\t1\n"
            " Total symlinks:\t\t0\n"
            "\n"
            "Replicated Blocks:\n"
            " Total size:\t1048576 B\n"
            " Total files:\t1\n"
            " Total blocks (validated):\t1 (avg. block size 1048576 B)\n"
            " Minimally replicated blocks:\t1 (100.0 %)\n"
            " Over-replicated blocks:\t0 (0.0 %)\n"
            " Under-replicated blocks:\t0 (0.0 %)\n"
            " Mis-replicated blocks:\t\t0 (0.0 %)\n"
            " Default replication factor:\t3\n"
            " Average block replication:\t3.0\n"
            " Missing blocks:\t\t0\n"
            " Corrupt blocks:\t\t0\n"
            " Missing replicas:\t\t0 (0.0 %)\n"
            " Blocks queued for replication:\t0\n"
            "\n"
            "Erasure Coded Block Groups:\n"
            " Total size:\t0 B\n"
            " Total files:\t0\n"
            " Total block groups (validated):\t0\n"
            " Minimally erasure-coded block groups:\t0\n"
            " Over-erasure-coded block groups:\t0\n"
            " Under-erasure-coded block groups:\t0\n"
            " Unsatisfactory placement block groups:\t0\n"
            " Average block group size:\t0.0\n"
            " Missing block groups:\t\t0\n"
            " Corrupt block groups:\t\t0\n"
            " Missing internal blocks:\t0\n"
            " Blocks queued for replication:\t0\n");
}

TEST(Fsck, MissingBlocksMakeItCorrupt) {
  const auto file = File(10, 3, {BlockAt(1, 10, {})});
  const std::string text = Check({}, Cluster(), {{"/d/f", file}}, false);
  EXPECT_THAT(text,
              StartsWith("\n\n/d/f: MISSING 1 blocks of total size 10 B.\nStatus: CORRUPT\n"));
  EXPECT_THAT(text,
              HasSubstr("  UNDER MIN REPL'D BLOCKS:\t1 (100.0 %)\n"
                        "  MINIMAL BLOCK REPLICATION:\t1\n"
                        "  CORRUPT FILES:\t1\n  MISSING BLOCKS:\t1\n  MISSING SIZE:\t\t10 B\n"));
  EXPECT_THAT(text, HasSubstr(" Under-replicated blocks:\t0 (0.0 %)"));
  EXPECT_THAT(text, HasSubstr(" Missing replicas:\t\t0\n"));
}

TEST(Fsck, CorruptBlocksAreNamedAndCounted) {
  LocatedBlock bad = BlockAt(9, 10, {Place(1)});
  bad.corrupt = true;
  const auto all_bad = [](BlockInspection& seen) {
    seen.live = 0;
    seen.replicas[0].corrupt = true;
  };
  const auto file = File(10, 1, {bad});
  EXPECT_THAT(Check({}, Cluster(), {{"/d/f", file}}, false, all_bad),
              StartsWith("\n\n/d/f: CORRUPT blockpool BP-1 block blk_9\n\n"
                         "/d/f: CORRUPT 1 blocks of total size 10 B.\nStatus: CORRUPT\n"));
  EXPECT_THAT(Check({.files = true, .blocks = true, .replica_details = true}, Cluster(),
                    {{"/d/f", file}}, false, all_bad),
              StartsWith("\n/d/f 10 bytes, replicated: replication=1, 1 block(s): \n"
                         "/d/f: CORRUPT blockpool BP-1 block blk_9\n"
                         " CORRUPT 1 blocks of total size 10 B\n"
                         "0. BP-1:blk_9_1001 len=10 Live_repl=0  "
                         "[DatanodeInfoWithStorage[127.0.0.1:1,DS-1,DISK](CORRUPT)]\n\n\nStatus:"));
}

TEST(Fsck, UnderReplicatedFilesAreNamedAndStillHealthy) {
  const auto file = File(10, 3, {BlockAt(7, 10, {Place(1), Place(2)})});
  const std::string text = Check({}, Cluster(), {{"/d/f", file}});
  EXPECT_THAT(text, HasSubstr("\n/d/f:  Under replicated BP-1:blk_7_1001. Target Replicas is 3 but "
                              "found 2 live replica(s), 0 decommissioned replica(s), 0 "
                              "decommissioning replica(s).\n"));
  EXPECT_THAT(text, HasSubstr(" Missing replicas:\t\t1 (33.333332 %)"));
  EXPECT_THAT(Check({.maintenance = true}, Cluster(), {{"/d/f", file}}),
              HasSubstr("decommissioning replica(s)0, entering maintenance replica(s) and 0 in "
                        "maintenance replica(s).\n"));
}

TEST(Fsck, ReplicasOnOneOfSeveralRacksAreMisplaced) {
  const auto one = File(10, 2, {BlockAt(7, 10, {Place(1, "/a"), Place(2, "/a")})});
  const auto two = File(10, 2, {BlockAt(8, 10, {Place(1, "/a"), Place(2, "/b")})});
  const std::string text = Check({}, Cluster(2), {{"/d/f", one}, {"/d/g", two}}, true,
                                 [](BlockInspection& seen) { seen.multi_rack = true; });
  EXPECT_THAT(text, HasSubstr("\n/d/f:  Replica placement policy is violated for BP-1:blk_7_1001. "
                              "Block should be additionally replicated on 1 more rack(s). Total "
                              "number of racks in the cluster: 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("blk_8_1001. Block")));
  EXPECT_THAT(text, HasSubstr(" Mis-replicated blocks:\t\t1 (50.0 %)"));
}

TEST(Fsck, OpenFilesAreOnlyCountedUnlessAskedFor) {
  FileStatus file =
      File(10, 1, {BlockAt(7, 10, {Place(1)}), BlockAt(8, 0, {Place(1), Place(2)}, 10)});
  file.locations->under_construction = true;
  file.locations->last_block_complete = false;
  const std::string text = Check({}, Cluster(), {{"/d/f", file}});
  EXPECT_THAT(text, HasSubstr(" Total size:\t0 B (Total open files size: 10 B)\n"
                              " Total files:\t0 (Files currently being written: 1)\n"
                              " Total blocks (validated):\t0 "
                              "(Total open file blocks (not validated): 1)\n"));
  EXPECT_THAT(Check({.open_for_write = true}, Cluster(), {{"/d/f", file}}),
              StartsWith("\n/d/f 10 bytes, replicated: replication=1, 1 block(s), OPENFORWRITE: "
                         "\nStatus: HEALTHY\n"));
  EXPECT_THAT(
      Check({.files = true, .blocks = true, .open_for_write = true}, Cluster(),
            {{"/d/f", file}, {"/e", Directory()}}),
      StartsWith("\n/d/f 10 bytes, replicated: replication=1, 1 block(s), OPENFORWRITE:  OK\n"
                 "0. BP-1:blk_7_1001 len=10 Live_repl=1\n\nUnder Construction Block:\n"
                 "1. BP-1:blk_8_1001 len=0 Expected_repl=2\n/e <dir>\n"));
}

TEST(Fsck, RacksDomainsAndConditionsOfReplicasAreShown) {
  const auto file = File(10, 3, {BlockAt(7, 10, {Place(1), Place(2), Place(3)})});
  const auto change = [](BlockInspection& seen) {
    seen.replicas[0].excess = true;
    seen.replicas[1].place.datanode.stale = true;
    seen.replicas[2].unsure = true;
  };
  EXPECT_THAT(
      Check({.files = true, .blocks = true, .racks = true, .replica_details = true}, Cluster(),
            {{"/f", file}}, true, change),
      HasSubstr("  [/default-rack/127.0.0.1:1(EXCESS), /default-rack/127.0.0.1:2(STALE_NODE),"
                " /default-rack/127.0.0.1:3(STALE_BLOCK_CONTENT)]\n"));
  EXPECT_THAT(
      Check({.files = true, .blocks = true, .upgrade_domains = true}, Cluster(), {{"/f", file}}),
      HasSubstr("[DatanodeInfoWithStorage[127.0.0.1:1,DS-1,DISK](ud=undefined), "));
}

TEST(Fsck, StoragePoliciesAreSummedUp) {
  auto hot = BlockAt(7, 10, {Place(1), Place(2), Place(3)});
  auto warm = BlockAt(8, 10, {Place(1), Place(2), Place(3)});
  warm.locations[1].storage_type = StorageType::kArchive;
  warm.locations[2].storage_type = StorageType::kArchive;
  FileStatus cold = File(10, 3, {warm});
  cold.storage_policy = 2;
  EXPECT_THAT(Check({.storage_policies = true}, Cluster(), {{"/f", File(10, 3, {hot})}}),
              EndsWith("\nBlocks satisfying the specified storage policy:\n"
                       "Storage Policy                  # of blocks       % of blocks\n"
                       "DISK:3(HOT)                        1             100.0000%\n"
                       "\nAll blocks satisfy specified storage policy.\n"));
  EXPECT_THAT(
      Check({.storage_policies = true}, Cluster(), {{"/f", cold}}),
      EndsWith(
          "\nBlocks NOT satisfying the specified storage policy:\n"
          "Storage Policy                  Specified Storage Policy      # of blocks       % of "
          "blocks\n"
          "DISK:1,ARCHIVE:2(WARM)              COLD                          1             "
          "100.0000%\n"));
}

TEST(Fsck, ProgressIsALineForAThousandEntriesAndADotForAHundredFiles) {
  std::vector<std::pair<std::string, FileStatus>> entries(1001, {"/f", File(0, 1, {})});
  const std::string text = Check({}, Cluster(), entries);
  EXPECT_THAT(text, StartsWith("\n..........\n\nStatus: HEALTHY\n"));
}

TEST(Fsck, ABlockReportNamesEveryReplica) {
  BlockInspection seen = Good(BlockAt(7, 10, {Place(1), Place(2)}));
  seen.row.replication = 3;
  seen.row.state = BlockState::kComplete;
  seen.live = 1;
  seen.corrupt = 1;
  seen.replicas[0].corrupt = true;
  seen.replicas[0].corrupt_reason = "CORRUPTION_REPORTED";
  EXPECT_EQ(BlockReport("blk_7", "/d/f", seen, false),
            "Block Id: blk_7\nBlock belongs to: /d/f\nNo. of Expected Replica: 3\n"
            "No. of live Replica: 1\nNo. of excess Replica: 0\nNo. of stale Replica: 0\n"
            "No. of decommissioned Replica: 0\nNo. of decommissioning Replica: 0\n"
            "No. of corrupted Replica: 1\n"
            "Block replica on datanode/rack: host2/default-rack is HEALTHY\n"
            "Block replica on datanode/rack: host1/default-rack is CORRUPT\t ReasonCode: "
            "CORRUPTION_REPORTED\n");
}

TEST(Fsck, NumbersReadAsJavas) {
  EXPECT_EQ(JavaFloat(100.0F), "100.0");
  EXPECT_EQ(JavaFloat(100.0F / 7), "14.285714");
  EXPECT_EQ(JavaFloat(1e-4F), "1.0E-4");
  EXPECT_EQ(JavaFloat(9.9e-4F), "9.9E-4");
  EXPECT_EQ(JavaFloat(0.0F), "0.0");
  EXPECT_EQ(JavaDate(1'795'390'065'567), "Sun Nov 22 23:27:45 UTC 2026");
}

}  // namespace
}  // namespace cairn::namenode
