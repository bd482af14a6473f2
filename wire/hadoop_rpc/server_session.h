// A server's side of a Hadoop RPC connection as a state machine over bytes: what each frame means
// and what is answered when it means nothing. No sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/hadoop/IpcConnectionContext.pb.h"
#include "proto/hadoop/ProtobufRpcEngine2.pb.h"
#include "proto/hadoop/RpcHeader.pb.h"
#include "wire/hadoop_rpc/preamble.h"
#include "wire/hadoop_rpc/request.h"
#include "wire/hadoop_rpc/response.h"
#include "wire/hadoop_rpc/rpc_error.h"

namespace cairn::wire {

// Messages that are decoded again and again, so that their strings keep their memory: one serves
// every connection of a thread. Thread-compatible.
struct RequestScratch {
  hadoop::common::RpcRequestHeaderProto header;
  hadoop::common::RequestHeaderProto method;
};

// The rules are those of Hadoop 3.4's ipc.Server under simple authentication: preamble, SASL when
// the preamble announced it (answered SUCCESS: there are no tokens to prove), context, calls.
// Thread-compatible.
class ServerSession {
 public:
  // What to do after a step.
  enum class Next {
    kContinue,  // read on
    kCall,      // run the call
    kClose      // close, after sending `reply`
  };

  // A step's result.
  struct Outcome {
    Next next = Next::kContinue;
    std::string reply;  // to be sent; often empty
  };

  // The first kPreambleBytes of the connection; once, before any frame.
  Outcome OnPreamble(std::string_view bytes);

  // The content of one frame. With kCall `request` is filled; its views end with `content` and the
  // next use of `scratch`.
  Outcome OnFrame(std::string_view content, RequestScratch& scratch, RpcRequest& request);

  // The answer to a context that is not welcome.
  static Outcome Refuse(const RpcError& error);

  bool has_preamble() const { return auth_.has_value(); }
  // True once calls are taken.
  bool has_context() const { return context_.has_value(); }
  // Only when has_context(); never changes afterwards.
  const RpcContext& context() const { return *context_; }

 private:
  Outcome OnContext(const ReplyTo& to, std::string_view rest);
  Outcome OnSasl(const ReplyTo& to, std::string_view rest);
  Outcome OnOutOfBand(const ReplyTo& to, std::string_view rest);

  std::optional<RpcAuth> auth_;
  bool sasl_negotiated_ = false;
  bool sasl_done_ = false;
  std::optional<RpcContext> context_;
};

}  // namespace cairn::wire
