// Garbage, oversized and truncated frames on every port, and arguments no sane client sends: a
// clear error or a closed connection, bounded memory, and everybody else is served on.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "common/coding.h"
#include "common/net/socket.h"
#include "common/types/errors.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {
namespace {

class BadInput : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto cluster = NewForkedCluster({.datanodes = 2});
    ASSERT_OK(cluster);
    cluster_ = std::move(*cluster);
    ASSERT_OK(cluster_->StartAll());
  }
  static void TearDownTestSuite() { cluster_.reset(); }

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
    verifier_ = std::make_unique<Verifier>(*cluster_);
    ASSERT_OK(verifier_->WriteFile(*client_, "/witness", 1, 300000,
                                   {.overwrite = true, .replication = 2}));
  }
  // Whatever the test did, others are served on.
  void TearDown() override {
    EXPECT_OK(verifier_->CheckContents(*client_));
    EXPECT_OK(client_->Mkdirs("/still-alive"));
    EXPECT_LT(cluster_->MaxResidentMegabytes(), 1024);
  }

  HostPort NamenodePort() {
    const std::string address = cluster_->namenode_address();
    return {"127.0.0.1", std::stoi(address.substr(address.rfind(':') + 1))};
  }
  HostPort DatanodePort() {
    const auto located = client_->GetBlockLocations("/witness", 0, 1);
    return {"127.0.0.1", located->blocks[0].locations[0].datanode.id.xfer_port};
  }
  // Sends `bytes` and reads until the daemon closes; true when it did within ten seconds.
  static bool SendAndWaitForClose(const HostPort& port, const std::string& bytes) {
    auto socket = TcpSocket::Connect(port, 5000);
    if (!socket.ok()) return false;
    (*socket)->SetReadTimeout(10000);
    (*socket)->SetWriteTimeout(10000);
    if (!(*socket)->WriteFull(bytes).ok()) return true;
    (*socket)->ShutdownWrite();
    char buffer[4096];
    while (true) {
      const auto n = (*socket)->ReadSome(buffer, sizeof(buffer));
      if (!n.ok()) return !absl::IsDeadlineExceeded(n.status());
    }
  }

  static inline std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<client::DfsClient> client_;
  std::unique_ptr<Verifier> verifier_;
};

TEST_F(BadInput, RandomBytesOnEveryPortEndTheConnection) {
  std::mt19937 random(20);
  for (int round = 0; round < 30; ++round) {
    std::string bytes(random() % 5000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_TRUE(SendAndWaitForClose(DatanodePort(), bytes)) << "round " << round;
    EXPECT_TRUE(SendAndWaitForClose(NamenodePort(), bytes)) << "round " << round;
  }
}

TEST_F(BadInput, AnOperationThatAnnouncesGigabytesIsRefused) {
  for (const char op : {80, 81, 84, 85, 86}) {
    std::string bytes("\x00\x1c", 2);
    bytes += op;
    PutVarint64(bytes, uint64_t{1} << 31);
    EXPECT_TRUE(SendAndWaitForClose(DatanodePort(), bytes + std::string(100, 'x'))) << int{op};
  }
}

TEST_F(BadInput, AnUnknownVersionOrOperationEndsTheConnection) {
  EXPECT_TRUE(SendAndWaitForClose(DatanodePort(), std::string("\x00\x1d\x51", 3)));
  EXPECT_TRUE(SendAndWaitForClose(DatanodePort(), std::string("\x00\x1c\x01", 3)));
}

TEST_F(BadInput, NamesThatMustNotBeCreated) {
  const std::string depth_1001 = [] {
    std::string path;
    for (int i = 0; i < 1001; ++i) path += "/d";
    return path;
  }();
  const std::vector<std::pair<std::string, ErrorKind>> cases = {
      {std::string("/nul\0byte", 9), ErrorKind::kInvalidPath},
      {"/a/../b", ErrorKind::kInvalidPath},
      {"/a/./b", ErrorKind::kInvalidPath},
      {"/a:b", ErrorKind::kInvalidPath},
      {"/" + std::string(256, 'x'), ErrorKind::kPathComponentTooLong},
      {depth_1001, ErrorKind::kIo},
      {"/" + std::string(8001, 'x'), ErrorKind::kIo},
      {"/x/.snapshot", ErrorKind::kHadoopIllegalArgument},
  };
  for (const auto& [path, kind] : cases) {
    const absl::Status mkdirs = client_->Mkdirs(path);
    EXPECT_EQ(KindOf(mkdirs), kind) << path.substr(0, 40) << ": " << mkdirs;
    const absl::Status create = client_->Create(path).status();
    EXPECT_EQ(KindOf(create), kind) << path.substr(0, 40) << ": " << create;
  }
}

TEST_F(BadInput, InvalidUtf8IsAnErrorThatSaysSo) {
  const absl::Status status = client_->Mkdirs("/bad\xff\xfename");
  ASSERT_FALSE(status.ok());
}

TEST_F(BadInput, NegativeAndOverflowingRanges) {
  const absl::Status negative = client_->GetBlockLocations("/witness", -1, 10).status();
  EXPECT_EQ(KindOf(negative), ErrorKind::kIllegalArgument) << negative;
  const absl::Status length = client_->GetBlockLocations("/witness", 0, -5).status();
  EXPECT_EQ(KindOf(length), ErrorKind::kIllegalArgument) << length;
  EXPECT_OK(client_->GetBlockLocations("/witness", INT64_MAX, INT64_MAX));
}

}  // namespace
}  // namespace cairn::testing
