// The front end over real gRPC on loopback, with a core that answers what each test says.
#include "namenode/grpc/grpc_server.h"

#include <chrono>
#include <limits>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include "common/types/limits.h"
#include "namenode/grpc/method_table.h"
#include "namenode/grpc/testing/fake_core.h"
#include "proto/cairn/internal/v1/datanode.grpc.pb.h"
#include "proto/cairn/v1/admin.grpc.pb.h"
#include "proto/cairn/v1/client.grpc.pb.h"
#include "wire/cairn/call_headers.h"
#include "wire/cairn/rpc_status.h"

namespace cairn::namenode {
namespace {

namespace dn = ::cairn::internal::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

absl::Status ToAbsl(const ::grpc::Status& status) {
  return wire::FromRpcStatus(static_cast<int>(status.error_code()), status.error_message(),
                             status.error_details());
}

class GrpcServerTest : public ::testing::Test {
 protected:
  void Start(size_t max_queued_calls = 1000, int client_threads = 2) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(audit_text_);
    auto logger = std::make_shared<spdlog::logger>("audit", sink);
    logger->set_pattern("%v");
    GrpcServerOptions options;
    options.host = "127.0.0.1";
    options.client_threads = client_threads;
    options.datanode_threads = 2;
    options.max_queued_calls = max_queued_calls;
    options.superusers = {.owner = "hdfs", .supergroup = "supergroup"};
    options.audit_logger = logger;
    FrontEndCore core{.names = names_,
                      .blocks = blocks_,
                      .clock = SystemClock(),
                      .cluster = {.cluster_id = "CID-1",
                                  .block_pool_id = "BP-1",
                                  .namespace_id = 7,
                                  .epoch = 5,
                                  .last_txid = [] { return Txid{9}; },
                                  .software_version = "test"}};
    auto server = GrpcServer::Start(options, core, groups_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    ::grpc::ChannelArguments arguments;
    arguments.SetMaxSendMessageSize(64 << 20);
    channel_ = ::grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                           ::grpc::InsecureChannelCredentials(), arguments);
    client_ = v1::ClientService::NewStub(channel_);
    admin_ = v1::AdminService::NewStub(channel_);
    datanode_ = dn::DatanodeService::NewStub(channel_);
  }

  // Headers of a call by `user`, with a deadline that only a broken server meets.
  static void SetUp(::grpc::ClientContext& context, const std::string& user, int call_id = -1) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!user.empty()) context.AddMetadata(wire::kUserHeader, wire::EncodeUserName(user));
    if (call_id < 0) return;
    context.AddMetadata(wire::kClientIdHeader, wire::EncodeClientId(std::string(16, 'c')));
    context.AddMetadata(wire::kCallIdHeader, std::to_string(call_id));
  }

  absl::Status Mkdirs(const std::string& user, const std::string& path) {
    ::grpc::ClientContext context;
    SetUp(context, user);
    v1::MkdirsRequest request;
    request.set_path(path);
    request.set_permission(0755);
    v1::MkdirsResponse response;
    return ToAbsl(client_->Mkdirs(&context, request, &response));
  }

  absl::Status Delete(const std::string& path, int call_id, bool& deleted) {
    ::grpc::ClientContext context;
    SetUp(context, "joe", call_id);
    v1::DeleteRequest request;
    request.set_path(path);
    v1::DeleteResponse response;
    const ::grpc::Status status = client_->Delete(&context, request, &response);
    deleted = response.deleted();
    return ToAbsl(status);
  }

  // Sends raw bytes to any method and returns the status.
  absl::Status Raw(const std::string& method, const std::string& bytes) {
    ::grpc::ClientContext context;
    SetUp(context, "joe", 1);
    ::grpc::GenericStub stub(channel_);
    ::grpc::CompletionQueue queue;
    ::grpc::Slice slice(bytes);
    ::grpc::ByteBuffer request(&slice, 1);
    ::grpc::ByteBuffer response;
    ::grpc::Status status;
    auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    call->Finish(&response, &status, &queue);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ToAbsl(status);
  }

  dn::Sender RegisterDatanode() {
    ::grpc::ClientContext context;
    dn::RegisterRequest request = Registration();
    dn::RegisterResponse response;
    const ::grpc::Status status = datanode_->Register(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    dn::Sender sender;
    sender.set_datanode_uuid("u1");
    sender.set_registration_id(response.registration_id());
    sender.set_block_pool_id("BP-1");
    return sender;
  }

  static dn::RegisterRequest Registration() {
    dn::RegisterRequest request;
    request.mutable_datanode()->set_uuid("u1");
    request.mutable_datanode()->set_host_name("dn1");
    request.mutable_datanode()->set_xfer_port(9866);
    request.set_cluster_id("CID-1");
    request.set_block_pool_id("BP-1");
    request.set_namespace_id(7);
    request.add_storages()->set_storage_id("DS-1");
    return request;
  }

  testing::FakeNamespace names_;
  testing::FakeBlockManager blocks_;
  testing::FakeGroups groups_;
  std::ostringstream audit_text_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<::grpc::Channel> channel_;
  std::unique_ptr<v1::ClientService::Stub> client_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  std::unique_ptr<dn::DatanodeService::Stub> datanode_;
};

TEST(MethodTableTest, HasEveryMethodOfTheProtocolsAndNoOther) {
  std::set<std::string> served;
  for (const MethodSpec& method : MethodTable()) served.emplace(method.path);
  std::set<std::string> declared;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const char* name :
       {"cairn.v1.ClientService", "cairn.v1.AdminService", "cairn.internal.v1.DatanodeService"}) {
    const auto* service = pool->FindServiceByName(name);
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      declared.insert(fmt::format("/{}/{}", name, service->method(i)->name()));
    }
  }
  EXPECT_EQ(served, declared);
}

TEST_F(GrpcServerTest, CallerIsBuiltFromHeadersAndGroups) {
  std::vector<Caller> callers;
  names_.on_mkdirs = [&](const Caller& caller, MkdirsRequest request, Done<bool> done) {
    EXPECT_EQ(request.path, "/d");
    EXPECT_EQ(request.mode, 0755);
    callers.push_back(caller);
    done(true);
  };
  Start();
  for (const std::string user : {"Zo\xc3\xab", "admin", "hdfs"}) {
    ASSERT_TRUE(Mkdirs(user, "/d").ok());
  }
  ASSERT_EQ(callers.size(), 3u);
  EXPECT_EQ(callers[0].user, "Zo\xc3\xab");
  EXPECT_EQ(callers[0].address, "127.0.0.1");
  EXPECT_THAT(callers[0].groups, ElementsAre("users"));
  EXPECT_FALSE(callers[0].superuser);
  EXPECT_FALSE(callers[0].call.remembered());
  EXPECT_TRUE(callers[1].superuser) << "member of the supergroup";
  EXPECT_TRUE(callers[2].superuser) << "owner of the NameNode";
}

TEST_F(GrpcServerTest, CallsWithoutNeededHeadersAreRefused) {
  Start();
  const absl::Status no_user = Mkdirs("", "/d");
  EXPECT_EQ(no_user.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(no_user.message()), HasSubstr("cairn-user"));
  bool deleted = false;
  const absl::Status no_call_id = Delete("/f", -1, deleted);
  EXPECT_EQ(no_call_id.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(no_call_id.message()), HasSubstr("cairn-client-id"));
}

TEST_F(GrpcServerTest, ExactlyOnceIdentityReachesTheCore) {
  CallId seen;
  names_.on_delete = [&](const Caller& caller, const std::string&, Done<bool> done) {
    seen = caller.call;
    done(true);
  };
  Start();
  bool deleted = false;
  ASSERT_TRUE(Delete("/f", 41, deleted).ok());
  EXPECT_TRUE(deleted);
  EXPECT_EQ(seen.client_id, std::string(16, 'c'));
  EXPECT_EQ(seen.call_id, 41);
}

TEST_F(GrpcServerTest, ErrorsKeepKindAndText) {
  names_.on_get_file_info = [](const Caller&, const std::string& path,
                               Done<std::optional<FileStatus>> done) {
    done(errors::SafeMode("read " + path, "The tip."));
  };
  Start();
  ::grpc::ClientContext context;
  SetUp(context, "joe");
  v1::GetFileInfoRequest request;
  request.set_path("/f");
  v1::GetFileInfoResponse response;
  const absl::Status status = ToAbsl(client_->GetFileInfo(&context, request, &response));
  EXPECT_EQ(status, errors::SafeMode("read /f", "The tip."));
}

TEST_F(GrpcServerTest, ReplyMayComeFromAnotherThread) {
  std::thread other;
  names_.on_mkdirs = [&](const Caller&, MkdirsRequest, Done<bool> done) {
    other = std::thread([done = std::move(done)]() mutable { done(true); });
  };
  Start();
  EXPECT_TRUE(Mkdirs("joe", "/d").ok());
  server_->Shutdown(5000);  // after it the handler has returned and `other` is set
  other.join();
}

TEST_F(GrpcServerTest, GarbageIsNamed) {
  Start();
  const absl::Status garbage = Raw("/cairn.v1.ClientService/Delete", "\xff\xff\xff\xff");
  EXPECT_EQ(garbage.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(garbage.message()), HasSubstr("/cairn.v1.ClientService/Delete"));
  // Field 1 (path) with a byte that is not UTF-8.
  const absl::Status not_utf8 =
      Raw("/cairn.v1.ClientService/Delete", std::string("\x0a\x02/\xff", 4));
  EXPECT_EQ(not_utf8.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(not_utf8.message()), HasSubstr("UTF-8"));
  const absl::Status unknown = Raw("/cairn.v1.ClientService/NoSuch", "");
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("NoSuch"));
}

TEST_F(GrpcServerTest, OversizedMessagesAreRefusedAndTheServerLives) {
  names_.on_mkdirs = [](const Caller&, MkdirsRequest, Done<bool> done) { done(true); };
  Start();
  const absl::Status status = Mkdirs("joe", std::string(limits::kMaxGrpcMessageBytes + 1, 'x'));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(Mkdirs("joe", "/d").ok());
}

TEST_F(GrpcServerTest, LongErrorTextsArrive) {
  names_.on_mkdirs = [](const Caller&, MkdirsRequest request, Done<bool> done) {
    done(errors::FileDoesNotExist(request.path));
  };
  Start();
  std::string path;
  for (int i = 0; i < 2600; ++i) path += "\xe2\x82\xac";
  const absl::Status status = Mkdirs("joe", path);
  EXPECT_TRUE(Is(status, ErrorKind::kFileNotFound)) << status;
  EXPECT_THAT(std::string(status.message()), StartsWith("File does not exist: \xe2\x82\xac"));
}

TEST_F(GrpcServerTest, AuditLinesAreAsHdfsWritesThem) {
  names_.on_create = [](const Caller&, CreateRequest request, Done<FileStatus> done) {
    EXPECT_EQ(request.replication, 2) << "0 means the server's default";
    EXPECT_EQ(request.block_size, 1 << 20);
    FileStatus status;
    status.owner = "joe";
    status.group = "users";
    status.permission = 01644;
    done(status);
  };
  names_.on_delete = [](const Caller&, const std::string& path, Done<bool> done) {
    if (path == "/denied") {
      done(MakeError(ErrorKind::kAccessControl, "no"));
    } else if (path == "/broken") {
      done(errors::Io("broken"));
    } else {
      done(false);
    }
  };
  Start();
  ::grpc::ClientContext context;
  SetUp(context, "joe", 1);
  context.AddMetadata(wire::kRealUserHeader, "oozie");
  v1::CreateRequest request;
  request.set_path("/a\tb");
  v1::CreateResponse response;
  ASSERT_TRUE(client_->Create(&context, request, &response).ok());
  bool deleted = false;
  EXPECT_FALSE(Delete("/denied", 2, deleted).ok());
  EXPECT_FALSE(Delete("/broken", 3, deleted).ok());
  EXPECT_TRUE(Delete("/nothing", 4, deleted).ok());
  server_->Shutdown(1000);
  EXPECT_EQ(
      audit_text_.str(),
      "allowed=true\tugi=joe (auth:PROXY) via oozie (auth:SIMPLE)\tip=/127.0.0.1\tcmd=create\t"
      "src=/a\\tb\tdst=null\tperm=joe:users:rw-r--r-T\tproto=grpc\n"
      "allowed=false\tugi=joe (auth:SIMPLE)\tip=/127.0.0.1\tcmd=delete\tsrc=/denied\tdst=null\t"
      "perm=null\tproto=grpc\n"
      "allowed=false\tugi=joe (auth:SIMPLE)\tip=/127.0.0.1\tcmd=delete\tsrc=/nothing\tdst=null\t"
      "perm=null\tproto=grpc\n");
}

TEST_F(GrpcServerTest, CallsAreCounted) {
  names_.on_mkdirs = [](const Caller&, MkdirsRequest request, Done<bool> done) {
    request.path == "/bad" ? done(errors::Io("bad")) : done(true);
  };
  Start();
  (void)Mkdirs("joe", "/d");
  (void)Mkdirs("joe", "/bad");
  server_->Shutdown(1000);
  for (const MethodStats& method : server_->Metrics()) {
    const bool mkdirs = method.method == "/cairn.v1.ClientService/Mkdirs";
    EXPECT_EQ(method.calls, mkdirs ? 2 : 0) << method.method;
    EXPECT_EQ(method.failures, mkdirs ? 1 : 0) << method.method;
  }
}

// Blocks every client thread, as a slow disk would.
class Gate {
 public:
  void Wait() {
    MutexLock lock(mu_);
    ++waiting_;
    changed_.NotifyAll();
    while (!open_) changed_.Wait(mu_);
  }
  void WaitForWaiters(int count) {
    MutexLock lock(mu_);
    while (waiting_ < count) changed_.Wait(mu_);
  }
  void Open() {
    MutexLock lock(mu_);
    open_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mu_;
  CondVar changed_;
  int waiting_ GUARDED_BY(mu_) = 0;
  bool open_ GUARDED_BY(mu_) = false;
};

TEST_F(GrpcServerTest, HeartbeatsPassWhileClientCallsAreStuckAndFurtherClientsAreToldToRetry) {
  Gate gate;
  names_.on_mkdirs = [&](const Caller&, MkdirsRequest, Done<bool> done) {
    gate.Wait();
    done(true);
  };
  Start(/*max_queued_calls=*/1, /*client_threads=*/2);
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] { EXPECT_TRUE(Mkdirs("joe", "/d").ok()); });
    gate.WaitForWaiters(i + 1);
  }
  // One more waits in the queue or is refused; of two, at least one is.
  std::atomic<int> refused{0};
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      const absl::Status status = Mkdirs("joe", "/d");
      if (!status.ok()) {
        EXPECT_TRUE(Is(status, ErrorKind::kRetriable)) << status;
        ++refused;
      }
    });
  }
  const dn::Sender sender = RegisterDatanode();
  for (int i = 0; i < 10; ++i) {
    ::grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    dn::HeartbeatRequest request;
    *request.mutable_sender() = sender;
    dn::HeartbeatResponse response;
    EXPECT_TRUE(datanode_->Heartbeat(&context, request, &response).ok());
    EXPECT_EQ(response.epoch(), 5);
    EXPECT_EQ(response.commands_size(), 0);
  }
  while (refused.load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  gate.Open();
  for (std::thread& client : clients) client.join();
}

TEST_F(GrpcServerTest, DatanodesOfOtherClustersAreRefused) {
  Start();
  const auto refused = [&](const dn::RegisterRequest& request) {
    ::grpc::ClientContext context;
    dn::RegisterResponse response;
    return ToAbsl(datanode_->Register(&context, request, &response));
  };
  dn::RegisterRequest request = Registration();
  request.set_cluster_id("CID-other");
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIncorrectVersion));
  EXPECT_THAT(std::string(refused(request).message()), HasSubstr("CID-other"));
  request = Registration();
  request.set_block_pool_id("BP-other");
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIncorrectVersion));
  request = Registration();
  request.set_namespace_id(8);
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIncorrectVersion));
  request = Registration();
  request.mutable_datanode()->clear_uuid();
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIllegalArgument));
  request = Registration();
  request.mutable_datanode()->set_xfer_port(70000);
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIllegalArgument));
  EXPECT_TRUE(blocks_.registrations().empty());
}

TEST_F(GrpcServerTest, RegistrationGetsTheCallersAddress) {
  Start();
  (void)RegisterDatanode();
  ASSERT_EQ(blocks_.registrations().size(), 1u);
  EXPECT_EQ(blocks_.registrations()[0].id.ip_addr, "127.0.0.1");
}

TEST_F(GrpcServerTest, StaleRegistrationsAreToldToRegisterAgain) {
  Start();
  const dn::Sender old = RegisterDatanode();
  (void)RegisterDatanode();
  ::grpc::ClientContext heartbeat;
  dn::HeartbeatRequest request;
  *request.mutable_sender() = old;
  dn::HeartbeatResponse response;
  ASSERT_TRUE(datanode_->Heartbeat(&heartbeat, request, &response).ok());
  ASSERT_EQ(response.commands_size(), 1);
  EXPECT_TRUE(response.commands(0).has_reregister());

  ::grpc::ClientContext report;
  dn::ReportChangesRequest changes;
  *changes.mutable_sender() = old;
  dn::ReportChangesResponse ignored;
  EXPECT_TRUE(Is(ToAbsl(datanode_->ReportChanges(&report, changes, &ignored)),
                 ErrorKind::kUnregisteredNode));

  ::grpc::ClientContext foreign;
  changes.mutable_sender()->set_block_pool_id("BP-other");
  const absl::Status status = ToAbsl(datanode_->ReportChanges(&foreign, changes, &ignored));
  EXPECT_EQ(status, errors::UnexpectedBlockPool("BP-other", "BP-1"));
}

TEST_F(GrpcServerTest, CommandsTravelInHeartbeatReplies) {
  blocks_.on_heartbeat = [](const HeartbeatRequest& request) -> absl::StatusOr<DatanodeCommands> {
    EXPECT_EQ(request.uuid, "u1");
    EXPECT_EQ(request.storages.size(), 1u);
    EXPECT_TRUE(request.storages[0].failed);
    EXPECT_EQ(request.storages[0].remaining, 11);
    DatanodeCommands commands;
    commands.send_full_report = true;
    commands.invalidate = {{1, 1001, 5}, {2, 1002, 6}};
    commands.transfers.push_back({.block = {"BP-1", {3, 1003, 7}}, .targets = {ReplicaLocation{}}});
    return commands;
  };
  Start();
  ::grpc::ClientContext context;
  dn::HeartbeatRequest request;
  *request.mutable_sender() = RegisterDatanode();
  dn::StorageReport& report = *request.add_storages();
  report.mutable_storage()->set_storage_id("DS-1");
  report.mutable_storage()->set_state(dn::STORAGE_STATE_FAILED);
  report.set_remaining(11);
  dn::HeartbeatResponse response;
  ASSERT_TRUE(datanode_->Heartbeat(&context, request, &response).ok());
  EXPECT_TRUE(response.full_report_wanted());
  ASSERT_EQ(response.commands_size(), 2);
  EXPECT_EQ(response.commands(0).transfer().block().block().id(), 3);
  EXPECT_EQ(response.commands(0).transfer().targets_size(), 1);
  EXPECT_EQ(response.commands(1).invalidate().blocks_size(), 2);
}

// Chunks of a report with one replica each.
class ReportTest : public GrpcServerTest {
 protected:
  static constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

  dn::BlockReportChunk Chunk(int64_t first, int64_t last, std::vector<int64_t> ids,
                             const std::string& storage = "DS-1") {
    dn::BlockReportChunk chunk;
    *chunk.mutable_sender() = sender_;
    chunk.set_storage_id(storage);
    chunk.set_sequence(3);
    chunk.set_first_id(first);
    chunk.set_last_id(last);
    for (const int64_t id : ids) {
      dn::Replica& replica = *chunk.add_replicas();
      replica.set_id(id);
      replica.set_generation_stamp(1001);
      replica.set_length(10);
    }
    return chunk;
  }

  absl::Status Report(const std::vector<dn::BlockReportChunk>& chunks) {
    ::grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    dn::BlockReportResponse response;
    auto writer = datanode_->ReportBlocks(&context, &response);
    for (const dn::BlockReportChunk& chunk : chunks) writer->Write(chunk);
    writer->WritesDone();
    const ::grpc::Status status = writer->Finish();
    if (status.ok()) EXPECT_EQ(response.epoch(), 5);
    return ToAbsl(status);
  }

  dn::Sender sender_;
};

TEST_F(ReportTest, ChunksReachTheBlockManagerInOrder) {
  Start();
  sender_ = RegisterDatanode();
  ASSERT_TRUE(
      Report({Chunk(kMin, 5, {1, 5}), Chunk(6, kMax, {7}), Chunk(kMin, kMax, {}, "DS-2")}).ok());
  const std::vector<ReportChunk> chunks = blocks_.chunks();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].sequence, 3);
  EXPECT_FALSE(chunks[0].last_chunk);
  EXPECT_EQ(chunks[0].replicas.size(), 2u);
  EXPECT_TRUE(chunks[1].last_chunk);
  EXPECT_EQ(chunks[1].replicas[0].block, (Block{7, 1001, 10}));
  EXPECT_EQ(chunks[2].storage_id, "DS-2");
  EXPECT_TRUE(chunks[2].last_chunk);
}

TEST_F(ReportTest, ReportsThatBreakTheRulesAreRefused) {
  Start();
  sender_ = RegisterDatanode();
  const std::vector<std::vector<dn::BlockReportChunk>> bad = {
      {Chunk(0, kMax, {})},                              // a gap at the start
      {Chunk(kMin, 5, {}), Chunk(7, kMax, {})},          // a gap within
      {Chunk(kMin, 5, {})},                              // no last chunk
      {Chunk(kMin, 5, {}), Chunk(6, kMax, {}, "DS-2")},  // another storage in between
      {Chunk(kMin, kMax, {2, 1})},                       // not sorted
      {Chunk(kMin, kMax, {1, 1})},                       // twice
      {Chunk(kMin, 5, {6})},                             // outside its chunk
      {Chunk(kMin, kMax, {1}, "")},                      // no storage
  };
  for (const auto& chunks : bad) {
    const absl::Status status = Report(chunks);
    EXPECT_TRUE(Is(status, ErrorKind::kIllegalArgument)) << status;
  }
  sender_.set_registration_id(99);
  EXPECT_TRUE(Is(Report({Chunk(kMin, kMax, {})}), ErrorKind::kUnregisteredNode));
}

TEST_F(ReportTest, ChangesReachTheBlockManager) {
  Start();
  ::grpc::ClientContext context;
  dn::ReportChangesRequest request;
  *request.mutable_sender() = RegisterDatanode();
  dn::StorageChanges& storage = *request.add_storages();
  storage.mutable_storage()->set_storage_id("DS-1");
  dn::ReplicaChange& change = *storage.add_changes();
  change.set_sequence(4);
  change.mutable_block()->set_id(8);
  change.set_kind(dn::CHANGE_KIND_RECEIVED);
  change.set_delete_hint("u2");
  dn::ReportChangesResponse response;
  ASSERT_TRUE(datanode_->ReportChanges(&context, request, &response).ok());
  const std::vector<ReplicaChange> changes = blocks_.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].sequence, 4);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceived);
  EXPECT_EQ(changes[0].delete_hint, "u2");

  ::grpc::ClientContext again;
  storage.mutable_changes(0)->set_kind(dn::CHANGE_KIND_UNSPECIFIED);
  EXPECT_TRUE(Is(ToAbsl(datanode_->ReportChanges(&again, request, &response)),
                 ErrorKind::kIllegalArgument));
}

// Runs fsck and returns the text and the outcome.
std::pair<std::string, v1::FsckOutcome> Fsck(v1::AdminService::Stub& admin, bool files) {
  ::grpc::ClientContext context;
  context.AddMetadata(wire::kUserHeader, "joe");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::FsckRequest request;
  request.set_path("/d");
  request.set_files(files);
  auto reader = admin.Fsck(&context, request);
  std::string text;
  v1::FsckOutcome outcome = v1::FSCK_OUTCOME_UNSPECIFIED;
  for (v1::FsckResponse piece; reader->Read(&piece);) {
    EXPECT_EQ(outcome, v1::FSCK_OUTCOME_UNSPECIFIED) << "nothing follows the outcome";
    text += piece.text();
    outcome = piece.outcome();
  }
  const ::grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return {text, outcome};
}

TEST_F(GrpcServerTest, FsckStreamsMoreTextThanIsBuffered) {
  constexpr int kDirectories = 40'000;
  std::thread walker;
  names_.on_walk = [&](const auto& visit, DoneVoid done) {
    walker = std::thread([visit, done = std::move(done)]() mutable {
      FileStatus status;
      status.type = FileType::kDirectory;
      for (int i = 0; i < kDirectories; ++i) {
        if (!visit(fmt::format("/d/a-directory-with-a-rather-long-name-{}", i), status)) break;
      }
      done(absl::OkStatus());
    });
  };
  Start();
  const auto [text, outcome] = Fsck(*admin_, true);
  server_->Shutdown(5000);
  walker.join();
  EXPECT_EQ(outcome, v1::FSCK_OUTCOME_HEALTHY);
  EXPECT_THAT(text, StartsWith("FSCK started by joe (auth:SIMPLE) from /127.0.0.1 for path /d at"));
  EXPECT_THAT(text, HasSubstr(fmt::format(" Total dirs:\t\t\t{}\n", kDirectories)));
  EXPECT_THAT(text, HasSubstr("rather-long-name-39999 <dir>\n"));
}

TEST_F(GrpcServerTest, FsckOfAMissingPathIsAnOutcome) {
  names_.on_walk = [](const auto&, DoneVoid done) { done(errors::FileDoesNotExist("/d")); };
  Start();
  const auto [text, outcome] = Fsck(*admin_, false);
  EXPECT_EQ(outcome, v1::FSCK_OUTCOME_NOT_FOUND);
  EXPECT_THAT(text, HasSubstr("Path '/d' does not exist"));
}

TEST_F(GrpcServerTest, FsckEndsWhenItsReaderIsGone) {
  std::thread walker;
  std::atomic<bool> stopped{false};
  names_.on_walk = [&](const auto& visit, DoneVoid done) {
    walker = std::thread([visit, &stopped, done = std::move(done)]() mutable {
      FileStatus status;
      status.type = FileType::kDirectory;
      while (visit(std::string(1000, 'x'), status)) {
      }
      stopped = true;
      done(absl::OkStatus());
    });
  };
  Start();
  {
    ::grpc::ClientContext context;
    context.AddMetadata(wire::kUserHeader, "joe");
    v1::FsckRequest request;
    request.set_path("/d");
    request.set_files(true);
    auto reader = admin_->Fsck(&context, request);
    v1::FsckResponse piece;
    EXPECT_TRUE(reader->Read(&piece));
    context.TryCancel();
    while (reader->Read(&piece)) {
    }
    EXPECT_FALSE(reader->Finish().ok());
  }
  server_->Shutdown(5000);
  ASSERT_TRUE(walker.joinable());
  walker.join();
  EXPECT_TRUE(stopped);
}

TEST_F(GrpcServerTest, ASecondServerCannotTakeThePort) {
  Start();
  GrpcServerOptions options;
  options.host = "127.0.0.1";
  options.port = server_->port();
  FrontEndCore core{.names = names_, .blocks = blocks_, .clock = SystemClock(), .cluster = {}};
  const auto second = GrpcServer::Start(options, core, groups_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace cairn::namenode
