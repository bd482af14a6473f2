// Any bytes either decode into an acknowledgement that survives a round trip, or are refused.
#include <cstdint>
#include <cstdlib>

#include "wire/transfer/ack.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto message = cairn::wire::AckSize(bytes);
  if (!message.ok() || *message == 0 || *message > size) return 0;
  const auto ack = cairn::wire::DecodeAck(bytes.substr(0, *message));
  if (!ack.ok()) return 0;
  (void)ack->AllSuccess();
  const auto again = cairn::wire::DecodeAck(cairn::wire::EncodeAck(*ack));
  if (!again.ok() || !(*again == *ack)) std::abort();
  return 0;
}
