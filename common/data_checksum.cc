// Chunked CRCs over block data.
#include "common/data_checksum.h"

#include <fmt/format.h>

#include "common/coding.h"
#include "common/crc32c.h"
#include "common/types/limits.h"

namespace cairn {

std::string_view ChecksumTypeName(ChecksumType type) {
  switch (type) {
    case ChecksumType::kNull:
      return "NULL";
    case ChecksumType::kCrc32:
      return "CRC32";
    case ChecksumType::kCrc32c:
      return "CRC32C";
  }
  return "unknown";
}

absl::StatusOr<DataChecksum> DataChecksum::Make(int64_t type, int64_t bytes_per_checksum) {
  if (type < 0 || type > static_cast<int64_t>(ChecksumType::kCrc32c)) {
    return absl::InvalidArgumentError(fmt::format("unknown checksum type {}", type));
  }
  if (bytes_per_checksum < limits::kMinBytesPerChecksum ||
      bytes_per_checksum > limits::kMaxBytesPerChecksum) {
    return absl::InvalidArgumentError(fmt::format("bytesPerChecksum {} is not between {} and {}",
                                                  bytes_per_checksum, limits::kMinBytesPerChecksum,
                                                  limits::kMaxBytesPerChecksum));
  }
  return DataChecksum{static_cast<ChecksumType>(type), static_cast<int32_t>(bytes_per_checksum)};
}

uint32_t DataChecksum::Value(std::string_view data, uint32_t crc) const {
  switch (type) {
    case ChecksumType::kNull:
      return 0;
    case ChecksumType::kCrc32:
      return Crc32(data, crc);
    case ChecksumType::kCrc32c:
      return Crc32c(data, crc);
  }
  return 0;
}

void DataChecksum::Compute(std::string_view data, std::string& out) const {
  if (type == ChecksumType::kNull) return;
  for (size_t at = 0; at < data.size(); at += bytes_per_checksum) {
    PutBigEndian<uint32_t>(out, Value(data.substr(at, bytes_per_checksum)));
  }
}

std::string DataChecksum::Compute(std::string_view data) const {
  std::string out;
  out.reserve(static_cast<size_t>(ChecksumBytes(static_cast<int64_t>(data.size()))));
  Compute(data, out);
  return out;
}

absl::Status DataChecksum::Verify(std::string_view data, std::string_view checksums,
                                  int64_t data_offset, std::string_view what) const {
  if (type == ChecksumType::kNull) return absl::OkStatus();
  const size_t expected = static_cast<size_t>(ChecksumBytes(static_cast<int64_t>(data.size())));
  if (checksums.size() != expected) {
    return absl::InvalidArgumentError(fmt::format("{}: {} checksum bytes for {} data bytes, not {}",
                                                  what, checksums.size(), data.size(), expected));
  }
  for (size_t at = 0; at < data.size(); at += bytes_per_checksum) {
    const uint32_t stored = GetBigEndian<uint32_t>(checksums.data());
    const uint32_t computed = Value(data.substr(at, bytes_per_checksum));
    if (stored != computed) {
      return absl::DataLossError(fmt::format("Checksum error: {} at {} exp: {} got: {}", what,
                                             data_offset + static_cast<int64_t>(at), stored,
                                             computed));
    }
    checksums.remove_prefix(4);
  }
  return absl::OkStatus();
}

}  // namespace cairn
