// The headers of cairn.v1.
#include "client/grpc/grpc_channel.h"

#include <fmt/format.h>

#include <chrono>

#include "wire/cairn/call_headers.h"

namespace cairn::client {

GrpcChannel::GrpcChannel(const std::string& address, const std::string& user,
                         const std::string& client_id)
    : namenode_(address),
      user_header_(wire::EncodeUserName(user)),
      client_id_header_(wire::EncodeClientId(client_id)) {}

void GrpcChannel::Prepare(const CallContext& call, grpc::ClientContext& context) const {
  namenode_.AwaitConnection();
  context.AddMetadata(wire::kUserHeader, user_header_);
  context.AddMetadata(wire::kClientIdHeader, client_id_header_);
  context.AddMetadata(wire::kCallIdHeader, fmt::format("{}", call.call_id));
  if (call.timeout_ms > 0) {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(call.timeout_ms));
  }
}

}  // namespace cairn::client
