// Conversions between HDFS's protocol buffers and common/types; also for the other protocols that
// use these messages.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data_checksum.h"
#include "common/types/block.h"
#include "proto/hadoop/datatransfer.pb.h"
#include "wire/transfer/response.h"

namespace cairn::wire {

// `what` names the field in the error: HDFS's unsigned fields carry Java's signed numbers.
absl::StatusOr<int64_t> NonNegative(uint64_t value, std::string_view what);

void ToProto(const ExtendedBlock& block, hadoop::hdfs::ExtendedBlockProto& proto);
ExtendedBlock FromProto(const hadoop::hdfs::ExtendedBlockProto& proto);

void ToProto(const DatanodeInfo& node, hadoop::hdfs::DatanodeInfoProto& proto);
// kInvalidArgument: a port above 65535.
absl::StatusOr<DatanodeInfo> FromProto(const hadoop::hdfs::DatanodeInfoProto& proto);

void ToProto(const DataChecksum& checksum, hadoop::hdfs::ChecksumProto& proto);
absl::StatusOr<DataChecksum> FromProto(const hadoop::hdfs::ChecksumProto& proto);

void ToProto(const BlockChecksumOptions& options, hadoop::hdfs::BlockChecksumOptionsProto& proto);
BlockChecksumOptions FromProto(const hadoop::hdfs::BlockChecksumOptionsProto& proto);

}  // namespace cairn::wire
