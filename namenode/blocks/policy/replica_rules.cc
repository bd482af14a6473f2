// The table of reported state × block state.
#include "namenode/blocks/policy/replica_rules.h"

namespace cairn::namenode {

ReplicaVerdict JudgeReplica(const BlockRow* row, const ReportedReplica& reported, bool loading,
                            GenerationStamp highest) {
  using enum ReplicaVerdict;
  if (reported.state == ReplicaState::kUnderRecovery ||
      reported.state == ReplicaState::kTemporary) {
    return kIgnore;
  }
  const GenerationStamp stamp = reported.block.generation_stamp;
  if (row == nullptr) {
    if (loading) return kUnknown;
    return highest >= 0 && stamp > highest ? kFuture : kInvalidate;
  }
  const bool committed =
      row->state == BlockState::kCommitted || row->state == BlockState::kComplete;
  if (!committed) return stamp < row->generation_stamp ? kCorrupt : kOpen;
  if (stamp != row->generation_stamp) return kCorrupt;
  if (reported.state == ReplicaState::kFinalized) {
    return reported.block.num_bytes == row->length ? kGood : kCorrupt;
  }
  // Until the block is complete, it may be all there is to recover it from.
  if (row->state == BlockState::kCommitted) return kOpen;
  // Of a complete block: its finalization is about to be reported, or its DataNode fell behind and
  // died.
  return reported.state == ReplicaState::kBeingWritten ? kIgnore : kCorrupt;
}

}  // namespace cairn::namenode
