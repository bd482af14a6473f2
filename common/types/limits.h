// Every limit that bounds what the outside may ask of a daemon, named once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::limits {

// Paths: HDFS's MAX_PATH_LENGTH and MAX_PATH_DEPTH (create, mkdirs, rename destinations).
inline constexpr size_t kMaxPathLength = 8000;  // characters
inline constexpr size_t kMaxPathDepth = 1000;   // components

// DataTransferProtocol: header message of an operation, header of a packet, whole packet
// (dfs.data.transfer.max.packet.size).
inline constexpr size_t kMaxOpMessageBytes = 1 << 20;
inline constexpr size_t kMaxPacketBytes = 16 << 20;
inline constexpr size_t kMaxAckBytes = 64 << 10;
inline constexpr int kMaxPipelineNodes = 512;  // dfs.replication.max

// Checksum chunk sizes a writer may ask for.
inline constexpr int32_t kMinBytesPerChecksum = 1;
inline constexpr int32_t kMaxBytesPerChecksum = 1 << 20;

// Journal: one batch, before compression of any kind.
inline constexpr size_t kMaxJournalBatchBytes = 256 << 20;

// gRPC messages on every port.
inline constexpr int kMaxGrpcMessageBytes = 16 << 20;

// Replicas listed in one chunk of a streamed block report.
inline constexpr size_t kBlockReportChunkReplicas = 32768;

}  // namespace cairn::limits
