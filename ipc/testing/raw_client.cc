// A connection in a test's hands.
#include "ipc/testing/raw_client.h"

#include <chrono>
#include <thread>

#include "common/status_macros.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/preamble.h"

namespace cairn::ipc {

namespace {
constexpr int64_t kWaitMs = 10'000;
}  // namespace

RawClient::RawClient(int port) : socket_(TcpSocket::Connect({"127.0.0.1", port}, kWaitMs).value()) {
  socket_->SetReadTimeout(kWaitMs);
  socket_->SetWriteTimeout(kWaitMs);
}

absl::Status RawClient::Begin(const std::string& user, const std::string& protocol) {
  std::string bytes = wire::EncodePreamble(wire::RpcAuth::kNone);
  wire::AppendContext({.effective_user = user, .real_user = "", .protocol = protocol}, kClientId,
                      bytes);
  return Send(bytes);
}

std::string RawClient::CallBytes(int32_t call_id, std::string_view method, std::string_view request,
                                 std::string_view protocol, uint64_t version) {
  std::string bytes;
  wire::AppendRequest({.call_id = call_id,
                       .retry_count = 0,
                       .client_id = kClientId,
                       .caller_context = {},
                       .protocol = protocol,
                       .version = version,
                       .method = method,
                       .request = request},
                      bytes);
  return bytes;
}

absl::Status RawClient::SendCall(int32_t call_id, std::string_view method, std::string_view request,
                                 std::string_view protocol, uint64_t version) {
  return Send(CallBytes(call_id, method, request, protocol, version));
}

absl::StatusOr<RawReply> RawClient::Receive() {
  std::string frame(wire::kFrameLengthBytes, '\0');
  RETURN_IF_ERROR(socket_->ReadFull(frame.data(), frame.size()));
  ASSIGN_OR_RETURN(const size_t size, wire::FrameSize(frame, 1 << 30));
  std::string content(size - wire::kFrameLengthBytes, '\0');
  RETURN_IF_ERROR(socket_->ReadFull(content.data(), content.size()));
  ASSIGN_OR_RETURN(const wire::RpcReply reply, wire::DecodeReply(content));
  return RawReply{.call_id = reply.call_id,
                  .status = reply.status,
                  .error = reply.error,
                  .response = std::string(reply.response)};
}

std::string RawClient::ReceiveAll() {
  std::string all;
  char buffer[4096];
  while (true) {
    const auto n = socket_->ReadSome(buffer, sizeof(buffer));
    if (absl::IsDeadlineExceeded(n.status())) return all + " (and still open)";
    if (!n.ok()) return all;
    all.append(buffer, *n);
  }
}

bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWaitMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace cairn::ipc
