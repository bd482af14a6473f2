// Identifiers of the namespace and of blocks. Signed 64-bit as on HDFS's wire.
#pragma once

#include <cstdint>

namespace cairn {

using InodeId = int64_t;
using BlockId = int64_t;          // negative ids are reserved for erasure-coded groups
using GenerationStamp = int64_t;  // version of a block; rises with every recovery
using Txid = int64_t;             // transaction id of the NameNode's journal; the first is 1

// First ids, as HDFS hands them out (hadoop-hdfs 3.4: INodeId, SequentialBlockIdGenerator,
// GenerationStamp).
inline constexpr InodeId kRootInodeId = 16385;
inline constexpr BlockId kLastReservedBlockId = int64_t{1} << 30;
inline constexpr GenerationStamp kLastReservedGenerationStamp = 1000;
inline constexpr InodeId kUnknownInodeId = 0;  // "resolve by path" in requests

}  // namespace cairn
