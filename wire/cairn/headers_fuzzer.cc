// Anything in call headers, texts and error details is decoded or refused, and what is decoded
// encodes to the same again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/cairn/call_headers.h"
#include "wire/cairn/rpc_status.h"
#include "wire/cairn/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn::wire;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto user = DecodeUserName(input); user.ok()) {
    const auto again = DecodeUserName(EncodeUserName(*user));
    if (!again.ok() || *again != *user) std::abort();
  }
  if (const auto id = DecodeClientId(input); id.ok()) {
    const auto again = DecodeClientId(EncodeClientId(*id));
    if (!again.ok() || *again != *id) std::abort();
  }
  if (const auto id = DecodeCallId(input); id.ok() && *id < 0) std::abort();
  const std::string text = ToValidUtf8(input, 64);
  if (text.size() > 64 || !IsUtf8(text)) std::abort();
  const absl::Status status = FromRpcStatus(static_cast<int>(size % 20), input, input);
  const RpcStatusParts parts = ToRpcStatus(status);
  if (parts.message.size() > kMaxErrorTextBytes || !IsUtf8(parts.message)) std::abort();
  return 0;
}
