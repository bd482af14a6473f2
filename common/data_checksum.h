// Checksums of block data in fixed-size chunks, as HDFS keeps them in meta files and sends them in
// packets: one big-endian 32-bit CRC per started chunk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn {

// Numbers are HDFS's ChecksumTypeProto, also the type byte of a meta file.
enum class ChecksumType : uint8_t { kNull = 0, kCrc32 = 1, kCrc32c = 2 };

// "NULL", "CRC32" or "CRC32C", Hadoop's names.
std::string_view ChecksumTypeName(ChecksumType type);

// How data is checksummed: the CRC and the bytes that each value covers. A plain value; every
// function is thread-safe.
struct DataChecksum {
  ChecksumType type = ChecksumType::kCrc32c;
  int32_t bytes_per_checksum = 512;

  friend bool operator==(const DataChecksum&, const DataChecksum&) = default;

  // Refuses an unknown type number and a chunk size outside limits.h (kInvalidArgument).
  static absl::StatusOr<DataChecksum> Make(int64_t type, int64_t bytes_per_checksum);

  // Bytes of one stored value: 4, or 0 for kNull.
  size_t checksum_size() const { return type == ChecksumType::kNull ? 0 : 4; }
  // Chunks that `data_bytes` bytes begin.
  int64_t ChunkCount(int64_t data_bytes) const {
    return (data_bytes + bytes_per_checksum - 1) / bytes_per_checksum;
  }
  // Bytes of all values for `data_bytes` bytes.
  int64_t ChecksumBytes(int64_t data_bytes) const {
    return ChunkCount(data_bytes) * static_cast<int64_t>(checksum_size());
  }
  // `offset` rounded down, or up, to a chunk boundary.
  int64_t RoundDown(int64_t offset) const { return offset - offset % bytes_per_checksum; }
  int64_t RoundUp(int64_t offset) const { return RoundDown(offset + bytes_per_checksum - 1); }

  // The CRC of `data` as one value, continuing from `crc`; 0 for kNull.
  uint32_t Value(std::string_view data, uint32_t crc = 0) const;
  // Appends the values of `data`, whose first byte begins a chunk, to `out`.
  void Compute(std::string_view data, std::string& out) const;
  std::string Compute(std::string_view data) const;

  // Compares `data`, whose first byte begins a chunk, with `checksums`. kDataLoss on a mismatch,
  // naming `what` and the position of the first bad chunk counted from `data_offset`;
  // kInvalidArgument when `checksums` has the wrong length. Always OK for kNull.
  absl::Status Verify(std::string_view data, std::string_view checksums, int64_t data_offset,
                      std::string_view what) const;
};

}  // namespace cairn
