// DatanodeService.ReportBlocks: a stream of chunks, taken one at a time, so that memory stays
// bounded and gRPC's flow control slows the sender down.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>
#include "namenode/grpc/front_end.h"
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

// Deletes itself when the call is over; threads as UnaryReactor.
class ReportReactor final : public ::grpc::ServerGenericBidiReactor {
 public:
  // `front` must outlive the call.
  ReportReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
                ::grpc::GenericCallbackServerContext& context);

  void OnReadDone(bool ok) override;
  void OnDone() override {
    handover_.Take();
    delete this;
  }

 private:
  // On the executor.
  void TakeChunk();
  absl::Status TakeChunkOrError();
  void End(absl::Status status);

  FrontEnd& front_;
  const MethodSpec& method_;
  const size_t method_index_;
  ::grpc::GenericCallbackServerContext& context_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Handover handover_;
  Call call_;
  ReportChecker checker_;
  ::grpc::ByteBuffer request_;
  ::grpc::ByteBuffer response_;
};

}  // namespace cairn::namenode
