// HDFS's messages as Hadoop's clients read them.
#include "wire/hdfs/convert.h"

#include <gtest/gtest.h>

namespace cairn::wire {
namespace {

TEST(HdfsConvert, ADirectoryHasNoSizes) {
  FileStatus status;
  status.type = FileType::kDirectory;
  status.path = "d";
  status.permission = 01777;
  status.owner = "u";
  status.group = "g";
  status.file_id = 16386;
  status.children = 3;
  hdfs::HdfsFileStatusProto proto;
  ToProto(status, proto);
  ASSERT_TRUE(proto.IsInitialized());
  EXPECT_EQ(proto.filetype(), hdfs::HdfsFileStatusProto::IS_DIR);
  EXPECT_EQ(proto.permission().perm(), 01777u);
  EXPECT_EQ(proto.childrennum(), 3);
  EXPECT_EQ(proto.length() + proto.blocksize() + proto.block_replication(), 0u);
  EXPECT_FALSE(proto.has_symlink());
  EXPECT_FALSE(proto.has_locations());
}

TEST(HdfsConvert, ALocatedBlockComesBackWithItsPlaces) {
  LocatedBlock block;
  block.block = {"BP-1", {1073741825, 1001, 17}};
  block.offset = -1;
  ReplicaLocation place;
  place.datanode.id = {"uuid", "10.0.0.1", "host", 9866, 9867, 9864};
  place.datanode.network_location = "/rack";
  place.storage_id = "DS-1";
  place.storage_type = StorageType::kSsd;
  block.locations = {place, place};
  hdfs::LocatedBlockProto proto;
  ToProto(block, proto);
  ASSERT_TRUE(proto.IsInitialized());
  EXPECT_EQ(proto.iscached_size(), 2);
  const LocatedBlock back = FromProto(proto);
  EXPECT_EQ(back.block, block.block);
  EXPECT_EQ(back.offset, -1);
  ASSERT_EQ(back.locations.size(), 2u);
  EXPECT_EQ(back.locations[1].datanode.id.XferAddress(), "10.0.0.1:9866");
  EXPECT_EQ(back.locations[1].storage_id, "DS-1");
  EXPECT_EQ(back.locations[1].storage_type, StorageType::kSsd);
}

TEST(HdfsConvert, QuotasKeepTheirSigns) {
  hdfs::ContentSummaryProto root;
  ToProto(ContentSummary{.quota = INT64_MAX}, root);
  EXPECT_EQ(root.quota(), 0x7fffffffffffffffu);
  hdfs::ContentSummaryProto other;
  ToProto(ContentSummary{}, other);
  EXPECT_EQ(static_cast<int64_t>(other.quota()), -1);
}

// `hadoop fs -ls -e` printed nothing for files.
TEST(HdfsConvert, FilesAreSummarizedAsReplicated) {
  hdfs::ContentSummaryProto file;
  ToProto(ContentSummary{.file_count = 1}, file);
  EXPECT_EQ(file.erasurecodingpolicy(), "Replicated");
  hdfs::ContentSummaryProto directory;
  ToProto(ContentSummary{.file_count = 1, .directory_count = 1}, directory);
  EXPECT_EQ(directory.erasurecodingpolicy(), "");
}

}  // namespace
}  // namespace cairn::wire
