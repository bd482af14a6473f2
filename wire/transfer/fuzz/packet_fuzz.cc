// Any bytes either decode into a packet that survives a round trip, or are refused.
#include <cstdint>
#include <cstdlib>

#include "wire/transfer/packet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto length = cairn::wire::PacketSize(bytes);
  if (!length.ok() || *length == 0 || *length > size) return 0;
  const auto packet = cairn::wire::DecodePacket(bytes.substr(0, *length));
  if (!packet.ok()) return 0;
  const std::string encoded =
      cairn::wire::EncodePacket(packet->header, packet->checksums, packet->data);
  const auto again = cairn::wire::DecodePacket(encoded);
  if (!again.ok() || !(again->header == packet->header) || again->data != packet->data ||
      again->checksums != packet->checksums) {
    std::abort();
  }
  return 0;
}
