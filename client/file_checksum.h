// HDFS's MD5-of-MD5-of-CRC checksum of a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/base/client_context.h"
#include "client/client_types.h"
#include "wire/transfer/response.h"

namespace cairn::client {

// Puts the MD5s of all blocks, in file order, together. kFailedPrecondition when blocks differ in
// CRC type or bytes per CRC. Source: MD5MD5CRC32FileChecksum of Hadoop 3.4; no blocks give its
// fixed value for empty files.
absl::StatusOr<FileChecksum> CombineBlockChecksums(
    const std::vector<wire::BlockChecksumResult>& blocks, const std::string& path);

// Asks a DataNode of each block for its MD5 and combines them.
absl::StatusOr<FileChecksum> ComputeFileChecksum(ClientContext& context, const std::string& path,
                                                 int64_t length);

}  // namespace cairn::client
