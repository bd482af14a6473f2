// Any bytes either decode into a reply (or read status) that survives a round trip, or are refused.
#include <cstdint>
#include <cstdlib>

#include "wire/transfer/response.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto message = cairn::wire::ResponseSize(bytes);
  if (!message.ok() || *message == 0 || *message > size) return 0;
  (void)cairn::wire::DecodeReadStatus(bytes.substr(0, *message)).ok();
  const auto response = cairn::wire::DecodeResponse(bytes.substr(0, *message));
  if (!response.ok()) return 0;
  const auto again = cairn::wire::DecodeResponse(cairn::wire::EncodeResponse(*response));
  if (!again.ok() || !(*again == *response)) std::abort();
  return 0;
}
