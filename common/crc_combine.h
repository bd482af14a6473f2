// CRCs of joined data from the CRCs of its parts, without the data (Hadoop's COMPOSITE_CRC).
#pragma once

#include <cstdint>
#include <string>

#include "common/data_checksum.h"

namespace cairn {

// The CRC (`type` not kNull) of A‖B, given those of A and B and the length of B.
uint32_t CombineCrc(ChecksumType type, uint32_t first, uint32_t second, int64_t second_bytes);

// Joins the CRCs of consecutive pieces of data into one per stripe. Thread-compatible.
class CrcComposer {
 public:
  // `stripe_bytes` <= 0: one stripe for everything. Pieces must end at stripe boundaries.
  CrcComposer(ChecksumType type, int64_t stripe_bytes) : type_(type), stripe_(stripe_bytes) {}

  // The next `bytes` bytes have the CRC `crc`.
  void Add(uint32_t crc, int64_t bytes);
  // The stripes' CRCs, big-endian, one after the other; the composer is empty afterwards.
  std::string Finish();

 private:
  const ChecksumType type_;
  const int64_t stripe_;
  uint32_t current_ = 0;
  int64_t current_bytes_ = 0;
  int64_t operator_bytes_ = -1;  // the length that operator_ shifts by
  uint32_t operator_ = 0;
  std::string out_;
};

}  // namespace cairn
