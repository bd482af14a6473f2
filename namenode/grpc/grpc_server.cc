// Listening, dispatch by method name, clean stop.
#include "namenode/grpc/grpc_server.h"

#include <chrono>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <spdlog/spdlog.h>
#include "absl/container/flat_hash_map.h"
#include "common/net/socket.h"
#include "common/types/limits.h"
#include "namenode/grpc/front_end.h"
#include "namenode/grpc/fsck_reactor.h"
#include "namenode/grpc/report_reactor.h"
#include "namenode/grpc/unary_reactor.h"

namespace cairn::namenode {
namespace {

constexpr int kMaxStreamsPerConnection = 1024;
constexpr int kMaxHeaderBytes = 16 << 10;

std::vector<std::string> MethodNames() {
  std::vector<std::string> names;
  for (const MethodSpec& method : MethodTable()) names.emplace_back(method.path);
  return names;
}

// Ends a call of a method that nothing here serves, once its request has come. Deletes itself.
class RefusingReactor final : public ::grpc::ServerGenericBidiReactor {
 public:
  explicit RefusingReactor(std::string method) : method_(std::move(method)) {
    handover_.Give();
    StartRead(&request_);
  }
  void OnReadDone(bool /*ok*/) override {
    handover_.Take();
    const ::grpc::Status status =
        ToGrpcStatus(absl::UnimplementedError(fmt::format("no such method: {}", method_)));
    handover_.Give();
    Finish(status);
  }
  void OnDone() override {
    handover_.Take();
    delete this;
  }

 private:
  Handover handover_;
  const std::string method_;
  ::grpc::ByteBuffer request_;
};

// Finds the method of a call and gives it a reactor.
class Dispatcher final : public ::grpc::CallbackGenericService {
 public:
  explicit Dispatcher(FrontEnd& front) : front_(front) {
    for (size_t i = 0; i < MethodTable().size(); ++i) {
      methods_.emplace(std::string(MethodTable()[i].path), i);
    }
  }

  ::grpc::ServerGenericBidiReactor* CreateReactor(
      ::grpc::GenericCallbackServerContext* context) override {
    const auto found = methods_.find(context->method());
    if (found == methods_.end()) {
      return new RefusingReactor(context->method());
    }
    const size_t index = found->second;
    const MethodSpec& method = MethodTable()[index];
    switch (method.shape) {
      case CallShape::kBlockReport:
        return new ReportReactor(front_, method, index, *context);
      case CallShape::kFsck:
        return new FsckReactor(front_, method, index, *context);
      case CallShape::kUnary:
        break;
    }
    return new UnaryReactor(front_, method, index, *context);
  }

 private:
  FrontEnd& front_;
  absl::flat_hash_map<std::string, size_t> methods_;
};

// The implementation, apart from the header so that gRPC's types stay in this folder.
class GrpcServerImpl final : public GrpcServer {
 public:
  GrpcServerImpl(const GrpcServerOptions& options, FrontEndCore core, GroupResolver& groups,
                 FsckService& fsck)
      : client_pool_("grpc-client", options.client_threads),
        datanode_pool_("grpc-datanode", options.datanode_threads),
        front_{.core = core,
               .resolver = CallerResolver(options.superusers, groups),
               .audit = AuditLog(options.audit_logger),
               .metrics = CallMetrics(MethodNames()),
               .fsck = fsck,
               .client_pool = client_pool_,
               .datanode_pool = datanode_pool_,
               .max_queued_calls = options.max_queued_calls},
        dispatcher_(front_) {}
  ~GrpcServerImpl() override { Shutdown(0); }

  absl::Status Listen(const GrpcServerOptions& options) {
    const bool v6 = options.host.find(':') != std::string::npos;
    const std::string address = v6 ? fmt::format("[{}]:{}", options.host, options.port)
                                   : fmt::format("{}:{}", options.host, options.port);
    // gRPC does not return why a port cannot be had, and logs it at length: asked first.
    if (const auto free = TcpListener::Listen({options.host, options.port}); !free.ok()) {
      return absl::UnavailableError(
          fmt::format("{} (cairn.namenode.grpc-address)", std::string(free.status().message())));
    }
    ::grpc::ResourceQuota quota("cairn-namenode");
    quota.Resize(options.max_memory_bytes);
    ::grpc::ServerBuilder builder;
    builder.AddListeningPort(address, ::grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&dispatcher_);
    builder.SetMaxReceiveMessageSize(limits::kMaxGrpcMessageBytes);
    builder.SetMaxSendMessageSize(limits::kMaxGrpcMessageBytes);
    builder.SetResourceQuota(quota);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxHeaderBytes);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // two NameNodes on one port: an error
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(fmt::format("cannot serve gRPC on {}", address));
    }
    spdlog::info("gRPC: listening on {} port {}", options.host, port_);
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  std::vector<MethodStats> Metrics() const override { return front_.metrics.Snapshot(); }

  void Shutdown(int64_t grace_ms) override {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(grace_ms));
    server_->Wait();
    server_.reset();  // waits for every reactor
    client_pool_.Shutdown();
    datanode_pool_.Shutdown();
  }

 private:
  Executor client_pool_;
  Executor datanode_pool_;
  FrontEnd front_;
  Dispatcher dispatcher_;
  std::unique_ptr<::grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              FrontEndCore core,
                                                              GroupResolver& groups,
                                                              FsckService& fsck) {
  auto server = std::make_unique<GrpcServerImpl>(options, std::move(core), groups, fsck);
  const absl::Status listening = server->Listen(options);
  if (!listening.ok()) return listening;
  return server;
}

}  // namespace cairn::namenode
