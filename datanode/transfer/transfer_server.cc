// Acceptor and dispatch of the data port.
#include "datanode/transfer/transfer_server.h"

#include <spdlog/spdlog.h>

#include "absl/strings/str_replace.h"
#include "datanode/transfer/block_checksum.h"
#include "datanode/transfer/move_block.h"
#include "datanode/transfer/read_block.h"
#include "datanode/transfer/short_circuit.h"
#include "datanode/transfer/write_block.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

namespace {

// Pause after the system ran out of descriptors.
constexpr int64_t kAcceptPauseMs = 100;
// A thread waits this long for the next operation of its connection before it gives both back: a
// client that reads in small pieces asks again at once.
constexpr int64_t kLingerMs = 1;

// One overload per operation: the table of what is served.
struct Handlers {
  OperationContext& context;
  BlockCopier& copier;

  AfterOperation operator()(const wire::WriteBlockOp& op) { return WriteBlock(context, op); }
  AfterOperation operator()(const wire::ReadBlockOp& op) { return ReadBlock(context, op); }
  AfterOperation operator()(const wire::TransferBlockOp& op) {
    return TransferBlock(context, copier, op);
  }
  AfterOperation operator()(const wire::BlockChecksumOp& op) { return BlockChecksum(context, op); }
  AfterOperation operator()(const wire::ReplaceBlockOp& op) { return ReplaceBlock(context, op); }
  AfterOperation operator()(const wire::CopyBlockOp& op) { return CopyBlock(context, op); }
  AfterOperation operator()(const wire::RequestFdsOp& op) { return RequestFds(context, op); }
  AfterOperation operator()(const wire::ReleaseFdsOp& op) { return ReleaseFds(context, op); }
  AfterOperation operator()(const wire::RequestShmOp& op) { return RequestShm(context, op); }
};

}  // namespace

TransferServer::TransferServer(const TransferOptions& options,
                               std::unique_ptr<TcpListener> listener, BlockStore& store,
                               const Clock& clock)
    : options_(options),
      port_(listener->port()),
      listener_(std::move(listener)),
      store_(store),
      clock_(clock),
      balance_throttler_(options.balance_bandwidth, clock),
      mover_slots_(options.balance_max_moves),
      threads_(options.max_transfer_threads),
      services_{.store = store,
                .options = options_,
                .clock = clock_,
                .threads = threads_,
                .balance_throttler = balance_throttler_,
                .mover_slots = mover_slots_,
                .short_circuit = short_circuit_,
                .self = {.uuid = store.datanode_uuid(),
                         .host_name = options.host_name,
                         .xfer_port = port_}},
      copier_(services_),
      idle_(options.max_idle_connections, clock,
            [this](std::unique_ptr<FrameSocket> connection) { OnReady(std::move(connection)); }) {}

absl::StatusOr<std::unique_ptr<TransferServer>> TransferServer::Start(
    const TransferOptions& options, BlockStore& store, const Clock& clock) {
  ASSIGN_OR_RETURN(auto listener, TcpListener::Listen(options.listen));
  std::unique_ptr<TransferServer> server(
      new TransferServer(options, std::move(listener), store, clock));
  RETURN_IF_ERROR(server->idle_.Start());
  if (!options.domain_socket_path.empty()) RETURN_IF_ERROR(server->ListenLocally());
  server->acceptor_ = std::thread([raw = server.get()] { raw->AcceptFrom(*raw->listener_); });
  spdlog::info("data port {} is open", server->port());
  return server;
}

absl::Status TransferServer::ListenLocally() {
  const std::string path =
      absl::StrReplaceAll(options_.domain_socket_path, {{"_PORT", fmt::format("{}", port_)}});
  if (options_.check_domain_socket_path) RETURN_IF_ERROR(CheckSocketPath(path));
  ASSIGN_OR_RETURN(local_listener_, UnixListener::Listen(path));
  RETURN_IF_ERROR(short_circuit_.Start());
  store_.WatchReplicas([this](BlockId block) { short_circuit_.Invalidate(block); });
  local_acceptor_ = std::thread([this] { AcceptFrom(*local_listener_); });
  spdlog::info("local clients are served at {}", path);
  return absl::OkStatus();
}

TransferServer::~TransferServer() { Stop(); }

void TransferServer::Stop(bool will_restart) {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    stop_.NotifyAll();
    const int64_t deadline = clock_.MonotonicMs() + options_.restart_notice_ms;
    for (SocketGroup* group : active_) {
      const int64_t left = deadline - clock_.MonotonicMs();
      if (will_restart && left > 0) group->SayFarewell(left);
    }
    for (SocketGroup* group : active_) group->ShutdownAll();
  }
  if (acceptor_.joinable()) {
    listener_->Shutdown();
    acceptor_.join();
  }
  listener_.reset();
  if (local_acceptor_.joinable()) {
    local_listener_->Shutdown();
    local_acceptor_.join();
    store_.WatchReplicas(nullptr);
  }
  local_listener_.reset();
  balance_throttler_.Stop();
  idle_.Stop();
  threads_.Shutdown();
  short_circuit_.Stop();
  // Copies run on threads of their callers.
  MutexLock lock(mu_);
  while (!active_.empty()) stop_.Wait(mu_);
}

template <typename Listener>
void TransferServer::AcceptFrom(Listener& listener) {
  SetThreadName("transfer-accept");
  while (true) {
    auto socket = listener.Accept();
    if (absl::IsCancelled(socket.status())) return;
    if (!socket.ok()) {
      spdlog::warn("data port: {}", socket.status().ToString());
      MutexLock lock(mu_);
      if (!stopping_) stop_.WaitFor(mu_, kAcceptPauseMs);
      continue;
    }
    (*socket)->SetReadTimeout(options_.socket_timeout_ms);
    (*socket)->SetWriteTimeout(options_.write_timeout_ms);
    const std::string peer = (*socket)->peer();
    auto connection = std::make_unique<FrameSocket>(*std::move(socket), kOperationBufferBytes);
    if (!idle_.Add(std::move(connection), options_.first_operation_ms)) {
      spdlog::warn("too many connections: closed that of {}", peer);
    }
  }
}

void TransferServer::OnReady(std::unique_ptr<FrameSocket> connection) {
  const std::string peer = connection->peer();
  const bool taken = threads_.Run(
      [this, connection = std::move(connection)]() mutable { Serve(std::move(connection)); });
  if (!taken) {
    spdlog::warn(
        "{} operations are running (dfs.datanode.max.transfer.threads): closed the "
        "connection of {}",
        threads_.running(), peer);
  }
}

std::shared_ptr<SocketGroup> TransferServer::NewGroup() {
  auto group = std::make_shared<SocketGroup>();
  MutexLock lock(mu_);
  active_.insert(group.get());
  if (stopping_) group->ShutdownAll();
  return group;
}

void TransferServer::Forget(SocketGroup& group) {
  MutexLock lock(mu_);
  active_.erase(&group);
  stop_.NotifyAll();
}

void TransferServer::Serve(std::unique_ptr<FrameSocket> connection) {
  while (true) {
    const std::shared_ptr<SocketGroup> sockets = NewGroup();
    AfterOperation after;
    wire::ShmId segment;
    {
      const SocketGroupMember member(*sockets, connection->socket());
      after = ServeOne(*connection, sockets, segment);
    }
    Forget(*sockets);
    if (after == AfterOperation::kClose) return;
    if (after == AfterOperation::kGiveToSegment) {
      return short_circuit_.Watch(segment, connection->TakeSocket());
    }
    auto next = connection->Poll(&wire::OpSize);
    if (next.ok() && !*next && connection->socket().WaitReadable(kLingerMs).value_or(false)) {
      next = connection->Poll(&wire::OpSize);
    }
    if (absl::IsOutOfRange(next.status()) || absl::IsUnavailable(next.status())) return;
    if (next.ok() && !*next) break;
  }
  connection->ResizeBuffer(kOperationBufferBytes);
  if (!idle_.Add(std::move(connection), options_.keepalive_ms)) {
    spdlog::debug("too many connections: closed one after its operation");
  }
}

AfterOperation TransferServer::ServeOne(FrameSocket& connection,
                                        const std::shared_ptr<SocketGroup>& sockets,
                                        wire::ShmId& segment) {
  const auto header = connection.Read(&wire::OpSize);
  absl::StatusOr<wire::Op> op =
      header.ok() ? wire::DecodeOp(*header) : absl::StatusOr<wire::Op>(header.status());
  if (absl::IsUnimplemented(op.status())) {
    // Clients then stop asking for it.
    connection
        .Write(wire::EncodeResponse({.status = wire::OpStatus::kErrorUnsupported,
                                     .message = std::string(op.status().message())}))
        .IgnoreError();
  }
  if (!op.ok()) {
    spdlog::info("refused what {} sent: {}", connection.peer(), op.status().ToString());
    return AfterOperation::kClose;
  }
  OperationContext context{services_, connection, sockets};
  const AfterOperation after = std::visit(Handlers{context, copier_}, *op);
  segment = context.segment;
  return after;
}

absl::Status TransferServer::CopyForNamenode(const ExtendedBlock& block,
                                             const CopyTargets& targets) {
  const std::shared_ptr<SocketGroup> sockets = NewGroup();
  const absl::Status status = copier_.CopyForNamenode(block, targets, *sockets);
  Forget(*sockets);
  return status;
}

void TransferServer::EvictWriters() {
  MutexLock lock(mu_);
  for (SocketGroup* group : active_) {
    if (group->writer()) group->ShutdownAll();
  }
}

void TransferServer::SetBalanceBandwidth(int64_t bytes_per_second) {
  balance_throttler_.SetBandwidth(bytes_per_second);
}

}  // namespace cairn::datanode
