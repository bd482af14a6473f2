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
  switch (reported.state) {
    case ReplicaState::kFinalized:
      return reported.block.num_bytes == row->length ? kGood : kCorrupt;
    case ReplicaState::kBeingWritten:
      return kIgnore;  // its finalization is about to be reported
    default:
      return kCorrupt;  // waiting to be recovered: its DataNode fell behind and died
  }
}

}  // namespace cairn::namenode
