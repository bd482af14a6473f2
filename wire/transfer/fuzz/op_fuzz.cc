// Any bytes either decode into an operation whose encoding decodes again, or are refused.
#include <cstdint>
#include <cstdlib>

#include "wire/transfer/op.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto header = cairn::wire::OpSize(bytes);
  if (!header.ok() || *header == 0 || *header > size) return 0;
  const auto op = cairn::wire::DecodeOp(bytes.substr(0, *header));
  if (!op.ok()) return 0;
  const std::string encoded = cairn::wire::EncodeOp(*op);
  const auto again = cairn::wire::DecodeOp(encoded);
  if (!again.ok() || cairn::wire::EncodeOp(*again) != encoded) std::abort();
  return 0;
}
