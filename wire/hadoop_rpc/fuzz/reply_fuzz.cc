// Any bytes of a server either decode into a reply, or are refused.
#include <cstdint>
#include <cstdlib>

#include "wire/hadoop_rpc/exceptions.h"
#include "wire/hadoop_rpc/response.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto reply =
      cairn::wire::DecodeReply(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!reply.ok()) return 0;
  if (reply->status != cairn::wire::RpcReplyStatus::kSuccess &&
      cairn::wire::FromRpcError(reply->error).ok()) {
    std::abort();
  }
  return 0;
}
