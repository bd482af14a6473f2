// The machine's disk.
#include "common/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/testing/temp_dir.h"

namespace cairn {
namespace {

using ::testing::UnorderedElementsAre;

class PosixFileSystemTest : public ::testing::Test {
 protected:
  TempDir dir_;
  FileSystem& fs_ = PosixFileSystem();
};

TEST_F(PosixFileSystemTest, AppendsWritesReadsAndTruncates) {
  const auto file = *fs_.Open(dir_ / "f", OpenMode::kCreate);
  ASSERT_TRUE(file->Append("0123").ok());
  ASSERT_TRUE(file->WriteAt(6, "67").ok());
  ASSERT_TRUE(file->WriteAt(1, "x").ok());
  ASSERT_TRUE(file->Append("89").ok());
  char buffer[16];
  EXPECT_EQ(*file->ReadAt(0, sizeof(buffer), buffer), 10u);
  EXPECT_EQ(std::string_view(buffer, 10), std::string_view("0x23\0\0006789", 10));
  EXPECT_EQ(*file->ReadAt(10, 1, buffer), 0u);
  ASSERT_TRUE(file->Truncate(2).ok());
  ASSERT_TRUE(file->Append("end").ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(*file->Size(), 5);
  EXPECT_EQ(*fs_.ReadFile(dir_ / "f", 100), "0xend");
}

TEST_F(PosixFileSystemTest, OpenModesMeanWhatTheySay) {
  EXPECT_TRUE(absl::IsNotFound(fs_.Open(dir_ / "f", OpenMode::kRead).status()));
  EXPECT_TRUE(absl::IsNotFound(fs_.Open(dir_ / "f", OpenMode::kReadWrite).status()));
  ASSERT_TRUE((*fs_.Open(dir_ / "f", OpenMode::kCreate))->Append("a").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(fs_.Open(dir_ / "f", OpenMode::kCreate).status()));
  ASSERT_TRUE((*fs_.Open(dir_ / "f", OpenMode::kReadWrite))->Append("b").ok());
  EXPECT_EQ(*fs_.ReadFile(dir_ / "f", 100), "ab");
  ASSERT_TRUE(fs_.Open(dir_ / "f", OpenMode::kCreateOrTruncate).ok());
  EXPECT_EQ(*fs_.ReadFile(dir_ / "f", 100), "");
}

TEST_F(PosixFileSystemTest, ErrorsNameThePathAndTheReason) {
  const absl::Status status = fs_.Stat(dir_ / "nothing").status();
  const std::string message(status.message());
  EXPECT_THAT(message, ::testing::HasSubstr(dir_ / "nothing"));
  EXPECT_THAT(message, ::testing::HasSubstr("No such file"));
  // The only writable place that is always full.
  EXPECT_TRUE(
      absl::IsResourceExhausted((*fs_.Open("/dev/full", OpenMode::kReadWrite))->Append("x")));
}

TEST_F(PosixFileSystemTest, AFolderOfSomebodyElseIsNamedWithItsOwner) {
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0500), 0);
  const uid_t owner = ::geteuid();
  if (owner == 0) ASSERT_EQ(::seteuid(65534), 0);  // nothing is refused to root
  const uid_t user = ::geteuid();
  const absl::Status status = fs_.CreateDirectories(dir_ / "new");
  if (owner == 0) ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(
      status.message(),
      fmt::format("mkdir {}: Permission denied ({} belongs to uid {}, this process has uid {})",
                  dir_ / "new", dir_.path(), owner, user));
  EXPECT_TRUE(absl::IsPermissionDenied(status));
}

TEST_F(PosixFileSystemTest, NamesAreCreatedListedRenamedLinkedAndRemoved) {
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "a/b/c").ok());
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "a/b/c").ok());
  ASSERT_TRUE(fs_.WriteFileAtomically(dir_ / "a/f", "1").ok());
  EXPECT_FALSE(fs_.CreateDirectories(dir_ / "a/f").ok());
  ASSERT_TRUE(fs_.Link(dir_ / "a/f", dir_ / "a/g").ok());
  ASSERT_TRUE(fs_.Rename(dir_ / "a/f", dir_ / "a/h").ok());
  EXPECT_THAT(*fs_.List(dir_ / "a"), UnorderedElementsAre("b", "g", "h"));
  EXPECT_TRUE(fs_.Stat(dir_ / "a")->is_directory);
  EXPECT_EQ(fs_.Stat(dir_ / "a/h")->size_bytes, 1);
  ASSERT_TRUE(fs_.Remove(dir_ / "a/h").ok());
  EXPECT_FALSE(fs_.Remove(dir_ / "a").ok());
  ASSERT_TRUE(fs_.RemoveRecursively(dir_ / "a").ok());
  ASSERT_TRUE(fs_.RemoveRecursively(dir_ / "a").ok());
  EXPECT_FALSE(fs_.Exists(dir_ / "a"));
}

TEST_F(PosixFileSystemTest, ReadFileRefusesWhatIsLargerThanAllowed) {
  ASSERT_TRUE(fs_.WriteFileAtomically(dir_ / "f", "12345").ok());
  EXPECT_EQ(*fs_.ReadFile(dir_ / "f", 5), "12345");
  EXPECT_TRUE(absl::IsResourceExhausted(fs_.ReadFile(dir_ / "f", 4).status()));
}

TEST_F(PosixFileSystemTest, SpaceIsThatOfTheDisk) {
  const SpaceInfo space = *fs_.Space(dir_.path());
  EXPECT_GT(space.capacity, 0);
  EXPECT_GE(space.capacity, space.available);
}

}  // namespace
}  // namespace cairn
