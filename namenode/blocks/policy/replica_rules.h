// What the NameNode makes of a reported replica (HDFS's reportDiff rules).
#pragma once

#include "namenode/blocks/block_manager.h"

namespace cairn::namenode {

enum class ReplicaVerdict : uint8_t {
  kGood,        // a finalized replica of the right length and generation stamp
  kOpen,        // a place of an unfinished block
  kCorrupt,     // bad: deleted once enough good ones exist
  kIgnore,      // says nothing
  kInvalidate,  // of a block that is gone: to be deleted
  kFuture,      // of a block this metadata has never heard of: kept, and safe mode stays on
  kUnknown,     // cannot be told while blocks are being loaded
};

// Judges one replica. `row` is null for a block that is not known; `highest` the highest generation
// stamp ever given out, or -1 when that is not known.
ReplicaVerdict JudgeReplica(const BlockRow* row, const ReportedReplica& reported, bool loading,
                            GenerationStamp highest);

}  // namespace cairn::namenode
