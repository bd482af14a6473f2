// A whole NameNode in this process, called over gRPC as its clients and DataNodes call it.
#include "namenode/namenode.h"

#include <chrono>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include "common/net/socket.h"
#include "common/testing/temp_dir.h"
#include "common/types/errors.h"
#include "proto/cairn/internal/v1/datanode.grpc.pb.h"
#include "proto/cairn/v1/admin.grpc.pb.h"
#include "proto/cairn/v1/client.grpc.pb.h"
#include "wire/cairn/call_headers.h"
#include "wire/cairn/rpc_status.h"

namespace cairn::namenode {
namespace {

namespace dn = ::cairn::internal::v1;
using ::testing::EndsWith;
using ::testing::HasSubstr;

absl::Status ToAbsl(const ::grpc::Status& status) {
  return wire::FromRpcStatus(static_cast<int>(status.error_code()), status.error_message(),
                             status.error_details());
}

// The client that calls with given call ids.
const std::string kFixedClient(wire::kClientIdBytes, 'c');

// Calls methods of one server as one user; every call is one of its own unless a call id is given.
class TestCaller {
 public:
  TestCaller(int port, std::string user)
      : channel_(::grpc::CreateChannel(fmt::format("127.0.0.1:{}", port),
                                       ::grpc::InsecureChannelCredentials())),
        client(v1::ClientService::NewStub(channel_)),
        admin(v1::AdminService::NewStub(channel_)),
        datanode(dn::DatanodeService::NewStub(channel_)),
        user_(std::move(user)) {}

  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Stub& stub,
                    ::grpc::Status (Stub::*method)(::grpc::ClientContext*, const Request&,
                                                   Response*),
                    const Request& request, Response& response, int call_id = -1) {
    ::grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    context.AddMetadata(wire::kUserHeader, wire::EncodeUserName(user_));
    context.AddMetadata(wire::kClientIdHeader,
                        wire::EncodeClientId(call_id >= 0 ? kFixedClient : client_id_));
    context.AddMetadata(wire::kCallIdHeader,
                        std::to_string(call_id >= 0 ? call_id : next_call_id_++));
    return ToAbsl((stub.*method)(&context, request, &response));
  }

  absl::Status Mkdirs(const std::string& path) {
    v1::MkdirsRequest request;
    request.set_path(path);
    request.set_permission(0755);
    request.set_create_parent(true);
    v1::MkdirsResponse response;
    return Call(*client, &v1::ClientService::Stub::Mkdirs, request, response);
  }

  absl::StatusOr<v1::FileStatus> Create(const std::string& path, int call_id = -1) {
    v1::CreateRequest request;
    request.set_path(path);
    request.set_permission(0644);
    request.set_client_name("writer");
    request.set_flags(v1::CREATE_FLAG_CREATE);
    request.set_replication(1);
    v1::CreateResponse response;
    const absl::Status status =
        Call(*client, &v1::ClientService::Stub::Create, request, response, call_id);
    if (!status.ok()) return status;
    return response.status();
  }

  absl::StatusOr<bool> Complete(const std::string& path, int64_t file_id,
                                const v1::ExtendedBlock* last = nullptr) {
    v1::CompleteRequest request;
    request.set_path(path);
    request.set_file_id(file_id);
    request.set_client_name("writer");
    if (last != nullptr) *request.mutable_last() = *last;
    v1::CompleteResponse response;
    const absl::Status status =
        Call(*client, &v1::ClientService::Stub::Complete, request, response);
    if (!status.ok()) return status;
    return response.closed();
  }

  absl::StatusOr<bool> Delete(const std::string& path, int call_id = -1) {
    v1::DeleteRequest request;
    request.set_path(path);
    request.set_recursive(true);
    v1::DeleteResponse response;
    const absl::Status status =
        Call(*client, &v1::ClientService::Stub::Delete, request, response, call_id);
    if (!status.ok()) return status;
    return response.deleted();
  }

  absl::Status Rename2(const std::string& from, const std::string& to, int call_id = -1) {
    v1::Rename2Request request;
    request.set_source(from);
    request.set_destination(to);
    v1::Rename2Response response;
    return Call(*client, &v1::ClientService::Stub::Rename2, request, response, call_id);
  }

  bool Exists(const std::string& path) {
    v1::GetFileInfoRequest request;
    request.set_path(path);
    v1::GetFileInfoResponse response;
    const absl::Status status =
        Call(*client, &v1::ClientService::Stub::GetFileInfo, request, response);
    EXPECT_TRUE(status.ok()) << status;
    return response.has_status();
  }

  absl::StatusOr<v1::SetSafeModeResponse> SafeMode(v1::SafeModeAction action) {
    v1::SetSafeModeRequest request;
    request.set_action(action);
    v1::SetSafeModeResponse response;
    const absl::Status status =
        Call(*admin, &v1::AdminService::Stub::SetSafeMode, request, response);
    if (!status.ok()) return status;
    return response;
  }

 private:
  std::shared_ptr<::grpc::Channel> channel_;

 public:
  std::unique_ptr<v1::ClientService::Stub> client;
  std::unique_ptr<v1::AdminService::Stub> admin;
  std::unique_ptr<dn::DatanodeService::Stub> datanode;

 private:
  const std::string user_;
  const std::string client_id_ = Random().Bytes(wire::kClientIdBytes);
  int next_call_id_ = 0;
};

// What the NameNode's web server sends.
std::string HttpGet(int port, const std::string& target) {
  const auto socket = TcpSocket::Connect({"127.0.0.1", port}, 20'000);
  EXPECT_TRUE(socket.ok()) << socket.status();
  (*socket)->SetReadTimeout(20'000);
  EXPECT_TRUE((*socket)->WriteFull("GET " + target + " HTTP/1.0\r\n\r\n").ok());
  std::string reply;
  char buffer[4096];
  while (true) {
    const auto read = (*socket)->ReadSome(buffer, sizeof buffer);
    if (!read.ok()) return reply;
    reply.append(buffer, *read);
  }
}

class NameNodeTest : public ::testing::Test {
 protected:
  NameNodeOptions Options(std::vector<std::pair<std::string, std::string>> extra = {}) {
    std::vector<std::pair<std::string, std::string>> settings = {
        {"dfs.namenode.name.dir", directory_ / "name"},
        {"dfs.namenode.rpc-address", "127.0.0.1:0"},
        {"cairn.namenode.grpc-address", "127.0.0.1:0"},
        {"dfs.namenode.http-address", "127.0.0.1:0"},
        {"cairn.namenode.cache-size", "16m"},
        {"dfs.namenode.safemode.extension", "0"},
        {"dfs.namenode.safemode.recheck.interval", "20"},
        {"dfs.namenode.resource.check.interval", "20"},
        {"dfs.namenode.resource.du.reserved", "0"},
        {"dfs.namenode.redundancy.interval.seconds", "100ms"},
        {"dfs.heartbeat.interval", "1"}};
    settings.insert(settings.end(), extra.begin(), extra.end());
    const auto configuration = Configuration::FromSettings(std::move(settings));
    EXPECT_TRUE(configuration.ok()) << configuration.status();
    auto options = NameNodeOptions::From(*configuration);
    EXPECT_TRUE(options.ok()) << options.status();
    return *std::move(options);
  }

  // fsck of /f, whose only block is `block`.
  void ExpectTheSameOverHttp(int64_t block) {
    const int port = namenode_->http_port();
    EXPECT_THAT(HttpGet(port, "/fsck?ugi=super&path=%2Ff&files=1"),
                AllOf(HasSubstr("\n\n/f 1234 bytes, replicated: replication=1, 1 block(s):  OK\n"),
                      EndsWith("\n\nThe filesystem under path '/f' is HEALTHY")));
    EXPECT_THAT(HttpGet(port, fmt::format("/fsck?ugi=super&blockId=blk_{}+", block)),
                HasSubstr("\nBlock belongs to: /f\n"));
  }

  NameNodeEnv Env() {
    return {.fs = PosixFileSystem(), .clock = SystemClock(), .random = random_, .owner = "super"};
  }

  void Format() {
    const auto id = NameNode::Format(Options(), Env(), "CID-test", false);
    ASSERT_TRUE(id.ok()) << id.status();
    EXPECT_EQ(*id, "CID-test");
  }

  void Start(std::vector<std::pair<std::string, std::string>> extra = {}) {
    auto namenode = NameNode::Start(Options(std::move(extra)), Env(),
                                    [](const absl::Status& status) { ADD_FAILURE() << status; });
    ASSERT_TRUE(namenode.ok()) << namenode.status();
    namenode_ = *std::move(namenode);
    super_ = std::make_unique<TestCaller>(namenode_->grpc_port(), "super");
  }

  void WaitUntil(const char* what, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "waiting for " << what;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  void WaitForSafeMode(bool on) {
    WaitUntil(on ? "safe mode" : "the end of safe mode", [&] {
      const auto state = super_->SafeMode(v1::SAFE_MODE_ACTION_GET);
      return state.ok() && state->on() == on;
    });
  }

  TempDir directory_;
  Random random_{42};
  std::unique_ptr<NameNode> namenode_;
  std::unique_ptr<TestCaller> super_;
};

TEST_F(NameNodeTest, RefusesMissingEmptyAndUsedDirectories) {
  const auto start = [&] { return NameNode::Start(Options(), Env(), nullptr).status(); };
  EXPECT_THAT(std::string(start().message()), HasSubstr(directory_ / "name"));
  ASSERT_TRUE(PosixFileSystem().CreateDirectories(directory_ / "name").ok());
  EXPECT_THAT(std::string(start().message()), HasSubstr(directory_ / "name"));
  Format();
  Start();
  EXPECT_THAT(std::string(start().message()), HasSubstr("already locked"))
      << "two on one directory";
  namenode_->Stop();
  const auto again = NameNode::Format(Options(), Env(), "", false);
  EXPECT_THAT(std::string(again.status().message()), HasSubstr(directory_ / "name"));
  EXPECT_TRUE(NameNode::Format(Options(), Env(), "", true).ok());
}

TEST_F(NameNodeTest, FilesLiveAndDieAndSurviveARestart) {
  Format();
  Start();
  WaitForSafeMode(false);
  ASSERT_TRUE(super_->Mkdirs("/a/b").ok());
  const auto file = super_->Create("/a/b/f");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->owner(), "super");
  EXPECT_EQ(file->group(), "supergroup");
  EXPECT_EQ(super_->Complete("/a/b/f", file->file_id()).value_or(false), true);
  ASSERT_TRUE(super_->Rename2("/a/b/f", "/a/g").ok());
  EXPECT_FALSE(super_->Exists("/a/b/f"));
  namenode_->Stop();
  Start();
  EXPECT_TRUE(super_->Exists("/a/g"));
  WaitForSafeMode(false);
  EXPECT_EQ(super_->Delete("/a").value_or(false), true);
  EXPECT_FALSE(super_->Exists("/a"));
  EXPECT_EQ(super_->Delete("/a").value_or(true), false);
}

TEST_F(NameNodeTest, ErrorsCarryHdfsKindAndText) {
  Format();
  Start();
  WaitForSafeMode(false);
  TestCaller joe(namenode_->grpc_port(), "joe");
  const absl::Status denied = joe.Mkdirs("/joe");
  EXPECT_TRUE(Is(denied, ErrorKind::kAccessControl));
  EXPECT_THAT(std::string(denied.message()),
              HasSubstr("Permission denied: user=joe, access=WRITE, inode=\"/\""));
  ASSERT_TRUE(super_->Create("/f").ok());
  EXPECT_TRUE(Is(super_->Mkdirs("/f/d"), ErrorKind::kParentNotDirectory));
  EXPECT_TRUE(Is(super_->Mkdirs("/a:b"), ErrorKind::kInvalidPath));
  EXPECT_TRUE(Is(super_->Rename2("/none", "/x"), ErrorKind::kFileNotFound));
  EXPECT_TRUE(Is(super_->Create("/f").status(), ErrorKind::kAlreadyBeingCreated));
  EXPECT_TRUE(Is(super_->Mkdirs("/" + std::string(256, 'x')), ErrorKind::kPathComponentTooLong));
  EXPECT_TRUE(Is(joe.SafeMode(v1::SAFE_MODE_ACTION_ENTER).status(), ErrorKind::kAccessControl));
}

TEST_F(NameNodeTest, ARetriedCallTakesEffectOnceAlsoAcrossARestart) {
  Format();
  Start();
  WaitForSafeMode(false);
  const auto first = super_->Create("/f", 7);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto retried = super_->Create("/f", 7);
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(retried->file_id(), first->file_id());
  ASSERT_TRUE(super_->Rename2("/f", "/g", 8).ok());
  EXPECT_TRUE(super_->Rename2("/f", "/g", 8).ok());
  EXPECT_TRUE(super_->Delete("/g", 9).value_or(false));
  namenode_->Stop();
  Start();
  WaitForSafeMode(false);
  EXPECT_TRUE(super_->Delete("/g", 9).value_or(false)) << "the remembered reply";
  EXPECT_FALSE(super_->Delete("/g", 10).value_or(true)) << "a new call";
}

TEST_F(NameNodeTest, SafeModeByHandRefusesChangesAndAllowsACheckpoint) {
  Format();
  Start();
  WaitForSafeMode(false);
  v1::SaveNamespaceResponse saved;
  EXPECT_FALSE(super_
                   ->Call(*super_->admin, &v1::AdminService::Stub::SaveNamespace,
                          v1::SaveNamespaceRequest(), saved)
                   .ok())
      << "only in safe mode";
  const auto entered = super_->SafeMode(v1::SAFE_MODE_ACTION_ENTER);
  ASSERT_TRUE(entered.ok()) << entered.status();
  EXPECT_TRUE(entered->on());
  EXPECT_FALSE(entered->tip().empty());
  const absl::Status refused = super_->Mkdirs("/d");
  EXPECT_TRUE(Is(refused, ErrorKind::kSafeMode)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("Cannot create directory /d. Name node is in safe mode.\n"));
  const absl::Status status = super_->Call(*super_->admin, &v1::AdminService::Stub::SaveNamespace,
                                           v1::SaveNamespaceRequest(), saved);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(super_->SafeMode(v1::SAFE_MODE_ACTION_LEAVE)->on());
  EXPECT_TRUE(super_->Mkdirs("/d").ok());
}

TEST_F(NameNodeTest, LackOfSpaceIsSafeMode) {
  Format();
  Start({{"dfs.namenode.resource.du.reserved", "1000p"}});
  WaitForSafeMode(true);
  WaitUntil("changes to be refused",
            [&] { return Is(super_->Mkdirs("/d"), ErrorKind::kSafeMode); });
}

// A DataNode as the NameNode sees one: it keeps nothing.
class FakeDatanode {
 public:
  explicit FakeDatanode(TestCaller& caller) : caller_(caller) {}

  absl::Status Register(const std::string& cluster_id, const NameNode& namenode) {
    dn::RegisterRequest request;
    request.mutable_datanode()->set_uuid("u1");
    request.mutable_datanode()->set_host_name("dn1");
    request.mutable_datanode()->set_xfer_port(9866);
    request.set_cluster_id(cluster_id);
    request.set_block_pool_id(namenode.identity().block_pool_id);
    request.set_namespace_id(namenode.identity().namespace_id);
    request.add_storages()->set_storage_id("DS-1");
    dn::RegisterResponse response;
    const absl::Status status =
        caller_.Call(*caller_.datanode, &dn::DatanodeService::Stub::Register, request, response);
    sender_.set_datanode_uuid("u1");
    sender_.set_block_pool_id(namenode.identity().block_pool_id);
    sender_.set_registration_id(response.registration_id());
    return status;
  }

  dn::HeartbeatResponse Heartbeat() {
    dn::HeartbeatRequest request;
    *request.mutable_sender() = sender_;
    dn::StorageReport& report = *request.add_storages();
    report.mutable_storage()->set_storage_id("DS-1");
    report.set_capacity(int64_t{1} << 40);
    report.set_remaining(int64_t{1} << 40);
    dn::HeartbeatResponse response;
    const absl::Status status =
        caller_.Call(*caller_.datanode, &dn::DatanodeService::Stub::Heartbeat, request, response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }

  absl::Status ReportEmpty() {
    ::grpc::ClientContext context;
    dn::BlockReportResponse response;
    auto writer = caller_.datanode->ReportBlocks(&context, &response);
    dn::BlockReportChunk chunk;
    *chunk.mutable_sender() = sender_;
    chunk.set_storage_id("DS-1");
    chunk.set_sequence(++sequence_);
    chunk.set_first_id(std::numeric_limits<int64_t>::min());
    chunk.set_last_id(std::numeric_limits<int64_t>::max());
    writer->Write(chunk);
    writer->WritesDone();
    return ToAbsl(writer->Finish());
  }

  absl::Status Received(const v1::Block& block) {
    dn::ReportChangesRequest request;
    *request.mutable_sender() = sender_;
    dn::StorageChanges& storage = *request.add_storages();
    storage.mutable_storage()->set_storage_id("DS-1");
    dn::ReplicaChange& change = *storage.add_changes();
    change.set_sequence(++sequence_);
    *change.mutable_block() = block;
    change.set_kind(dn::CHANGE_KIND_RECEIVED);
    dn::ReportChangesResponse response;
    return caller_.Call(*caller_.datanode, &dn::DatanodeService::Stub::ReportChanges, request,
                        response);
  }

 private:
  TestCaller& caller_;
  dn::Sender sender_;
  uint64_t sequence_ = 0;
};

TEST_F(NameNodeTest, DatanodesOfAnotherClusterAreRefused) {
  Format();
  Start();
  FakeDatanode datanode(*super_);
  const absl::Status status = datanode.Register("CID-other", *namenode_);
  EXPECT_TRUE(Is(status, ErrorKind::kIncorrectVersion)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("CID-other"));
  EXPECT_TRUE(datanode.Register("CID-test", *namenode_).ok());
}

TEST_F(NameNodeTest, ABlockIsAllocatedReportedCheckedAndReclaimed) {
  Format();
  Start();
  WaitForSafeMode(false);
  FakeDatanode datanode(*super_);
  ASSERT_TRUE(datanode.Register("CID-test", *namenode_).ok());
  (void)datanode.Heartbeat();
  ASSERT_TRUE(datanode.ReportEmpty().ok());
  const auto file = super_->Create("/f");
  ASSERT_TRUE(file.ok()) << file.status();

  v1::AddBlockRequest add;
  add.set_path("/f");
  add.set_file_id(file->file_id());
  add.set_client_name("writer");
  v1::AddBlockResponse added;
  const absl::Status status =
      super_->Call(*super_->client, &v1::ClientService::Stub::AddBlock, add, added);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(added.block().locations_size(), 1);
  EXPECT_EQ(added.block().locations(0).datanode().id().ip_addr(), "127.0.0.1");
  EXPECT_EQ(added.block().locations(0).storage_id(), "DS-1");

  v1::ExtendedBlock last = added.block().block();
  last.mutable_block()->set_num_bytes(1234);
  EXPECT_EQ(super_->Complete("/f", file->file_id(), &last).value_or(true), false)
      << "no replica yet";
  ASSERT_TRUE(datanode.Received(last.block()).ok());
  EXPECT_EQ(super_->Complete("/f", file->file_id(), &last).value_or(false), true);

  v1::GetBlockLocationsRequest locate;
  locate.set_path("/f");
  locate.set_length(2000);
  v1::GetBlockLocationsResponse located;
  ASSERT_TRUE(
      super_->Call(*super_->client, &v1::ClientService::Stub::GetBlockLocations, locate, located)
          .ok());
  EXPECT_EQ(located.blocks().file_length(), 1234);
  ASSERT_EQ(located.blocks().blocks_size(), 1);
  EXPECT_EQ(located.blocks().blocks(0).locations_size(), 1);

  ::grpc::ClientContext context;
  context.AddMetadata(wire::kUserHeader, "super");
  v1::FsckRequest fsck;
  fsck.set_path("/");
  fsck.set_files(true);
  std::string text;
  v1::FsckResponse piece;
  for (auto reader = super_->admin->Fsck(&context, fsck); reader->Read(&piece);)
    text += piece.text();
  EXPECT_EQ(piece.outcome(), v1::FSCK_OUTCOME_HEALTHY);
  EXPECT_THAT(text, HasSubstr("/f 1234 bytes, replicated: replication=1, 1 block(s):  OK\n"));
  EXPECT_THAT(text, EndsWith("The filesystem under path '/' is HEALTHY"));
  ExpectTheSameOverHttp(last.block().id());

  ASSERT_TRUE(super_->Delete("/f").value_or(false));
  WaitUntil("the order to delete the replica", [&] {
    const dn::HeartbeatResponse reply = datanode.Heartbeat();
    for (const dn::Command& command : reply.commands()) {
      for (const v1::Block& block : command.invalidate().blocks()) {
        if (block.id() == last.block().id()) return true;
      }
    }
    return false;
  });
}

TEST_F(NameNodeTest, FactsAboutTheClusterAreTold) {
  Format();
  Start();
  v1::GetMetadataResponse metadata;
  ASSERT_TRUE(super_
                  ->Call(*super_->admin, &v1::AdminService::Stub::GetMetadata,
                         v1::GetMetadataRequest(), metadata)
                  .ok());
  EXPECT_EQ(metadata.cluster_id(), "CID-test");
  EXPECT_EQ(metadata.block_pool_id(), namenode_->identity().block_pool_id);
  EXPECT_GE(metadata.last_txid(), 1);
  v1::GetStatsResponse stats;
  ASSERT_TRUE(
      super_
          ->Call(*super_->client, &v1::ClientService::Stub::GetStats, v1::GetStatsRequest(), stats)
          .ok());
  EXPECT_EQ(stats.total_files(), 1);
}

}  // namespace
}  // namespace cairn::namenode
