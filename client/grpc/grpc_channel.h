// One unary call over gRPC: headers, deadline, and the status back.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"
#include "client/namenode_stub.h"
#include "ipc/grpc/namenode_channel.h"

namespace cairn::client {

// The connection to one NameNode and who calls over it. Thread-safe.
class GrpcChannel {
 public:
  GrpcChannel(const std::string& address, const std::string& user, const std::string& client_id);

  const NamenodeChannel& namenode() const { return namenode_; }

  // Fills in who calls, the call id and the deadline of this attempt.
  void Prepare(const CallContext& call, grpc::ClientContext& context) const;

  // Calls `method` of `stub`.
  template <typename Stub, typename Request, typename Response>
  absl::Status Invoke(Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const CallContext& call, const Request& request, Response& response) const {
    grpc::ClientContext context;
    Prepare(call, context);
    return namenode_.ToStatus((stub.*method)(&context, request, &response));
  }

 private:
  const NamenodeChannel namenode_;
  const std::string user_header_;
  const std::string client_id_header_;
};

}  // namespace cairn::client
