// A listing written by hand is the message that Hadoop's clients expect.
#include "wire/hdfs/listing.h"

#include <google/protobuf/util/message_differencer.h>
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
  located.locations->blocks.push_back({.block = {"BP-1", {1073741825, 1001, 17}}, .offset = 0});
  FileStatus symlink = Entry(FileType::kSymlink, "s");
  symlink.symlink_target = "/target";
  listing.entries = {directory, file, located, symlink, FileStatus()};
  return listing;
}

TEST(ListingTest, EveryEntryIsWhatTheMessageWouldBe) {
  const DirectoryListing listing = EveryKindOfEntry();
  hdfs::GetListingResponseProto response;
  ASSERT_TRUE(response.ParseFromString(EncodeListing(listing)));
  EXPECT_EQ(response.dirlist().remainingentries(), 300u);
  ASSERT_EQ(response.dirlist().partiallisting_size(), static_cast<int>(listing.entries.size()));
  for (size_t i = 0; i < listing.entries.size(); ++i) {
    hdfs::HdfsFileStatusProto expected;
    ToProto(listing.entries[i], expected);
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(
        response.dirlist().partiallisting(static_cast<int>(i)), expected))
        << i;
  }
}

TEST(ListingTest, AnEmptyDirectoryIsAPageWithoutEntries) {
  hdfs::GetListingResponseProto response;
  ASSERT_TRUE(response.ParseFromString(EncodeListing(DirectoryListing())));
  EXPECT_TRUE(response.has_dirlist());
  EXPECT_EQ(response.dirlist().partiallisting_size(), 0);
}

}  // namespace
}  // namespace cairn::wire
