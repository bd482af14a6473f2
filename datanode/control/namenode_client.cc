// Calls to the NameNode over gRPC.
#include "datanode/control/namenode_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "common/types/limits.h"
#include "wire/cairn/convert.h"
#include "wire/cairn/rpc_status.h"

namespace cairn::datanode {

namespace {

// Long enough for a busy machine, short enough that an attempt which met a NameNode on its way down
// does not outlast the restart.
constexpr int kConnectTimeoutMs = 5'000;
// How long a call waits for a connection that has been lost to come up again.
constexpr int kReconnectWaitMs = 500;

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(limits::kMaxGrpcMessageBytes);
  // Our own pauses decide how often a lost NameNode is asked.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name: how long one attempt to connect may take, handshake included.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A NameNode whose machine is gone is noticed without waiting for a call's deadline.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

class NamenodeClient::Call {
 public:
  Call(NamenodeClient& client, int64_t timeout_ms) : client_(client) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms));
    MutexLock lock(client_.mu_);
    if (client_.shut_down_) context_.TryCancel();
    client_.running_.insert(&context_);
  }
  ~Call() {
    MutexLock lock(client_.mu_);
    client_.running_.erase(&context_);
  }
  grpc::ClientContext& context() { return context_; }

 private:
  NamenodeClient& client_;
  grpc::ClientContext context_;
};

NamenodeClient::NamenodeClient(const ControlOptions& options)
    : address_(options.namenode_address),
      call_timeout_ms_(options.call_timeout_ms),
      full_report_timeout_ms_(options.full_report_timeout_ms),
      channel_(MakeChannel(options.namenode_address)),
      stub_(pb::DatanodeService::NewStub(channel_)) {}

NamenodeClient::~NamenodeClient() { Shutdown(); }

void NamenodeClient::Shutdown() {
  MutexLock lock(mu_);
  shut_down_ = true;
  ended_.NotifyAll();
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

absl::Status NamenodeClient::Sleep(int64_t ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  MutexLock lock(mu_);
  while (!shut_down_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return absl::OkStatus();
    ended_.WaitFor(mu_, left.count());
  }
  return absl::CancelledError("the DataNode is stopping");
}

absl::Status NamenodeClient::ToStatus(const grpc::Status& status) const {
  const absl::Status plain = wire::FromRpcStatus(static_cast<int>(status.error_code()),
                                                 status.error_message(), status.error_details());
  if (plain.ok() || KindOf(plain)) return plain;
  return absl::Status(plain.code(),
                      fmt::format("NameNode {}: {}", address_, std::string(plain.message())));
}

void NamenodeClient::AwaitConnection() const {
  // Connections only come up while somebody waits on the channel, and one that has failed lets no
  // call wait: without this a NameNode that is back would be missed again and again.
  if (channel_->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_TRANSIENT_FAILURE) {
    channel_->WaitForConnected(std::chrono::system_clock::now() +
                               std::chrono::milliseconds(kReconnectWaitMs));
  }
}

template <typename Request, typename Response>
absl::StatusOr<Response> NamenodeClient::Unary(
    const Request& request,
    grpc::Status (pb::DatanodeService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*)) {
  AwaitConnection();
  Call call(*this, call_timeout_ms_);
  Response response;
  RETURN_IF_ERROR(ToStatus((stub_.get()->*method)(&call.context(), request, &response)));
  return response;
}

absl::StatusOr<pb::HandshakeResponse> NamenodeClient::Handshake(
    const pb::HandshakeRequest& request) {
  return Unary(request, &pb::DatanodeService::Stub::Handshake);
}

absl::StatusOr<pb::RegisterResponse> NamenodeClient::Register(const pb::RegisterRequest& request) {
  return Unary(request, &pb::DatanodeService::Stub::Register);
}

absl::StatusOr<pb::HeartbeatResponse> NamenodeClient::Heartbeat(
    const pb::HeartbeatRequest& request) {
  return Unary(request, &pb::DatanodeService::Stub::Heartbeat);
}

absl::Status NamenodeClient::ReportChanges(const pb::ReportChangesRequest& request) {
  return Unary(request, &pb::DatanodeService::Stub::ReportChanges).status();
}

absl::Status NamenodeClient::ReportBadBlocks(const pb::ReportBadBlocksRequest& request) {
  return Unary(request, &pb::DatanodeService::Stub::ReportBadBlocks).status();
}

absl::Status NamenodeClient::CommitBlockSynchronization(
    const pb::CommitBlockSynchronizationRequest& request) {
  return Unary(request, &pb::DatanodeService::Stub::CommitBlockSynchronization).status();
}

absl::Status NamenodeClient::ErrorReport(const pb::ErrorReportRequest& request) {
  return Unary(request, &pb::DatanodeService::Stub::ErrorReport).status();
}

absl::StatusOr<pb::BlockReportResponse> NamenodeClient::ReportBlocks(
    const pb::Sender& sender, const BlockStore& store, const std::vector<std::string>& storages) {
  AwaitConnection();
  Call call(*this, full_report_timeout_ms_);
  pb::BlockReportResponse response;
  const auto stream = stub_->ReportBlocks(&call.context(), &response);
  bool open = true;
  for (size_t i = 0; i < storages.size() && open; ++i) {
    const auto listing = store.List(storages[i]);
    if (!listing.ok()) continue;
    auto chunks = SplitReport(storages[i], *listing, limits::kBlockReportChunkReplicas);
    for (pb::BlockReportChunk& chunk : chunks) {
      *chunk.mutable_sender() = sender;
      open = open && stream->Write(chunk);
    }
  }
  if (open) stream->WritesDone();
  RETURN_IF_ERROR(ToStatus(stream->Finish()));
  return response;
}

std::vector<pb::BlockReportChunk> SplitReport(const std::string& storage_id,
                                              const ReplicaListing& listing,
                                              size_t replicas_per_chunk) {
  std::vector<pb::BlockReportChunk> chunks;
  const std::vector<ReplicaEntry>& replicas = listing.replicas;
  int64_t first_id = INT64_MIN;
  size_t at = 0;
  do {
    const size_t end = std::min(replicas.size(), at + replicas_per_chunk);
    pb::BlockReportChunk& chunk = chunks.emplace_back();
    chunk.set_storage_id(storage_id);
    chunk.set_sequence(WireSequence(listing.sequence));
    chunk.set_first_id(first_id);
    chunk.set_last_id(end == replicas.size() ? INT64_MAX : replicas[end - 1].block.id);
    first_id = chunk.last_id() == INT64_MAX ? INT64_MAX : chunk.last_id() + 1;
    for (; at < end; ++at) {
      pb::Replica& replica = *chunk.add_replicas();
      replica.set_id(replicas[at].block.id);
      replica.set_generation_stamp(replicas[at].block.generation_stamp);
      replica.set_length(replicas[at].block.num_bytes);
      replica.set_state(wire::ToProto(replicas[at].state));
    }
  } while (at < replicas.size());
  return chunks;
}

}  // namespace cairn::datanode
