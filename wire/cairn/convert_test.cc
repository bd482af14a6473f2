// Structs survive the trip through their messages.
#include "wire/cairn/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::wire {
namespace {

ReplicaLocation SomeLocation(int port) {
  ReplicaLocation location;
  location.datanode.id = {.uuid = "u" + std::to_string(port),
                          .ip_addr = "127.0.0.1",
                          .host_name = "dn",
                          .xfer_port = port,
                          .ipc_port = 2,
                          .info_port = 3};
  location.datanode.network_location = "/r1";
  location.storage_id = "DS-1";
  location.storage_type = StorageType::kSsd;
  return location;
}

LocatedBlock SomeBlock(BlockId id) {
  return {.block = {.pool_id = "BP-1", .block = {id, 1001, 42}},
          .offset = 7,
          .corrupt = true,
          .locations = {SomeLocation(1), SomeLocation(2)}};
}

void ExpectSame(const LocatedBlock& a, const LocatedBlock& b) {
  EXPECT_EQ(a.block, b.block);
  EXPECT_EQ(a.offset, b.offset);
  EXPECT_EQ(a.corrupt, b.corrupt);
  ASSERT_EQ(a.locations.size(), b.locations.size());
  for (size_t i = 0; i < a.locations.size(); ++i) {
    EXPECT_EQ(a.locations[i].datanode.id.uuid, b.locations[i].datanode.id.uuid);
    EXPECT_EQ(a.locations[i].datanode.id.XferAddress(), b.locations[i].datanode.id.XferAddress());
    EXPECT_EQ(a.locations[i].datanode.network_location, b.locations[i].datanode.network_location);
    EXPECT_EQ(a.locations[i].storage_id, b.locations[i].storage_id);
    EXPECT_EQ(a.locations[i].storage_type, b.locations[i].storage_type);
  }
}

TEST(Convert, FileStatusWithLocations) {
  FileStatus sent;
  sent.type = FileType::kFile;
  sent.path = "f";
  sent.length = 42;
  sent.permission = 01755;
  sent.owner = "o";
  sent.group = "g";
  sent.mtime_ms = 1;
  sent.atime_ms = 2;
  sent.replication = 3;
  sent.block_size = 4;
  sent.file_id = 16386;
  sent.storage_policy = 7;
  sent.locations = LocatedBlocks{.file_length = 42,
                                 .under_construction = true,
                                 .last_block_complete = true,
                                 .blocks = {SomeBlock(1), SomeBlock(2)},
                                 .last_block = {SomeBlock(2)},
                                 .file_id = 16387};
  v1::FileStatus message;
  ToProto(sent, message);
  const FileStatus got = FromProto(message);
  EXPECT_EQ(got.type, sent.type);
  EXPECT_EQ(got.path, sent.path);
  EXPECT_EQ(got.length, sent.length);
  EXPECT_EQ(got.permission, sent.permission);
  EXPECT_EQ(got.owner + got.group, "og");
  EXPECT_EQ(got.mtime_ms + got.atime_ms, 3);
  EXPECT_EQ(got.replication, 3);
  EXPECT_EQ(got.block_size, 4);
  EXPECT_EQ(got.file_id, 16386);
  EXPECT_EQ(got.storage_policy, 7);
  ASSERT_TRUE(got.locations.has_value());
  EXPECT_TRUE(got.locations->under_construction && got.locations->last_block_complete);
  ASSERT_EQ(got.locations->blocks.size(), 2u);
  ExpectSame(got.locations->blocks[1], sent.locations->blocks[1]);
  ASSERT_EQ(got.locations->last_block.size(), 1u);
  EXPECT_EQ(got.locations->file_id, 16387);
}

TEST(Convert, AbsentPartsStayAbsent) {
  v1::FileStatus message;
  ToProto(FileStatus{}, message);
  EXPECT_FALSE(FromProto(message).locations.has_value());
  v1::LocatedBlocks blocks;
  ToProto(LocatedBlocks{}, blocks);
  EXPECT_TRUE(FromProto(blocks).last_block.empty());
}

TEST(Convert, DatanodeInfoKeepsUsage) {
  DatanodeInfo sent = SomeLocation(5).datanode;
  sent.capacity = 10;
  sent.dfs_used = 1;
  sent.non_dfs_used = 2;
  sent.remaining = 7;
  sent.num_blocks = 3;
  sent.last_update_ms = 4;
  sent.last_block_report_ms = 5;
  sent.xceiver_count = 6;
  sent.failed_volumes = 8;
  sent.live = false;
  sent.stale = true;
  v1::DatanodeInfo message;
  ToProto(sent, message);
  const DatanodeInfo got = FromProto(message);
  EXPECT_EQ(got.id.XferAddress(), sent.id.XferAddress());
  EXPECT_EQ(got.capacity + got.dfs_used + got.non_dfs_used + got.remaining, 20);
  EXPECT_EQ(got.num_blocks, 3);
  EXPECT_EQ(got.last_update_ms, 4);
  EXPECT_EQ(got.last_block_report_ms, 5);
  EXPECT_EQ(got.xceiver_count, 6);
  EXPECT_EQ(got.failed_volumes, 8);
  EXPECT_FALSE(got.live);
  EXPECT_TRUE(got.stale);
}

TEST(Convert, UnknownEnumsAreNotTrusted) {
  EXPECT_EQ(FromProto(static_cast<v1::StorageType>(99)), StorageType::kDisk);
  EXPECT_FALSE(FromProto(static_cast<v1::ReplicaState>(99)).ok());
  for (int state = 0; state <= 4; ++state) {
    const auto got = FromProto(static_cast<v1::ReplicaState>(state));
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(static_cast<int>(*got), state);
  }
}

TEST(Convert, SummariesStatsAndDefaults) {
  const ContentSummary summary{.length = 1,
                               .file_count = 2,
                               .directory_count = 3,
                               .space_consumed = 4,
                               .quota = -1,
                               .space_quota = 6};
  v1::GetContentSummaryResponse summary_message;
  ToProto(summary, summary_message);
  EXPECT_EQ(FromProto(summary_message).space_consumed, 4);
  EXPECT_EQ(FromProto(summary_message).quota, -1);

  FsStats stats;
  stats.capacity = 10;
  stats.stale_datanodes = 3;
  stats.total_files = 5;
  v1::GetStatsResponse stats_message;
  ToProto(stats, stats_message);
  EXPECT_EQ(FromProto(stats_message).capacity, 10);
  EXPECT_EQ(FromProto(stats_message).stale_datanodes, 3);
  EXPECT_EQ(FromProto(stats_message).total_files, 5);

  const ServerDefaults defaults{.block_size = 1,
                                .bytes_per_checksum = 2,
                                .write_packet_size = 3,
                                .replication = 4,
                                .file_buffer_size = 5,
                                .trash_interval_minutes = 6};
  v1::GetServerDefaultsResponse defaults_message;
  ToProto(defaults, defaults_message);
  EXPECT_EQ(FromProto(defaults_message).trash_interval_minutes, 6);
  EXPECT_EQ(FromProto(defaults_message).block_size, 1);
}

}  // namespace
}  // namespace cairn::wire
