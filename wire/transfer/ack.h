// Acknowledgements that travel up a write pipeline: one per packet, with one status per node.
// Source of the format: PipelineAckProto of Hadoop 3.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "wire/transfer/op_status.h"

namespace cairn::wire {

// A flag of a node: bits 0-3 its status, 5-6 congestion (ECN), 7-8 slowness.
inline constexpr uint32_t kAckStatusMask = 0xf;
inline constexpr uint32_t kAckEcnMask = 0x60;
inline constexpr uint32_t kAckEcnSupported = 0x20;
inline constexpr uint32_t kAckEcnCongested = 0x60;
inline constexpr uint32_t kAckSlowMask = 0x180;
inline constexpr uint32_t kAckNotSlow = 0x80;
inline constexpr uint32_t kAckSlow = 0x100;

// One acknowledgement. Index 0 is the DataNode nearest the client.
struct PipelineAck {
  int64_t seqno = 0;  // of the packet; kHeartbeatSeqno; kOutOfBandSeqno
  std::vector<OpStatus> replies;
  std::vector<uint32_t> flags;  // empty: derived from the replies
  uint64_t downstream_ack_time_nanos = 0;

  friend bool operator==(const PipelineAck&, const PipelineAck&) = default;
  // An acknowledgement whose flags are the statuses.
  static PipelineAck Of(int64_t seqno, std::vector<OpStatus> replies);
  // The status of node `index` (< replies.size()): its flag's when there are flags.
  OpStatus StatusAt(size_t index) const;
  // True when every node reported success.
  bool AllSuccess() const;
  // True when node `index` calls itself slow; any index.
  bool IsSlow(size_t index) const;
  // True when a node calls itself congested.
  bool AnyCongested() const;
  // True for an out-of-band restart notice.
  bool IsOutOfBand() const;
};

// A delimited PipelineAckProto.
std::string EncodeAck(const PipelineAck& ack);
// Bytes of the acknowledgement at the front of `received` as DelimitedSize, bounded by
// limits::kMaxAckBytes.
absl::StatusOr<size_t> AckSize(std::string_view received);
// Decodes one complete acknowledgement, as sized by AckSize. kInvalidArgument: malformed, an
// unknown status, more nodes than limits::kMaxPipelineNodes, flags that do not match the replies.
absl::StatusOr<PipelineAck> DecodeAck(std::string_view message);

}  // namespace cairn::wire
