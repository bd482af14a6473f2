// ISA-L's CRCs in their standard forms. crc32_iscsi neither inverts its start value nor its result;
// crc32_gzip_refl does both.
#include "common/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace cairn {

uint32_t Crc32c(std::string_view data, uint32_t crc) {
  crc = ~crc;
  while (!data.empty()) {
    const size_t n = std::min<size_t>(data.size(), std::numeric_limits<int>::max());
    crc = crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(data.data())),
                      static_cast<int>(n), crc);
    data.remove_prefix(n);
  }
  return ~crc;
}

uint32_t Crc32(std::string_view data, uint32_t crc) {
  return crc32_gzip_refl(crc, reinterpret_cast<const unsigned char*>(data.data()), data.size());
}

}  // namespace cairn
