// The two CRCs of HDFS data: CRC32C (Castagnoli, the default) and CRC32 (zip). Vectorised by ISA-L.
#pragma once

#include <cstdint>
#include <string_view>

namespace cairn {

// CRC32C of `data`, continuing from `crc` (0 to begin). Standard reflected form:
// Crc32c("123456789") == 0xe3069283.
uint32_t Crc32c(std::string_view data, uint32_t crc = 0);

// CRC32 of `data` as in zip and gzip: Crc32("123456789") == 0xcbf43926.
uint32_t Crc32(std::string_view data, uint32_t crc = 0);

}  // namespace cairn
