// Replies written by hand are the messages that Hadoop's clients expect, to the byte.
#include "wire/hdfs/replies.h"

#include <gtest/gtest.h>

#include "wire/hdfs/convert.h"

namespace cairn::wire {
namespace {

FileStatus Entry(FileType type, std::string name) {
  FileStatus status;
  status.type = type;
  status.path = std::move(name);
  status.permission = 01755;
  status.owner = "alice";
  status.group = "a group with a name that is longer than most";
  status.mtime_ms = 1'700'000'000'123;
  status.file_id = 16386;
  status.storage_policy = 7;
  return status;
}

LocatedBlock BlockWithPlaces(int places) {
  LocatedBlock block{.block = {"BP-1", {1073741825, 1001, 17}}, .offset = int64_t{1} << 33};
  block.corrupt = places == 0;
  for (int i = 0; i < places; ++i) {
    ReplicaLocation place;
    place.datanode.id = {.uuid = "0f5a3c9e-1111-2222-3333-444455556666",
                         .ip_addr = "10.0.0.1",
                         .host_name = std::string(static_cast<size_t>(70 * i), 'h'),
                         .xfer_port = 9866 + i,
                         .ipc_port = 9867,
                         .info_port = 0};
    place.datanode.network_location = "/default-rack";
    place.datanode.capacity = 1'000'000;  // not told
    place.storage_id = "DS-0f5a3c9e-1111-2222-3333-444455556666";
    place.storage_type = StorageType::kSsd;
    block.locations.push_back(std::move(place));
  }
  return block;
}

LocatedBlocks FileOf(int blocks) {
  LocatedBlocks located;
  located.file_length = 5'000;
  located.under_construction = true;
  for (int i = 0; i < blocks; ++i) located.blocks.push_back(BlockWithPlaces(i));
  if (blocks > 0) located.last_block = {located.blocks.back()};
  return located;
}

DirectoryListing EveryKindOfEntry() {
  DirectoryListing listing;
  listing.remaining = 300;
  FileStatus directory = Entry(FileType::kDirectory, "d\xc3\xa9");
  directory.children = 1'000'000;
  FileStatus file = Entry(FileType::kFile, std::string(255, 'f'));
  file.length = int64_t{1} << 50;
  file.atime_ms = 1;
  file.replication = 3;
  file.block_size = 128 << 20;
  FileStatus located = Entry(FileType::kFile, "located");
  located.locations.emplace().file_length = 17;
  located.locations->blocks = {BlockWithPlaces(0), BlockWithPlaces(3)};
  located.locations->last_block = {BlockWithPlaces(1)};
  FileStatus symlink = Entry(FileType::kSymlink, "s");
  symlink.symlink_target = "/target";
  listing.entries = {directory, file, located, symlink, FileStatus()};
  return listing;
}

// What a response with `listing` as its page is as a message.
std::string AsMessage(const DirectoryListing& listing) {
  hdfs::GetListingResponseProto response;
  response.mutable_dirlist()->set_remainingentries(static_cast<uint32_t>(listing.remaining));
  for (const FileStatus& entry : listing.entries) {
    ToProto(entry, *response.mutable_dirlist()->add_partiallisting());
  }
  return response.SerializeAsString();
}

TEST(RepliesTest, AListingIsWhatTheMessageWouldBe) {
  std::string room;
  const DirectoryListing listing = EveryKindOfEntry();
  EXPECT_EQ(EncodeListing(listing, room), AsMessage(listing));
  EXPECT_EQ(EncodeListing({}, room), AsMessage({}));
  // Pages of all lengths: that of a page stands in front of it.
  DirectoryListing growing;
  for (int i = 0; i < 400; ++i) {
    growing.entries.push_back(listing.entries[static_cast<size_t>(i) % listing.entries.size()]);
    ASSERT_EQ(EncodeListing(growing, room), AsMessage(growing)) << i;
  }
}

TEST(RepliesTest, AStatusIsWhatTheMessageWouldBe) {
  std::string room;
  for (const FileStatus& status : EveryKindOfEntry().entries) {
    hdfs::GetFileInfoResponseProto response;
    ToProto(status, *response.mutable_fs());
    EXPECT_EQ(EncodeStatusResponse(status, room), response.SerializeAsString());
  }
}

TEST(RepliesTest, BlockLocationsAreWhatTheMessageWouldBe) {
  std::string room;
  for (int blocks = 0; blocks < 12; ++blocks) {
    hdfs::GetBlockLocationsResponseProto response;
    ToProto(FileOf(blocks), *response.mutable_locations());
    EXPECT_EQ(EncodeBlockLocations(FileOf(blocks), room), response.SerializeAsString()) << blocks;
    // A last block that is the last of the blocks need not be given twice.
    LocatedBlocks once = FileOf(blocks);
    once.last_block.clear();
    EXPECT_EQ(EncodeBlockLocations(once, room), response.SerializeAsString()) << blocks;
    hdfs::GetBlockLocationsResponseProto of_once;
    ToProto(once, *of_once.mutable_locations());
    EXPECT_EQ(of_once.SerializeAsString(), response.SerializeAsString()) << blocks;
  }
}

}  // namespace
}  // namespace cairn::wire
