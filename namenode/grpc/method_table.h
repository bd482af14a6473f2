// Every method served over gRPC, on one page.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "namenode/grpc/unary_body.h"

namespace cairn::namenode {

// Whose threads run a method: clients must not delay DataNodes.
enum class CallClass { kClient, kDatanode };

// What the headers must say.
enum class Identity {
  kNone,        // DataNodes
  kUser,        // cairn-user
  kExactlyOnce  // cairn-user, cairn-client-id and cairn-call-id
};

// How requests and replies follow each other.
enum class CallShape {
  kUnary,
  kBlockReport,  // stream of chunks, one reply
  kFsck          // one request, stream of text
};

// One method.
struct MethodSpec {
  std::string_view path;  // "/cairn.v1.ClientService/Mkdirs"
  CallClass call_class = CallClass::kClient;
  Identity identity = Identity::kUser;
  CallShape shape = CallShape::kUnary;
  std::unique_ptr<UnaryBody> (*make_body)() = nullptr;  // of unary methods
};

// Every method; the index of an element is its number in CallMetrics.
std::span<const MethodSpec> MethodTable();

}  // namespace cairn::namenode
