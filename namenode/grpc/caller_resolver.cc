// Reads cairn-user, cairn-real-user, cairn-client-id and cairn-call-id
// (proto/cairn/v1/client.proto).
#include "namenode/grpc/caller_resolver.h"

#include <optional>

#include "common/status_macros.h"
#include "wire/cairn/call_headers.h"

namespace cairn::namenode {
namespace {

std::optional<std::string> Find(const CallHeaders& headers, const char* name) {
  const auto found = headers.find(name);
  if (found == headers.end()) return std::nullopt;
  return std::string(found->second.data(), found->second.size());
}

absl::Status Missing(const char* name) {
  return absl::InvalidArgumentError(fmt::format("the call has no {} header", name));
}

// The pair that makes a call happen once; empty when the caller sent none of it.
absl::StatusOr<CallId> ReadCallId(const CallHeaders& headers, bool required) {
  const auto client_id = Find(headers, wire::kClientIdHeader);
  const auto call_id = Find(headers, wire::kCallIdHeader);
  if (!client_id && !call_id && !required) return CallId{};
  if (!client_id) return Missing(wire::kClientIdHeader);
  if (!call_id) return Missing(wire::kCallIdHeader);
  CallId id;
  ASSIGN_OR_RETURN(id.client_id, wire::DecodeClientId(*client_id));
  ASSIGN_OR_RETURN(id.call_id, wire::DecodeCallId(*call_id));
  return id;
}

}  // namespace

absl::Status CallerResolver::Resolve(const CallHeaders& headers, bool exactly_once,
                                     Call& call) const {
  const auto user = Find(headers, wire::kUserHeader);
  if (!user) return Missing(wire::kUserHeader);
  Caller& caller = call.caller;
  ASSIGN_OR_RETURN(caller.user, wire::DecodeUserName(*user));
  if (const auto real_user = Find(headers, wire::kRealUserHeader)) {
    ASSIGN_OR_RETURN(call.real_user, wire::DecodeUserName(*real_user));
  }
  ASSIGN_OR_RETURN(caller.call, ReadCallId(headers, exactly_once));
  rights_.Resolve(caller);
  return absl::OkStatus();
}

std::string PeerAddress(const std::string& peer) {
  const size_t scheme = peer.find(':');
  const size_t port = peer.rfind(':');
  if (scheme == std::string::npos || port <= scheme) return peer;
  std::string host = peer.substr(scheme + 1, port - scheme - 1);
  if (host.starts_with("%5B") && host.ends_with("%5D")) host = host.substr(3, host.size() - 6);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  constexpr std::string_view kMapped = "::ffff:";
  if (host.starts_with(kMapped) && host.find('.') != std::string::npos)
    host.erase(0, kMapped.size());
  return host;
}

}  // namespace cairn::namenode
