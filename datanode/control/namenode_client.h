// The calls of cairn.internal.v1.DatanodeService, with deadlines and domain errors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/threads.h"
#include "datanode/control/control_options.h"
#include "datanode/store/block_store.h"
#include "ipc/grpc/namenode_channel.h"
#include "proto/cairn/internal/v1/datanode.grpc.pb.h"

namespace cairn::datanode {

namespace pb = ::cairn::internal::v1;

// Thread-safe. Connects by itself, again and again; each call is one attempt. Errors carry the
// NameNode's ErrorKind; kCancelled after Shutdown.
class NamenodeClient {
 public:
  explicit NamenodeClient(const ControlOptions& options);
  ~NamenodeClient();

  absl::StatusOr<pb::HandshakeResponse> Handshake(const pb::HandshakeRequest& request);
  absl::StatusOr<pb::RegisterResponse> Register(const pb::RegisterRequest& request);
  absl::StatusOr<pb::HeartbeatResponse> Heartbeat(const pb::HeartbeatRequest& request);
  absl::Status ReportChanges(const pb::ReportChangesRequest& request);
  absl::Status ReportBadBlocks(const pb::ReportBadBlocksRequest& request);
  absl::Status CommitBlockSynchronization(const pb::CommitBlockSynchronizationRequest& request);
  absl::Status ErrorReport(const pb::ErrorReportRequest& request);
  // Streams full reports of `storages` (ids) out of `store`, each in sorted chunks of at most
  // limits::kBlockReportChunkReplicas that cover all ids. A storage that is gone is left out.
  absl::StatusOr<pb::BlockReportResponse> ReportBlocks(const pb::Sender& sender,
                                                       const BlockStore& store,
                                                       const std::vector<std::string>& storages);

  // Waits; kCancelled once shut down.
  absl::Status Sleep(int64_t ms) EXCLUDES(mu_);
  // Ends running calls; later ones fail at once.
  void Shutdown() EXCLUDES(mu_);
  const std::string& address() const { return channel_.address(); }

 private:
  class Call;  // one call's context, known to Shutdown

  template <typename Request, typename Response>
  absl::StatusOr<Response> Unary(const Request& request,
                                 grpc::Status (pb::DatanodeService::Stub::*method)(
                                     grpc::ClientContext*, const Request&, Response*));

  const int64_t call_timeout_ms_;
  const int64_t full_report_timeout_ms_;
  const NamenodeChannel channel_;
  const std::unique_ptr<pb::DatanodeService::Stub> stub_;

  Mutex mu_;
  CondVar ended_;
  bool shut_down_ GUARDED_BY(mu_) = false;
  absl::flat_hash_set<grpc::ClientContext*> running_ GUARDED_BY(mu_);
};

// Splits a listing (sorted by id) into chunks that cover all ids without gap; at least one.
std::vector<pb::BlockReportChunk> SplitReport(const std::string& storage_id,
                                              const ReplicaListing& listing,
                                              size_t replicas_per_chunk);

// The number on the wire of a number of the store: the wire's begin at 1.
inline uint64_t WireSequence(uint64_t store_sequence) { return store_sequence + 1; }

}  // namespace cairn::datanode
