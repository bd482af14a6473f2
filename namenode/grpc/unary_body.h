// Request and reply of one unary call behind a type-free interface, so that one reactor serves all
// methods.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>
#include "namenode/frontend/call.h"
#include "namenode/frontend/fill_then.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// Runs one call: Parse, Run, then (once `done` was called with success) Serialize.
// Thread-compatible; must live until `done` has been called.
class UnaryBody {
 public:
  virtual ~UnaryBody() = default;
  // False when the bytes are not the method's request.
  virtual bool Parse(::grpc::ByteBuffer& bytes) = 0;
  virtual void Run(Call& call, DoneVoid done) = 0;
  // False when the reply cannot be encoded.
  virtual bool Serialize(::grpc::ByteBuffer& bytes) = 0;
};

// A handler checks and converts the request, calls the core and fills the response before it calls
// `done`. `call`, `request` and `response` live until then.
template <typename Request, typename Response>
using UnaryHandler = void (*)(Call& call, const Request& request, Response& response,
                              DoneVoid done);

// The body of one handler.
template <typename Request, typename Response>
class TypedBody : public UnaryBody {
 public:
  explicit TypedBody(UnaryHandler<Request, Response> handler) : handler_(handler) {}

  bool Parse(::grpc::ByteBuffer& bytes) override {
    return ::grpc::SerializationTraits<Request>::Deserialize(&bytes, &request_).ok();
  }
  void Run(Call& call, DoneVoid done) override {
    handler_(call, request_, response_, std::move(done));
  }
  bool Serialize(::grpc::ByteBuffer& bytes) override {
    bool own = false;
    return ::grpc::SerializationTraits<Response>::Serialize(response_, &bytes, &own).ok();
  }

 private:
  const UnaryHandler<Request, Response> handler_;
  Request request_;
  Response response_;
};

}  // namespace cairn::namenode
