// The meta file beside each block file.
#include "datanode/store/meta_file.h"

#include <fmt/format.h>

#include "common/coding.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::datanode {
namespace {

constexpr int16_t kMetaVersion = 1;
constexpr int64_t kVerifyBytes = 1 << 20;

// Length of the longest beginning of `chunk` whose value is `stored`; 0 when none has it.
int64_t MatchingPrefix(const DataChecksum& checksum, std::string_view chunk, uint32_t stored) {
  if (checksum.Value(chunk) == stored) return static_cast<int64_t>(chunk.size());
  int64_t longest = 0;
  uint32_t crc = 0;
  for (size_t i = 0; i < chunk.size(); ++i) {
    crc = checksum.Value(chunk.substr(i, 1), crc);
    if (crc == stored) longest = static_cast<int64_t>(i) + 1;
  }
  return longest;
}

// Whole values in the meta file.
absl::StatusOr<int64_t> StoredChunks(const File& meta, const DataChecksum& checksum) {
  ASSIGN_OR_RETURN(const int64_t size, meta.Size());
  return std::max<int64_t>(
      0, (size - kMetaHeaderBytes) / static_cast<int64_t>(checksum.checksum_size()));
}

}  // namespace

std::string EncodeMetaHeader(const DataChecksum& checksum) {
  std::string out;
  PutBigEndian<int16_t>(out, kMetaVersion);
  out.push_back(static_cast<char>(checksum.type));
  PutBigEndian<int32_t>(out, checksum.bytes_per_checksum);
  return out;
}

absl::StatusOr<DataChecksum> DecodeMetaHeader(std::string_view bytes, std::string_view what) {
  if (bytes.size() < static_cast<size_t>(kMetaHeaderBytes)) {
    return errors::Checksum(fmt::format("{}: the meta header has {} bytes instead of {}", what,
                                        bytes.size(), kMetaHeaderBytes));
  }
  const auto version = GetBigEndian<int16_t>(bytes.data());
  if (version != kMetaVersion) {
    return errors::Checksum(fmt::format("{}: unknown meta file version {}", what, version));
  }
  const auto checksum =
      DataChecksum::Make(static_cast<uint8_t>(bytes[2]), GetBigEndian<int32_t>(bytes.data() + 3));
  if (!checksum.ok()) {
    return errors::Checksum(fmt::format("{}: {}", what, std::string(checksum.status().message())));
  }
  return *checksum;
}

absl::StatusOr<DataChecksum> ReadMetaHeader(const File& meta) {
  char bytes[kMetaHeaderBytes];
  ASSIGN_OR_RETURN(const size_t n, meta.ReadAt(0, sizeof(bytes), bytes));
  ASSIGN_OR_RETURN(const DataChecksum checksum,
                   DecodeMetaHeader(std::string_view(bytes, n), meta.path()));
  ASSIGN_OR_RETURN(const int64_t size, meta.Size());
  // One flipped bit makes CRC32C "no checksums", after which any bytes would do.
  if (checksum.type == ChecksumType::kNull && size > kMetaHeaderBytes) {
    return errors::Checksum(
        fmt::format("{} says that there are no checksums, and has {} bytes of them", meta.path(),
                    size - kMetaHeaderBytes));
  }
  return checksum;
}

absl::StatusOr<std::string> ReadExactly(const File& file, int64_t offset, size_t n) {
  std::string out(n, '\0');
  ASSIGN_OR_RETURN(const size_t got, file.ReadAt(offset, n, out.data()));
  if (got != n) {
    return errors::Checksum(fmt::format("{} ends at byte {}, {} bytes at {} were expected",
                                        file.path(), offset + static_cast<int64_t>(got), n,
                                        offset));
  }
  return out;
}

absl::StatusOr<std::string> ReadStoredChecksums(const File& meta, const DataChecksum& checksum,
                                                int64_t first, int64_t count) {
  return ReadExactly(meta, MetaOffset(checksum, first),
                     static_cast<size_t>(count) * checksum.checksum_size());
}

absl::Status VerifyReplicaFiles(const File& data, const File& meta, int64_t data_bytes) {
  ASSIGN_OR_RETURN(const DataChecksum checksum, ReadMetaHeader(meta));
  ASSIGN_OR_RETURN(const int64_t data_size, data.Size());
  ASSIGN_OR_RETURN(const int64_t meta_size, meta.Size());
  if (data_size != data_bytes || meta_size != MetaFileBytes(checksum, data_bytes)) {
    return errors::Checksum(fmt::format("{} has {} bytes and its meta file {}, expected {} and {}",
                                        data.path(), data_size, meta_size, data_bytes,
                                        MetaFileBytes(checksum, data_bytes)));
  }
  const int64_t step =
      std::max<int64_t>(checksum.RoundDown(kVerifyBytes), checksum.bytes_per_checksum);
  for (int64_t at = 0; at < data_bytes; at += step) {
    const int64_t n = std::min(step, data_bytes - at);
    ASSIGN_OR_RETURN(const std::string bytes, ReadExactly(data, at, static_cast<size_t>(n)));
    ASSIGN_OR_RETURN(const std::string stored,
                     ReadStoredChecksums(meta, checksum, at / checksum.bytes_per_checksum,
                                         checksum.ChunkCount(n)));
    const absl::Status verified = checksum.Verify(bytes, stored, at, data.path());
    if (!verified.ok()) return errors::Checksum(std::string(verified.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> LastValidLength(const File& data, const File& meta,
                                        const DataChecksum& checksum) {
  ASSIGN_OR_RETURN(const int64_t data_size, data.Size());
  if (checksum.type == ChecksumType::kNull) return data_size;
  ASSIGN_OR_RETURN(const int64_t stored_chunks, StoredChunks(meta, checksum));
  int64_t chunk = std::min(checksum.ChunkCount(data_size), stored_chunks) - 1;
  for (; chunk >= 0; --chunk) {
    const int64_t begin = chunk * checksum.bytes_per_checksum;
    const auto n = std::min<int64_t>(checksum.bytes_per_checksum, data_size - begin);
    ASSIGN_OR_RETURN(const std::string bytes, ReadExactly(data, begin, static_cast<size_t>(n)));
    ASSIGN_OR_RETURN(const std::string stored, ReadStoredChecksums(meta, checksum, chunk, 1));
    const int64_t valid = MatchingPrefix(checksum, bytes, GetBigEndian<uint32_t>(stored.data()));
    if (valid > 0) return begin + valid;
  }
  return 0;
}

absl::StatusOr<bool> IsWhole(const File& meta, const DataChecksum& checksum, int64_t valid) {
  if (checksum.type == ChecksumType::kNull) return true;
  ASSIGN_OR_RETURN(const int64_t stored_chunks, StoredChunks(meta, checksum));
  return checksum.ChunkCount(valid) >= stored_chunks;
}

absl::StatusOr<int64_t> ValidPrefix(const File& data, const File& meta,
                                    const DataChecksum& checksum) {
  ASSIGN_OR_RETURN(const int64_t data_size, data.Size());
  if (checksum.type == ChecksumType::kNull) return data_size;
  ASSIGN_OR_RETURN(const int64_t stored_chunks, StoredChunks(meta, checksum));
  const int64_t chunk_bytes = checksum.bytes_per_checksum;
  const int64_t end = std::min(data_size, stored_chunks * chunk_bytes);
  const int64_t step = std::max<int64_t>(checksum.RoundDown(kVerifyBytes), chunk_bytes);
  for (int64_t at = 0; at < end; at += step) {
    const int64_t n = std::min(step, end - at);
    const auto bytes = ReadExactly(data, at, static_cast<size_t>(n));
    const auto stored =
        ReadStoredChecksums(meta, checksum, at / chunk_bytes, checksum.ChunkCount(n));
    if (absl::IsDataLoss(bytes.status()) || absl::IsDataLoss(stored.status())) return at;
    RETURN_IF_ERROR(bytes.status());
    RETURN_IF_ERROR(stored.status());
    if (checksum.Verify(*bytes, *stored, at, data.path()).ok()) continue;
    for (int64_t begin = 0; begin < n; begin += chunk_bytes) {
      const auto size = static_cast<size_t>(std::min(chunk_bytes, n - begin));
      const size_t value = static_cast<size_t>(begin / chunk_bytes) * checksum.checksum_size();
      const int64_t valid = MatchingPrefix(checksum, std::string_view(*bytes).substr(begin, size),
                                           GetBigEndian<uint32_t>(stored->data() + value));
      if (valid < static_cast<int64_t>(size)) return at + begin + valid;
    }
  }
  return end;
}

absl::StatusOr<std::string> CutReplica(File& data, File& meta, const DataChecksum& checksum,
                                       int64_t old_length, const std::string& old_last,
                                       int64_t new_length, bool durable) {
  const int64_t chunk = new_length / checksum.bytes_per_checksum;
  const int64_t begin = chunk * checksum.bytes_per_checksum;
  std::string last;
  if (new_length > begin && checksum.type != ChecksumType::kNull) {
    const int64_t end = std::min(begin + checksum.bytes_per_checksum, old_length);
    if (new_length == old_length) {
      last = old_last;
    } else {
      ASSIGN_OR_RETURN(const std::string bytes,
                       ReadExactly(data, begin, static_cast<size_t>(end - begin)));
      std::string stored = old_last;
      if (end != old_length || old_last.empty()) {
        ASSIGN_OR_RETURN(stored, ReadStoredChecksums(meta, checksum, chunk, 1));
      }
      const absl::Status verified = checksum.Verify(bytes, stored, begin, data.path());
      if (!verified.ok()) return errors::Checksum(std::string(verified.message()));
      last = checksum.Compute(
          std::string_view(bytes).substr(0, static_cast<size_t>(new_length - begin)));
    }
    // Later chunks go first: left behind by a crash they would hide that this one was cut.
    RETURN_IF_ERROR(meta.Truncate(MetaFileBytes(checksum, end)));
    RETURN_IF_ERROR(data.Truncate(end));
    if (durable) RETURN_IF_ERROR(data.Sync());
    RETURN_IF_ERROR(meta.WriteAt(MetaOffset(checksum, chunk), last));
    if (durable) RETURN_IF_ERROR(meta.Sync());
  }
  RETURN_IF_ERROR(meta.Truncate(MetaFileBytes(checksum, new_length)));
  RETURN_IF_ERROR(data.Truncate(new_length));
  return last;
}

}  // namespace cairn::datanode
