// The meta file beside each block file: "0001", type byte, big-endian chunk size, then one CRC per
// chunk (Hadoop 3.4 BlockMetadataHeader), and what can be told from the pair of files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data_checksum.h"
#include "common/file_system.h"

namespace cairn::datanode {

inline constexpr int64_t kMetaHeaderBytes = 7;

std::string EncodeMetaHeader(const DataChecksum& checksum);
// kChecksum (errors.h) naming `what` when `bytes` has fewer than 7 bytes, another version, an
// unknown type or an impossible chunk size.
absl::StatusOr<DataChecksum> DecodeMetaHeader(std::string_view bytes, std::string_view what);

// Exact size of the meta file of `data_bytes` bytes.
inline int64_t MetaFileBytes(const DataChecksum& checksum, int64_t data_bytes) {
  return kMetaHeaderBytes + checksum.ChecksumBytes(data_bytes);
}
// Where the value of chunk number `chunk` stands.
inline int64_t MetaOffset(const DataChecksum& checksum, int64_t chunk) {
  return kMetaHeaderBytes + chunk * static_cast<int64_t>(checksum.checksum_size());
}

// The header of an open meta file; kChecksum as above and when it says that there are no checksums
// and something is behind it, or the disk's error.
absl::StatusOr<DataChecksum> ReadMetaHeader(const File& meta);
// Stored values of `count` chunks from `first`; kChecksum when the file ends before.
absl::StatusOr<std::string> ReadStoredChecksums(const File& meta, const DataChecksum& checksum,
                                                int64_t first, int64_t count);
// Exactly `n` bytes; kChecksum when the file ends before.
absl::StatusOr<std::string> ReadExactly(const File& file, int64_t offset, size_t n);

// Verifies `data_bytes` bytes against the meta file exactly: content, and that neither file is
// shorter or longer. kChecksum otherwise. Reads everything.
absl::Status VerifyReplicaFiles(const File& data, const File& meta, int64_t data_bytes);

// Length of the data up to the end of the last chunk whose stored value is that of the chunk or of
// a beginning of it (data may have been appended when a crash kept its checksum from being
// written). A damaged chunk before that one does not shorten the replica: it is found on read.
absl::StatusOr<int64_t> LastValidLength(const File& data, const File& meta,
                                        const DataChecksum& checksum);

// Whether the death of a process can have left the files of a replica in rbw/ so, of which
// LastValidLength is `valid`. The writer appends data before checksums and a cut takes checksums
// before data, so the last stored value always belongs to bytes that are there; where it does not,
// bytes that were acknowledged may be missing.
absl::StatusOr<bool> IsWhole(const File& meta, const DataChecksum& checksum, int64_t valid);

// Length of the data up to the first chunk that does not fit its stored value, with what fits of
// that chunk. Reads everything.
absl::StatusOr<int64_t> ValidPrefix(const File& data, const File& meta,
                                    const DataChecksum& checksum);

// Cuts a replica of `old_length` bytes, whose partial last chunk has the value `old_last` (empty
// when there is none), to `new_length` ≤ `old_length`; bytes that either file has beyond are
// dropped. Returns the value of the new partial last chunk, empty when there is none. A chunk is
// verified before it is cut (kChecksum). A crash of the process at any point leaves files whose
// LastValidLength is at least `new_length`; with `durable` so does a power cut, if the chunk was
// durable before.
absl::StatusOr<std::string> CutReplica(File& data, File& meta, const DataChecksum& checksum,
                                       int64_t old_length, const std::string& old_last,
                                       int64_t new_length, bool durable);

}  // namespace cairn::datanode
