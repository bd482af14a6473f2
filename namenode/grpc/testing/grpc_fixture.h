// The front end on loopback over a core that answers what each test says.
#pragma once

#include <chrono>
#include <memory>
#include <sstream>
#include <string>

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include "namenode/frontend/testing/fake_core.h"
#include "namenode/fsck/testing/fake_salvager.h"
#include "namenode/grpc/grpc_server.h"
#include "proto/cairn/internal/v1/datanode.grpc.pb.h"
#include "proto/cairn/v1/admin.grpc.pb.h"
#include "proto/cairn/v1/client.grpc.pb.h"
#include "wire/cairn/call_headers.h"
#include "wire/cairn/rpc_status.h"

namespace cairn::namenode::testing {

namespace dn = ::cairn::internal::v1;

// The status of a call as the core gave it.
inline absl::Status ToAbsl(const ::grpc::Status& status) {
  return wire::FromRpcStatus(static_cast<int>(status.error_code()), status.error_message(),
                             status.error_details());
}

// A server over a core that is told what to answer, and stubs that call it.
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
                      .admin = cluster_admin_,
                      .clock = SystemClock(),
                      .cluster = {.cluster_id = "CID-1",
                                  .block_pool_id = "BP-1",
                                  .namespace_id = 7,
                                  .epoch = 5,
                                  .last_txid = [] { return Txid{9}; },
                                  .software_version = "test"}};
    auto server = GrpcServer::Start(options, core, groups_, fsck_);
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

  FakeNamespace names_;
  FakeBlockManager blocks_;
  FakeAdmin cluster_admin_;
  FakeGroups groups_;
  FakeSalvager salvager_;
  FsckService fsck_{
      {.names = names_, .blocks = blocks_, .clock = SystemClock(), .salvager = salvager_}};
  std::ostringstream audit_text_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<::grpc::Channel> channel_;
  std::unique_ptr<v1::ClientService::Stub> client_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  std::unique_ptr<dn::DatanodeService::Stub> datanode_;
};

}  // namespace cairn::namenode::testing
