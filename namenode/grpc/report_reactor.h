// DatanodeService.ReportBlocks: a stream of chunks, taken one at a time, so that memory stays
// bounded and gRPC's flow control slows the sender down.
#pragma once

#include <optional>
#include <string>

#include "namenode/grpc/served_call.h"
#include "proto/cairn/internal/v1/datanode.pb.h"

namespace cairn::namenode {

// The rules of a report, apart from gRPC: chunks of one storage follow each other without gap,
// sorted. Thread-compatible.
class ReportChecker {
 public:
  // Checks `chunk` against those before it and converts it.
  absl::StatusOr<ReportChunk> Take(const internal::v1::BlockReportChunk& chunk);
  // Whether the stream may end here: not within a storage.
  absl::Status End() const;

 private:
  // Where the storage being reported stands.
  struct Progress {
    std::string storage_id;
    uint64_t sequence = 0;
    BlockId last_id = 0;
  };
  std::optional<Progress> open_;
};

// Deletes itself when the call is over; threads as ServedCall.
class ReportReactor final : public ServedCall {
 public:
  // `front` must outlive the call.
  ReportReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
                ::grpc::GenericCallbackServerContext& context);

  void OnReadDone(bool ok) override;

 private:
  // On the executor.
  void TakeChunk();
  absl::Status TakeChunkOrError();
  void End(absl::Status status);

  ReportChecker checker_;
  ::grpc::ByteBuffer response_;
};

}  // namespace cairn::namenode
