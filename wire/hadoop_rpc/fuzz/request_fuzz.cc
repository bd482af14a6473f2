// Any bytes of a client either are calls that survive a round trip, or end the connection.
#include <cstdint>
#include <cstdlib>

#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/server_session.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cairn::wire::ServerSession;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The first bit says whether the fuzzer writes preamble and context itself.
  if (bytes.empty()) return 0;
  const bool begun = (bytes[0] & 1) != 0;
  bytes.remove_prefix(1);
  ServerSession session;
  cairn::wire::RequestScratch scratch;
  cairn::wire::RpcRequest request;
  if (begun) {
    (void)session.OnPreamble(cairn::wire::EncodePreamble(cairn::wire::RpcAuth::kNone));
    std::string context;
    cairn::wire::AppendContext({.effective_user = "u", .real_user = "", .protocol = "p"}, "",
                               context);
    (void)session.OnFrame(context.substr(cairn::wire::kFrameLengthBytes), scratch, request);
  } else {
    if (bytes.size() < cairn::wire::kPreambleBytes) return 0;
    const auto outcome = session.OnPreamble(bytes.substr(0, cairn::wire::kPreambleBytes));
    if (outcome.next == ServerSession::Next::kClose) return 0;
    bytes.remove_prefix(cairn::wire::kPreambleBytes);
  }
  while (true) {
    const auto frame = cairn::wire::FrameSize(bytes, 1 << 20);
    if (!frame.ok() || *frame == 0 || *frame > bytes.size()) return 0;
    const auto content =
        bytes.substr(cairn::wire::kFrameLengthBytes, *frame - cairn::wire::kFrameLengthBytes);
    const auto outcome = session.OnFrame(content, scratch, request);
    if (outcome.next == ServerSession::Next::kClose) return 0;
    if (outcome.next == ServerSession::Next::kCall) {
      if (!session.has_context()) std::abort();
      std::string again;
      cairn::wire::AppendRequest(request, again);
      cairn::wire::RequestScratch other;
      cairn::wire::RpcRequest copy;
      if (session.OnFrame(std::string_view(again).substr(cairn::wire::kFrameLengthBytes), other,
                          copy)
                  .next != ServerSession::Next::kCall ||
          copy.method != request.method || copy.request != request.request ||
          copy.call_id != request.call_id || copy.client_id != request.client_id) {
        std::abort();
      }
    }
    bytes.remove_prefix(*frame);
  }
}
