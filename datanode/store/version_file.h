// VERSION files: Java properties that say whose data a directory holds (Hadoop 3.4 StorageInfo,
// DataStorage, BlockPoolSliceStorage).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn::datanode {

// VERSION files larger than this are refused.
inline constexpr int64_t kMaxVersionFileBytes = 64 << 10;

using Properties = std::map<std::string, std::string>;

// Lines "key=value" with '#' and '!' comments and backslash escapes; the last of equal keys wins.
// kInvalidArgument for a line that is neither.
absl::StatusOr<Properties> ParseProperties(std::string_view text);
// As java.util.Properties.store writes it, the date of `wall_ms` in the first line (UTC).
std::string FormatProperties(const Properties& properties, int64_t wall_ms);

// <volume>/current/VERSION.
struct VolumeVersion {
  std::string storage_id;
  std::string cluster_id;
  std::string datanode_uuid;
  int32_t layout_version = 0;

  // kInvalidArgument naming the key that is missing or malformed.
  static absl::StatusOr<VolumeVersion> Parse(std::string_view text);
  std::string Format(int64_t wall_ms) const;
};

// <volume>/current/<pool>/current/VERSION.
struct PoolVersion {
  std::string pool_id;
  int32_t namespace_id = 0;
  int64_t creation_time = 0;
  int32_t layout_version = 0;

  static absl::StatusOr<PoolVersion> Parse(std::string_view text);
  std::string Format(int64_t wall_ms) const;
};

}  // namespace cairn::datanode
