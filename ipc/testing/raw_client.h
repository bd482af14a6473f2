// For tests: one connection to a Hadoop RPC server, driven frame by frame, so that a test can do
// what no decent client does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/socket.h"
#include "wire/hadoop_rpc/request.h"
#include "wire/hadoop_rpc/response.h"

namespace cairn::ipc {

// A reply with its own memory.
struct RawReply {
  int32_t call_id = 0;
  wire::RpcReplyStatus status = wire::RpcReplyStatus::kSuccess;
  wire::RpcError error;
  std::string response;
};

// Thread-compatible; one thread may send while another receives. Every wait is bounded by 10 s.
class RawClient {
 public:
  static constexpr std::string_view kClientId = "0123456789abcdef";

  // Throws when nobody listens.
  explicit RawClient(int port);

  // Preamble and context.
  absl::Status Begin(const std::string& user = "ada", const std::string& protocol = "test.Echo");
  absl::Status Send(std::string_view bytes) { return socket_->WriteFull(bytes); }
  absl::Status SendCall(int32_t call_id, std::string_view method, std::string_view request,
                        std::string_view protocol = "test.Echo", uint64_t version = 1);
  static std::string CallBytes(int32_t call_id, std::string_view method, std::string_view request,
                               std::string_view protocol = "test.Echo", uint64_t version = 1);
  absl::StatusOr<RawReply> Receive();
  // Everything until the peer closes.
  std::string ReceiveAll();
  // True when the peer has closed, or does so in time, without sending anything more.
  bool ClosedByPeer() { return ReceiveAll().empty(); }
  TcpSocket& socket() { return *socket_; }

 private:
  std::unique_ptr<TcpSocket> socket_;
};

// Waits up to 10 s until `condition` holds.
bool Eventually(const std::function<bool()>& condition);

}  // namespace cairn::ipc
