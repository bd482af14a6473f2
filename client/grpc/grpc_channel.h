// One unary call over gRPC: headers, deadline, and the status back.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/namenode_stub.h"

namespace cairn::client {

// The connection to one NameNode and who calls over it. Thread-safe.
class GrpcChannel {
 public:
  GrpcChannel(const std::string& address, const std::string& user, const std::string& client_id);

  const std::string& address() const { return address_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Fills in who calls, the call id and the deadline of this attempt.
  void Prepare(const CallContext& call, grpc::ClientContext& context) const;
  // The status as common/types/errors.h has it; one without a kind names the address.
  absl::Status ToStatus(const grpc::Status& status) const;

  // Calls `method` of `stub`.
  template <typename Stub, typename Request, typename Response>
  absl::Status Invoke(Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const CallContext& call, const Request& request, Response& response) const {
    grpc::ClientContext context;
    Prepare(call, context);
    return ToStatus((stub.*method)(&context, request, &response));
  }

 private:
  const std::string address_;
  const std::string user_header_;
  const std::string client_id_header_;
  const std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace cairn::client
