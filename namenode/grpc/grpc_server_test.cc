// The front end over real gRPC on loopback, with a core that answers what each test says.
#include "namenode/grpc/grpc_server.h"

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>
#include "common/types/limits.h"
#include "namenode/grpc/method_table.h"
#include "namenode/grpc/testing/grpc_fixture.h"

namespace cairn::namenode {
namespace {

namespace dn = ::cairn::internal::v1;
using ::testing::ElementsAre;
using testing::GrpcServerTest;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::ToAbsl;

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
  Mutex mu;  // the order that the reply gives is not visible to the thread sanitizer
  std::vector<Caller> callers;
  names_.on_mkdirs = [&](const Caller& caller, MkdirsRequest request, Done<bool> done) {
    EXPECT_EQ(request.path, "/d");
    EXPECT_EQ(request.mode, 0755);
    MutexLock lock(mu);
    callers.push_back(caller);
    done(true);
  };
  Start();
  for (const std::string user : {"Zo\xc3\xab", "admin", "hdfs"}) {
    ASSERT_TRUE(Mkdirs(user, "/d").ok());
  }
  MutexLock lock(mu);
  ASSERT_EQ(callers.size(), 3u);
  EXPECT_EQ(callers[0].user, "Zo\xc3\xab");
  EXPECT_EQ(callers[0].address, "127.0.0.1");
  EXPECT_THAT(*callers[0].groups, ElementsAre("users"));
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
  Mutex mu;
  CallId seen;
  names_.on_delete = [&](const Caller& caller, const std::string&, Done<bool> done) {
    MutexLock lock(mu);
    seen = caller.call;
    done(true);
  };
  Start();
  bool deleted = false;
  ASSERT_TRUE(Delete("/f", 41, deleted).ok());
  EXPECT_TRUE(deleted);
  MutexLock lock(mu);
  EXPECT_EQ(seen.client_id.bytes(), std::string(16, 'c'));
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

TEST_F(GrpcServerTest, ASecondServerCannotTakeThePort) {
  Start();
  GrpcServerOptions options;
  options.host = "127.0.0.1";
  options.port = server_->port();
  FrontEndCore core{.names = names_,
                    .blocks = blocks_,
                    .admin = cluster_admin_,
                    .clock = SystemClock(),
                    .cluster = {}};
  const auto second = GrpcServer::Start(options, core, groups_, fsck_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(second.status().ToString(),
              ::testing::HasSubstr(
                  fmt::format("127.0.0.1:{}: bind: Address already in use", server_->port())));
}

TEST_F(GrpcServerTest, AppendAndTruncateAreExactlyOnceAndAudited) {
  names_.on_append = [](const Caller& caller, AppendRequest request, Done<AppendResult> done) {
    EXPECT_TRUE(caller.call.remembered());
    EXPECT_EQ(request.path + request.client_name, "/fholder");
    EXPECT_TRUE(request.new_block);
    AppendResult result;
    result.status.file_id = 17000;
    result.last_block = {"BP-1", {7, 1001, 42}};
    done(std::move(result));
  };
  names_.on_truncate = [](const Caller&, TruncateRequest request, Done<bool> done) {
    EXPECT_EQ(request.path + request.client_name, "/fholder");
    done(request.new_length == 0);
  };
  Start();
  v1::AppendRequest append;
  append.set_path("/f");
  append.set_client_name("holder");
  append.set_new_block(true);
  v1::AppendResponse appended;
  {
    ::grpc::ClientContext context;
    SetUp(context, "joe");
    EXPECT_FALSE(client_->Append(&context, append, &appended).ok()) << "without a call id";
  }
  {
    ::grpc::ClientContext context;
    SetUp(context, "joe", 1);
    ASSERT_TRUE(client_->Append(&context, append, &appended).ok());
  }
  EXPECT_FALSE(appended.has_block());
  EXPECT_EQ(appended.last_block().block().num_bytes(), 42);
  EXPECT_EQ(appended.status().file_id(), 17000);
  for (const int64_t length : {0, 5}) {
    ::grpc::ClientContext context;
    SetUp(context, "joe", 2);
    v1::TruncateRequest truncate;
    truncate.set_path("/f");
    truncate.set_client_name("holder");
    truncate.set_new_length(length);
    v1::TruncateResponse truncated;
    ASSERT_TRUE(client_->Truncate(&context, truncate, &truncated).ok());
    EXPECT_EQ(truncated.done(), length == 0);
  }
  server_->Shutdown(1000);
  EXPECT_THAT(audit_text_.str(), ::testing::HasSubstr("cmd=append\tsrc=/f"));
  EXPECT_THAT(audit_text_.str(), ::testing::HasSubstr("cmd=truncate\tsrc=/f"));
}

}  // namespace
}  // namespace cairn::namenode
