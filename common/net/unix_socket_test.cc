// Domain sockets: who may own their path, files that are passed.
#include "common/net/unix_socket.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/testing/temp_dir.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kWaitMs = 10'000;

TEST(UnixSocket, PathsThatOthersCanChangeAreRefused) {
  TempDir directory;
  const std::string path = directory / "a/b/socket";
  std::filesystem::create_directories(directory / "a/b");
  // What lies above the test's own folder is not its affair.
  const int trusted = static_cast<int>(std::ranges::count(directory.path(), '/'));
  EXPECT_TRUE(CheckSocketPath(path, trusted).ok());
  ASSERT_EQ(::chmod((directory / "a").c_str(), 0777), 0);
  EXPECT_THAT(std::string(CheckSocketPath(path, trusted).message()),
              HasSubstr("a' is world-writable.  Its permissions are 0777."));
  ASSERT_EQ(::chmod((directory / "a").c_str(), 0755), 0);
  ASSERT_EQ(::chmod((directory / "a/b").c_str(), 0702), 0);
  EXPECT_FALSE(CheckSocketPath(path, trusted).ok());
  ASSERT_EQ(::chmod((directory / "a/b").c_str(), 0700), 0);
  EXPECT_TRUE(CheckSocketPath(path, trusted).ok());
  // What a link leads to counts: /var/run is one.
  std::filesystem::create_directory_symlink("a", directory / "link");
  EXPECT_TRUE(CheckSocketPath(directory / "link/b/socket", trusted).ok());
  EXPECT_THAT(std::string(CheckSocketPath("relative").message()), HasSubstr("must be absolute"));
  EXPECT_FALSE(CheckSocketPath("/no/such/folder/socket", 1).ok());
}

TEST(UnixSocket, PassesOpenFiles) {
  TempDir directory;
  std::ofstream(directory / "file") << "text";
  const auto listener = UnixListener::Listen(directory / "socket");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const auto client = ConnectUnix(directory / "socket");
  ASSERT_TRUE(client.ok()) << client.status();
  const auto server = (*listener)->Accept();
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE((*client)->is_local());

  const OwnedFd file(::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC));
  const int files[] = {file.get(), file.get()};
  ASSERT_TRUE(SendFiles(**server, 'x', files, kWaitMs).ok());
  const auto received = ReceiveFiles(**client, 2, kWaitMs);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->byte, 'x');
  ASSERT_EQ(received->files.size(), 2u);
  char text[5] = {};
  EXPECT_EQ(::pread(received->files[1].get(), text, 4, 0), 4);
  EXPECT_STREQ(text, "text");
  EXPECT_EQ(ReceiveFiles(**client, 2, 10).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(UnixSocket, ASocketLeftBehindIsReplacedAndOtherFilesAreNot) {
  TempDir directory;
  const auto first = UnixListener::Listen(directory / "socket");
  ASSERT_TRUE(first.ok());
  const auto second = UnixListener::Listen(directory / "socket");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(ConnectUnix(directory / "socket").ok());
  std::ofstream(directory / "file") << "text";
  EXPECT_FALSE(UnixListener::Listen(directory / "file").ok());
  EXPECT_TRUE(std::filesystem::exists(directory / "file"));
  EXPECT_EQ(UnixListener::Listen(directory / std::string(200, 'x')).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(UnixSocket, ShutdownEndsAccept) {
  TempDir directory;
  const auto listener = UnixListener::Listen(directory / "socket");
  ASSERT_TRUE(listener.ok());
  (*listener)->Shutdown();
  EXPECT_TRUE(absl::IsCancelled((*listener)->Accept().status()));
}

}  // namespace
}  // namespace cairn
