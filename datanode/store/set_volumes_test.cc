// Directories that join and leave while the store runs.
#include "datanode/store/meta_file.h"
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class SetVolumesTest : public StoreTest {
 protected:
  VolumeOptions Volume(const std::string& name, StorageType type = StorageType::kDisk) {
    return {dir / name, type};
  }
  std::vector<std::string> InService() {
    std::vector<std::string> names;
    for (const StorageUsage& usage : store->Usage()) {
      names.push_back(usage.path.substr(usage.path.rfind('/') + 1));
    }
    return names;
  }
  std::string StorageOf(const std::string& name) {
    for (const StorageUsage& usage : store->Usage()) {
      if (usage.path == dir / name) return usage.storage_id;
    }
    return "";
  }
};

TEST_F(SetVolumesTest, ANewDirectoryIsServedAndAnOldOneComesBackWithItsReplicas) {
  Open();
  const std::string data = Bytes(1000);
  MakeFinalized(data);
  const std::string first = StorageOf("d0");
  ASSERT_TRUE(store->SetVolumes({Volume("d0"), Volume("d1", StorageType::kSsd)}).ok());
  EXPECT_EQ(InService(), (std::vector<std::string>{"d0", "d1"}));
  WriteRequest wish = Request(kId + 1);
  wish.storage_type = StorageType::kSsd;
  auto writer = store->CreateRbw(wish);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ((*writer)->storage_id(), StorageOf("d1"));
  writer->reset();

  ASSERT_TRUE(store->SetVolumes({Volume("d1", StorageType::kSsd)}).ok());
  EXPECT_EQ(InService(), std::vector<std::string>{"d1"});
  EXPECT_TRUE(Is(ReadAll().status(), ErrorKind::kReplicaNotFound));
  EXPECT_TRUE(store->FailedVolumes().empty()) << "it has not failed";
  EXPECT_TRUE(store->Health().ok());

  ASSERT_TRUE(store->SetVolumes({Volume("d1", StorageType::kSsd), Volume("d0")}).ok());
  EXPECT_EQ(StorageOf("d0"), first);
  EXPECT_EQ(*ReadAll(), data);
}

TEST_F(SetVolumesTest, AWriterOnADirectoryThatLeavesIsStopped) {
  options.volumes = {Volume("d0"), Volume("d1")};
  Open();
  const auto writer = MakeRbw("begun", 5);
  const std::string leaving = writer->storage_id() == StorageOf("d0") ? "d0" : "d1";
  ASSERT_TRUE(store->SetVolumes({Volume(leaving == "d0" ? "d1" : "d0")}).ok());
  EXPECT_TRUE(absl::IsAborted(Put(*writer, 5, " and ended")));
}

TEST_F(SetVolumesTest, ReadersOfADirectoryThatLeftReadOn) {
  options.volumes = {Volume("d0")};
  Open();
  const std::string data = Bytes(1000);
  MakeFinalized(data);
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 0);
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(store->SetVolumes({Volume("d1")}).ok());
  std::string out(1000, '\0');
  EXPECT_TRUE((*reader)->ReadVerified(0, out.size(), out.data()).ok());
  EXPECT_EQ(out, data);
}

TEST_F(SetVolumesTest, WhatCannotBeDoneIsNamedAndTheRestIsDone) {
  Open();
  EXPECT_EQ(store->SetVolumes({}).message(), "No directory is specified.");
  WriteFile(dir / "file", "");
  const absl::Status status = store->SetVolumes(
      {Volume("d0", StorageType::kSsd), {dir / "file/below", StorageType::kDisk}, Volume("d1")});
  EXPECT_NE(status.message().find("Changing storage type is not allowed."), std::string::npos)
      << status;
  EXPECT_NE(status.message().find(dir / "file/below"), std::string::npos) << status;
  EXPECT_EQ(InService(), (std::vector<std::string>{"d0", "d1"}));
}

TEST_F(SetVolumesTest, TheLastDirectoryStaysWhenItsSuccessorFails) {
  Open();
  WriteFile(dir / "file", "");
  EXPECT_FALSE(store->SetVolumes({{dir / "file/below", StorageType::kDisk}}).ok());
  EXPECT_EQ(InService(), std::vector<std::string>{"d0"});
}

TEST_F(SetVolumesTest, ADirectoryOfAnotherClusterIsRefused) {
  options.volumes = {Volume("foreign")};
  pool.cluster_id = "CID-other";
  Open();
  store.reset();
  pool.cluster_id = "CID-1";
  options.volumes = {Volume("d0")};
  Open();
  const absl::Status status = store->SetVolumes({Volume("d0"), Volume("foreign")});
  EXPECT_NE(status.message().find("Incompatible clusterIDs"), std::string::npos) << status;
  EXPECT_EQ(InService(), std::vector<std::string>{"d0"});
}

TEST_F(SetVolumesTest, OfABlockThatIsThereTwiceOneReplicaStays) {
  options.volumes = {Volume("d0"), Volume("d1")};
  Open();
  MakeFinalized(Bytes(100));
  const std::string old = StorageOf("d0") == (*store->Get(kId)).storage_id ? "d0" : "d1";
  const std::string other = old == "d0" ? "d1" : "d0";
  ASSERT_TRUE(store->SetVolumes({Volume(other)}).ok());
  MakeFinalized(Bytes(200, 2), kId, kStamp + 1);  // written again meanwhile
  ASSERT_TRUE(store->SetVolumes({Volume(other), Volume(old)}).ok());
  EXPECT_EQ(*ReadAll(), Bytes(200, 2));
  EXPECT_TRUE(store->List(StorageOf(old))->replicas.empty());
  EXPECT_FALSE(PosixFileSystem().Exists(Paths(old).DataFile(ReplicaPlace::kFinalized, kId)));
}

}  // namespace
}  // namespace cairn::datanode
