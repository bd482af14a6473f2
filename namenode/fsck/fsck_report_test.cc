// The text of fsck, compared with what HDFS prints.
#include "namenode/fsck/fsck_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/types/errors.h"

namespace cairn::namenode {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

ReplicaLocation Place(int port, std::string rack = "/default-rack", bool live = true) {
  ReplicaLocation place;
  place.datanode.id.ip_addr = "127.0.0.1";
  place.datanode.id.xfer_port = port;
  place.datanode.network_location = std::move(rack);
  place.datanode.live = live;
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

LocatedBlock BlockAt(BlockId id, int64_t length, std::vector<ReplicaLocation> places) {
  LocatedBlock block;
  block.block = {"BP-1", {id, 1001, length}};
  block.locations = std::move(places);
  return block;
}

FileStatus Directory() {
  FileStatus status;
  status.type = FileType::kDirectory;
  return status;
}

// Runs one check over `entries` and returns the whole text.
std::string Check(FsckOptions options, FsckSubject subject,
                  const std::vector<std::pair<std::string, FileStatus>>& entries,
                  FsckOutcome expected, absl::Status walk = absl::OkStatus()) {
  std::string text;
  FsckReport report(options, std::move(subject), [&](std::string piece) { text += piece; });
  for (const auto& [path, status] : entries) report.Add(path, status);
  EXPECT_EQ(report.Finish(walk, 1'000, 13), expected);
  return text;
}

FsckSubject Subject() {
  FsckSubject subject;
  subject.path = "/d";
  subject.user = "root";
  subject.address = "127.0.0.1";
  subject.datanodes = 3;
  subject.racks = 1;
  return subject;
}

TEST(Fsck, HealthyTreeReadsAsInHdfs) {
  const auto file =
      File(1048576, 3, {BlockAt(1073741825, 1048576, {Place(1), Place(2), Place(3)})});
  const std::string text = Check({.files = true, .blocks = true, .locations = true}, Subject(),
                                 {{"/d", Directory()}, {"/d/f", file}}, FsckOutcome::kHealthy);
  EXPECT_EQ(text,
            "FSCK started by root (auth:SIMPLE) from /127.0.0.1 for path /d at "
            "Thu Jan 01 00:00:00 UTC 1970\n"
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
            " Blocks queued for replication:\t0\n"
            "FSCK ended at Thu Jan 01 00:00:01 UTC 1970 in 13 milliseconds\n"
            "\n"
            "\n"
            "The filesystem under path '/d' is HEALTHY\n");
}

TEST(Fsck, MissingBlocksMakeItCorrupt) {
  const auto file = File(10, 3, {BlockAt(1, 10, {Place(1, "/default-rack", false)})});
  const std::string text = Check({}, Subject(), {{"/d/f", file}}, FsckOutcome::kCorrupt);
  EXPECT_THAT(text, HasSubstr("\n/d/f: MISSING 1 blocks of total size 10 B."));
  EXPECT_THAT(text, HasSubstr("  UNDER MIN REPL'D BLOCKS:\t1 (100.0 %)"));
  EXPECT_THAT(text,
              HasSubstr("  CORRUPT FILES:\t1\n  MISSING BLOCKS:\t1\n  MISSING SIZE:\t\t10 B"));
  EXPECT_THAT(text, EndsWith("The filesystem under path '/d' is CORRUPT\n"));
}

TEST(Fsck, UnderReplicatedFilesAreNamedAndStillHealthy) {
  const auto file = File(10, 3, {BlockAt(7, 10, {Place(1), Place(2)})});
  const std::string text = Check({}, Subject(), {{"/d/f", file}}, FsckOutcome::kHealthy);
  EXPECT_THAT(text, HasSubstr("\n/d/f:  Under replicated BP-1:blk_7_1001. Target Replicas is 3 but "
                              "found 2 live replica(s), 0 decommissioned replica(s), 0 "
                              "decommissioning replica(s).\n"));
  EXPECT_THAT(text, HasSubstr(" Missing replicas:\t\t1 (33.333332 %)"));
}

TEST(Fsck, ReplicasOnOneOfSeveralRacksAreMisplaced) {
  FsckSubject subject = Subject();
  subject.racks = 2;
  const auto one = File(10, 2, {BlockAt(7, 10, {Place(1, "/a"), Place(2, "/a")})});
  const auto two = File(10, 2, {BlockAt(8, 10, {Place(1, "/a"), Place(2, "/b")})});
  const std::string text =
      Check({}, subject, {{"/d/f", one}, {"/d/g", two}}, FsckOutcome::kHealthy);
  EXPECT_THAT(text, HasSubstr("Replica placement policy is violated for BP-1:blk_7_1001"));
  EXPECT_THAT(text, Not(HasSubstr("blk_8_1001. Block")));
  EXPECT_THAT(text, HasSubstr(" Mis-replicated blocks:\t\t1 (50.0 %)"));
}

TEST(Fsck, OpenFilesAreOnlyCountedUnlessAskedFor) {
  FileStatus file = File(10, 1, {BlockAt(7, 10, {Place(1)}), BlockAt(8, 0, {Place(1)})});
  file.locations->under_construction = true;
  file.locations->last_block_complete = false;
  const std::string text = Check({}, Subject(), {{"/d/f", file}}, FsckOutcome::kHealthy);
  EXPECT_THAT(text, HasSubstr(" (Files currently being written: 1)"));
  EXPECT_THAT(text, HasSubstr(" Total files:\t0"));
  const std::string open = Check({.files = true, .blocks = true, .open_for_write = true}, Subject(),
                                 {{"/d/f", file}}, FsckOutcome::kHealthy);
  EXPECT_THAT(open, HasSubstr("2 block(s): OPENFORWRITE:  OK"));
  EXPECT_THAT(open,
              HasSubstr("Under Construction Block:\n1. BP-1:blk_8_1001 len=0 Expected_repl=1"));
}

TEST(Fsck, CorruptBlocksCanBeListedAlone) {
  LocatedBlock bad = BlockAt(9, 10, {Place(1)});
  bad.corrupt = true;
  const std::string text =
      Check({.list_corrupt_file_blocks = true}, Subject(),
            {{"/d", Directory()}, {"/d/f", File(10, 1, {bad})}}, FsckOutcome::kHealthy);
  EXPECT_EQ(text,
            "The list of corrupt files under path '/d' are:\nblk_9\t/d/f\n"
            "The filesystem under path '/d' has 1 CORRUPT files\n");
}

TEST(Fsck, LastLineTellsMissingPathAndFailure) {
  EXPECT_THAT(Check({}, Subject(), {}, FsckOutcome::kNotFound, errors::FileDoesNotExist("/d")),
              EndsWith("\n\nPath '/d' does not exist"));
  EXPECT_THAT(Check({}, Subject(), {}, FsckOutcome::kFailed, errors::Io("no")),
              EndsWith("no\n\n\nFsck on path '/d' FAILED"));
}

}  // namespace
}  // namespace cairn::namenode
