// From the headers of a call to the Caller that the core sees.
#pragma once

#include <map>
#include <string>

#include <grpcpp/support/string_ref.h>
#include "absl/status/status.h"
#include "common/users/group_resolver.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/caller_rights.h"

namespace cairn::namenode {

using CallHeaders = std::multimap<::grpc::string_ref, ::grpc::string_ref>;

// Thread-safe. May block on the host's user database: called on our executor, before any lock.
class CallerResolver {
 public:
  // `groups` must outlive this.
  CallerResolver(SuperuserRule rule, GroupResolver& groups) : rights_(std::move(rule), groups) {}
  // Fills the caller of `call` from its headers. kInvalidArgument names a missing or malformed one.
  absl::Status Resolve(const CallHeaders& headers, bool exactly_once, Call& call) const;

 private:
  const CallerRights rights_;
};

// The address in gRPC's "ipv4:127.0.0.1:4711" or "ipv6:[::1]:4711" (also percent-encoded), else the
// text itself. An IPv4 address mapped into IPv6 is given as IPv4.
std::string PeerAddress(const std::string& peer);

}  // namespace cairn::namenode
