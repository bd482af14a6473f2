// Calls to the NameNode over gRPC.
#include "datanode/control/namenode_client.h"

#include <algorithm>
#include <chrono>

#include "common/status_macros.h"
#include "common/types/limits.h"
#include "wire/cairn/convert.h"

namespace cairn::datanode {

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
    : call_timeout_ms_(options.call_timeout_ms),
      full_report_timeout_ms_(options.full_report_timeout_ms),
      channel_(options.namenode_address),
      stub_(pb::DatanodeService::NewStub(channel_.channel())) {}

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

template <typename Request, typename Response>
absl::StatusOr<Response> NamenodeClient::Unary(
    const Request& request,
    grpc::Status (pb::DatanodeService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*)) {
  channel_.AwaitConnection();
  Call call(*this, call_timeout_ms_);
  Response response;
  RETURN_IF_ERROR(channel_.ToStatus((stub_.get()->*method)(&call.context(), request, &response)));
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
  channel_.AwaitConnection();
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
  RETURN_IF_ERROR(channel_.ToStatus(stream->Finish()));
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
