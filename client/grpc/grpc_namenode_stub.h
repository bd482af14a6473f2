// NamenodeStub over the public gRPC services of cairn.v1.
#pragma once

#include <memory>
#include <string>

#include "client/namenode_stub.h"

namespace cairn::client {

// A stub for the NameNode at `address` ("host:port") on behalf of `user`. `client_id` is 16 random
// bytes, made once per client: with the call id it names a call over all its attempts. Connects in
// the background with the first call.
std::unique_ptr<NamenodeStub> MakeGrpcNamenodeStub(const std::string& address,
                                                   const std::string& user,
                                                   const std::string& client_id);

}  // namespace cairn::client
