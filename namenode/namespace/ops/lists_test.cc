// Lists of files from more than one directory, and lookups.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/ops_test.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Lists : public OpsTest {
 protected:
  // "0:a,b" per entry: the path's number and its names, or its error.
  static std::vector<std::string> Texts(const BatchedListing& batch) {
    std::vector<std::string> texts;
    for (const BatchedListing::Entry& entry : batch.entries) {
      std::string text = fmt::format("{}:", entry.path);
      if (!entry.listing.ok()) {
        texts.push_back(text + std::string(entry.listing.status().message()));
        continue;
      }
      const auto& names = entry.listing->entries;
      for (size_t i = 0; i < names.size(); ++i) {
        if (i < 2 || i + 1 == names.size()) text += (i > 0 ? "," : "") + names[i].path;
      }
      texts.push_back(text);
    }
    return texts;
  }
  std::vector<std::string> Paths(const absl::StatusOr<OpenFilesPage>& page) {
    std::vector<std::string> paths;
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return paths;
    for (const OpenFile& file : page->files) paths.push_back(file.path);
    return paths;
  }
};
CAIRN_INSTANTIATE_OPS_TEST(Lists);

TEST_P(Lists, ABatchTellsOfEachPathWhatIsThereOrWrong) {
  for (const std::string path : {"/d/a", "/d/b", "/f"}) ASSERT_TRUE(root().Touch(path).ok());
  ASSERT_TRUE(root().Mkdirs("/empty").ok());
  ASSERT_TRUE(root().Mkdirs("/private", 0700).ok());
  const BatchedListRequest request{
      .paths = {"/d", "/none", "/f", "/empty", "/private", "/f/x", "/d"}};
  const auto batch = user("bob").ListBatch(request);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_FALSE(batch->has_more);
  EXPECT_THAT(Texts(*batch), ElementsAre("0:a,b", "1:Path /none does not exist", "2:", "3:",
                                         "4:Permission denied: user=bob, access=READ_EXECUTE, "
                                         "inode=\"/private\":root:supergroup:drwx------",
                                         "5:/f (is not a directory)", "6:a,b"));
  EXPECT_EQ(batch->entries[2].listing->entries.size(), 1u) << "a file is itself";
  const auto none = root().ListBatch({});
  ASSERT_TRUE(none.ok());
  EXPECT_THAT(none->entries, IsEmpty());
}

TEST_P(Lists, ABatchEndsWithAFullPageAndGoesOnThere) {
  const int limit = options().list_limit;
  for (int i = 0; i < limit + 5; ++i) {
    ASSERT_TRUE(root().Mkdirs(fmt::format("/m/{:04}", i)).ok());
  }
  ASSERT_TRUE(root().Touch("/f").ok());
  BatchedListRequest request{.paths = {"/f", "/m", "/f", "/none"}};
  const auto first = root().ListBatch(request);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->has_more);
  EXPECT_THAT(Texts(*first), ElementsAre("0:", "1:0000,0001,0999"));
  request.first = 1;
  request.start_after = "0999";
  const auto second = root().ListBatch(request);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->has_more);
  EXPECT_THAT(Texts(*second), ElementsAre("1:1000,1001,1004", "2:", "3:Path /none does not exist"));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(*root().Delete(fmt::format("/m/{:04}", i), true));
  EXPECT_FALSE(root().ListBatch({.paths = {"/f", "/m"}})->has_more) << "exactly full, at the end";
  EXPECT_TRUE(root().ListBatch({.paths = {"/m", "/f"}})->has_more);
}

TEST_P(Lists, ABatchAsAWholeIsRefused) {
  const auto many = root().ListBatch({.paths = std::vector<std::string>(101, "/")});
  EXPECT_TRUE(
      IsError(many.status(), ErrorKind::kIllegalArgument, "Too many source paths (101 > 100)"));
  EXPECT_TRUE(IsError(root().ListBatch({.paths = {"/", "d"}}).status(), ErrorKind::kAssertion,
                      "Absolute path required, but got 'd'"));
}

TEST_P(Lists, OpenFilesAreThoseOfTheTreeByTheirIds) {
  for (const std::string path : {"/e/b", "/e/a", "/o", "/eve"}) {
    ASSERT_TRUE(root().Create(path, kCreateFlagCreate, "writer of " + path).ok());
  }
  ASSERT_TRUE(root().Touch("/closed").ok());
  EXPECT_THAT(Paths(root().OpenFiles("/")), ElementsAre("/e/b", "/e/a", "/o", "/eve"));
  EXPECT_THAT(Paths(root().OpenFiles("//e/")), ElementsAre("/e/b", "/e/a"));
  EXPECT_THAT(Paths(root().OpenFiles("/o")), ElementsAre("/o"));
  EXPECT_THAT(Paths(root().OpenFiles("/none")), IsEmpty());
  const OpenFile first = root().OpenFiles("/")->files[0];
  EXPECT_EQ(first.client_name, "writer of /e/b");
  EXPECT_EQ(first.client_address, "10.0.0.1");
  EXPECT_EQ(first.id, (*root().Stat("/e/b"))->file_id);
  EXPECT_THAT(Paths(root().OpenFiles("/e", first.id)), ElementsAre("/e/a"));
  ASSERT_TRUE(*root().Rename("/o", "/moved"));
  ASSERT_TRUE(*root().Delete("/e", true));
  fs().Restart();
  EXPECT_THAT(Paths(root().OpenFiles("/")), ElementsAre("/moved", "/eve"));
  EXPECT_TRUE(IsError(user("bob").OpenFiles("/").status(), ErrorKind::kAccessControl,
                      "Access denied for user bob. Superuser privilege is required for operation "
                      "listOpenFiles"));
  EXPECT_TRUE(IsError(root().OpenFiles("").status(), ErrorKind::kAssertion,
                      "Absolute path required, but got ''"));
}

TEST_P(Lists, ManyOpenFilesComeInPages) {
  constexpr int kFiles = 1100;
  for (int i = 0; i < kFiles; ++i) {
    ASSERT_TRUE(root().Create(fmt::format("/{}/f{}", i % 2 ? "odd" : "even", i)).ok());
  }
  const auto first = root().OpenFiles("/");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->files.size(), 1000u);
  EXPECT_TRUE(first->has_more);
  const auto second = root().OpenFiles("/", first->files.back().id);
  EXPECT_EQ(second->files.size(), 100u);
  EXPECT_FALSE(second->has_more);
  const auto odd = root().OpenFiles("/odd");
  EXPECT_EQ(odd->files.size(), 550u) << "those elsewhere do not count";
  EXPECT_FALSE(odd->has_more);
}

TEST_P(Lists, CorruptFilesAreThereOnceForEachMissingBlock) {
  ASSERT_TRUE(fs().WriteFile("/d/f", 3).ok());
  ASSERT_TRUE(fs().WriteFile("/g", 130).ok());
  ASSERT_TRUE(fs().WriteFile("/good", 1).ok());
  const auto lose = [&](const std::string& path) {
    const auto located = root().GetBlockLocations(path, 0, INT64_MAX);
    for (const LocatedBlock& block : located->blocks) {
      blocks().SetReplicated(block.block.block.id, false);
    }
  };
  EXPECT_THAT(root().CorruptFiles("/")->paths, IsEmpty());
  EXPECT_EQ(root().CorruptFiles("/", 7)->last, 7);
  lose("/d/f");
  lose("/g");
  EXPECT_THAT(root().CorruptFiles("/d")->paths, ElementsAre("/d/f", "/d/f", "/d/f"));
  const auto first = root().CorruptFiles("/");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->paths.size(), 100u);
  const auto second = root().CorruptFiles("/", first->last);
  EXPECT_EQ(second->paths.size(), 33u);
  EXPECT_THAT(root().CorruptFiles("/", second->last)->paths, IsEmpty());
  ASSERT_TRUE(*root().Delete("/d", true));
  EXPECT_THAT(root().CorruptFiles("/d")->paths, IsEmpty());
  EXPECT_TRUE(IsError(user("bob").CorruptFiles("/").status(), ErrorKind::kAccessControl,
                      "Access denied for user bob. Superuser privilege is required for operation "
                      "listCorruptFileBlocks"));
}

TEST_P(Lists, ALookupChecksWhatItIsAskedTo) {
  ASSERT_TRUE(root().Touch("/f", 0600).ok());
  EXPECT_EQ((*user("bob").Lookup({.path = "/f"}))->permission, 0600);
  EXPECT_EQ(*user("bob").Lookup({.path = "/none", .owner = true}), std::nullopt);
  const auto denied = [&](LookupRequest request, const std::string& line) {
    return IsError(user("bob").Lookup(std::move(request)).status(), ErrorKind::kAccessControl,
                   line);
  };
  EXPECT_TRUE(denied({.path = "/f", .access = 4},
                     "Permission denied: user=bob, access=READ, "
                     "inode=\"/f\":root:supergroup:-rw-------"));
  EXPECT_TRUE(denied({.path = "/f", .owner = true},
                     "Permission denied. user=bob is not the owner of inode=/f"));
  EXPECT_TRUE(IsError(root().Lookup({.path = "/f/x"}).status(), ErrorKind::kAccessControl,
                      "/f (is not a directory)"));
  EXPECT_TRUE(IsError(root().Lookup({.path = "/f/x", .creation = true}).status(),
                      ErrorKind::kParentNotDirectory, "/f (is not a directory)"));
}

}  // namespace
}  // namespace cairn::namenode
