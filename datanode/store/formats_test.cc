// File names, VERSION files and meta files against bytes of a running HDFS 3.4.
#include <gtest/gtest.h>

#include "common/coding.h"
#include "common/testing/temp_dir.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"
#include "datanode/store/storage_layout.h"
#include "datanode/store/version_file.h"

namespace cairn::datanode {
namespace {

TEST(StorageLayoutTest, LeafComesFromBits16And8OfTheId) {
  const PoolPaths paths("/d", "BP-1");
  EXPECT_EQ(paths.DataFile(ReplicaPlace::kFinalized, 1073741825),
            "/d/current/BP-1/current/finalized/subdir0/subdir0/blk_1073741825");
  EXPECT_EQ(paths.MetaFile(ReplicaPlace::kFinalized, (int64_t{5} << 16) + (7 << 8) + 3, 9),
            "/d/current/BP-1/current/finalized/subdir5/subdir7/blk_329475_9.meta");
  EXPECT_EQ(paths.DataFile(ReplicaPlace::kRbw, 5), "/d/current/BP-1/current/rbw/blk_5");
  EXPECT_EQ(paths.DataFile(ReplicaPlace::kTmp, 5), "/d/current/BP-1/tmp/blk_5");
}

TEST(StorageLayoutTest, OnlyCanonicalNamesAreReplicas) {
  EXPECT_EQ(ParseBlockFileName("blk_12"), 12);
  EXPECT_EQ(ParseBlockFileName("blk_-12"), -12);
  for (const char* name : {"blk_", "blk_012", "blk_1x", "blk_12_3.meta", "BLK_12", "", "blk_ 1",
                           "blk_99999999999999999999"}) {
    EXPECT_FALSE(ParseBlockFileName(name)) << name;
  }
  const auto meta = ParseMetaFileName("blk_-12_34.meta");
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->id, -12);
  EXPECT_EQ(meta->stamp, 34);
  for (const char* name : {"blk_12.meta", "blk_12_.meta", "blk_12_3", "blk_12_-3.meta", ".meta"}) {
    EXPECT_FALSE(ParseMetaFileName(name)) << name;
  }
}

TEST(VersionFileTest, ReadsWhatHdfsWrites) {
  const auto volume = VolumeVersion::Parse(
      "#Mon Jan 06 10:00:00 UTC 2025\nstorageID=DS-1\nclusterID=CID-2\ncTime=0\n"
      "datanodeUuid=u-3\nstorageType=DATA_NODE\nlayoutVersion=-57\n");
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_EQ(volume->storage_id, "DS-1");
  EXPECT_EQ(volume->cluster_id, "CID-2");
  EXPECT_EQ(volume->datanode_uuid, "u-3");
  EXPECT_EQ(volume->layout_version, -57);
  const auto pool = PoolVersion::Parse(
      "#x\r\nnamespaceID=1\r\ncTime=1700000000000\r\nblockpoolID=BP-1\r\nlayoutVersion=-57\r\n");
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ(pool->creation_time, 1700000000000);
}

TEST(VersionFileTest, WritesAndReadsBackSpecialCharacters) {
  const VolumeVersion version{"DS-a:b=c#d\\e", "CID", "uuid", -57};
  const std::string text = version.Format(0);
  EXPECT_EQ(text.substr(0, text.find('\n')), "#Thu Jan 01 00:00:00 UTC 1970");
  const auto read = VolumeVersion::Parse(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->storage_id, version.storage_id);
}

TEST(VersionFileTest, NamesTheKeyThatIsMissingOrWrong) {
  const auto missing = VolumeVersion::Parse("storageID=DS-1\n");
  EXPECT_EQ(missing.status().message(), "clusterID is missing");
  const auto number = PoolVersion::Parse("blockpoolID=B\nnamespaceID=1x\ncTime=0\n");
  EXPECT_EQ(number.status().message(), "namespaceID is not a number: 1x");
  EXPECT_FALSE(PoolVersion::Parse("garbage").ok());
  EXPECT_FALSE(ParseProperties("a=b\\").ok());
}

class MetaFileTest : public ::testing::Test {
 protected:
  // Opens a new pair of files that hold `data` and its checksums.
  void Make(const std::string& data) {
    data_ = *PosixFileSystem().Open(dir_ / "data", OpenMode::kCreateOrTruncate);
    meta_ = *PosixFileSystem().Open(dir_ / "meta", OpenMode::kCreateOrTruncate);
    ASSERT_TRUE(data_->Append(data).ok());
    ASSERT_TRUE(meta_->Append(EncodeMetaHeader(checksum_) + checksum_.Compute(data)).ok());
  }
  int64_t Valid() { return LastValidLength(*data_, *meta_, checksum_).value(); }

  TempDir dir_;
  const DataChecksum checksum_;
  std::unique_ptr<File> data_;
  std::unique_ptr<File> meta_;
};

TEST_F(MetaFileTest, HeaderIsTheOneOfHdfs) {
  EXPECT_EQ(EncodeMetaHeader(DataChecksum()), std::string("\0\1\2\0\0\2\0", 7));
  const auto decoded = DecodeMetaHeader(std::string("\0\1\1\0\0\4\0", 7), "m");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, (DataChecksum{ChecksumType::kCrc32, 1024}));
}

TEST_F(MetaFileTest, AnyOtherHeaderIsDamage) {
  using std::string;
  for (const string& bytes :
       {string(), string("\0\1\2", 3), string("\0\2\2\0\0\2\0", 7), string("\0\1\7\0\0\2\0", 7),
        string("\0\1\2\0\0\0\0", 7), string("\0\1\2\xff\xff\xff\xff", 7)}) {
    EXPECT_TRUE(Is(DecodeMetaHeader(bytes, "m").status(), ErrorKind::kChecksum)) << bytes.size();
  }
}

TEST_F(MetaFileTest, LastValidLengthKeepsABeginningOfAChunkWhoseChecksumIsOlder) {
  Make(std::string(700, 'a'));
  EXPECT_EQ(Valid(), 700);
  ASSERT_TRUE(data_->Append("more").ok());  // its checksum was not written any more
  EXPECT_EQ(Valid(), 700);
  ASSERT_TRUE(data_->Append(std::string(1000, 'b')).ok());
  EXPECT_EQ(Valid(), 700);
}

TEST_F(MetaFileTest, LastValidLengthDropsAnInvalidTailButNotWhatIsBehindAFlip) {
  Make(std::string(2000, 'a'));
  ASSERT_TRUE(data_->WriteAt(600, "X").ok());
  EXPECT_EQ(Valid(), 2000);
  ASSERT_TRUE(data_->WriteAt(1540, "X").ok());
  EXPECT_EQ(Valid(), 1536);
  ASSERT_TRUE(meta_->Truncate(kMetaHeaderBytes + 4).ok());
  EXPECT_EQ(Valid(), 512);
  ASSERT_TRUE(meta_->Truncate(kMetaHeaderBytes + 3).ok());
  EXPECT_EQ(Valid(), 0);
}

TEST_F(MetaFileTest, CutLeavesAPairThatVerifiesAtEveryLength) {
  const std::string bytes = std::string(512, 'x') + std::string(512, 'y') + std::string(300, 'z');
  for (const int64_t length : {1324, 1323, 1024, 1000, 513, 512, 511, 1, 0}) {
    Make(bytes);
    const std::string last = checksum_.Compute(bytes.substr(1024));
    const auto cut = CutReplica(*data_, *meta_, checksum_, 1324, last, length, length % 2 == 0);
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_EQ(cut->empty(), length % 512 == 0);
    const absl::Status verified = VerifyReplicaFiles(*data_, *meta_, length);
    EXPECT_TRUE(verified.ok()) << length << " " << verified;
  }
}

TEST_F(MetaFileTest, CutNeverBlessesADamagedChunk) {
  Make(std::string(1000, 'x'));
  ASSERT_TRUE(data_->WriteAt(520, "y").ok());
  const auto cut = CutReplica(*data_, *meta_, checksum_, 1000,
                              checksum_.Compute(std::string(488, 'x')), 600, false);
  EXPECT_TRUE(Is(cut.status(), ErrorKind::kChecksum));
}

}  // namespace
}  // namespace cairn::datanode
