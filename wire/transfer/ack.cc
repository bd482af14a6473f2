// Encoding and decoding of pipeline acknowledgements.
#include "wire/transfer/ack.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/types/limits.h"
#include "proto/hadoop/datatransfer.pb.h"
#include "wire/transfer/delimited_proto.h"
#include "wire/transfer/framing.h"
#include "wire/transfer/packet.h"

namespace cairn::wire {

PipelineAck PipelineAck::Of(int64_t seqno, std::vector<OpStatus> replies) {
  PipelineAck ack{.seqno = seqno, .replies = std::move(replies)};
  for (const OpStatus reply : ack.replies) ack.flags.push_back(static_cast<uint32_t>(reply));
  return ack;
}

OpStatus PipelineAck::StatusAt(size_t index) const {
  if (flags.empty()) return replies[index];
  return static_cast<OpStatus>(flags[index] & kAckStatusMask);
}

bool PipelineAck::AllSuccess() const {
  for (size_t i = 0; i < replies.size(); ++i) {
    if (replies[i] != OpStatus::kSuccess || StatusAt(i) != OpStatus::kSuccess) return false;
  }
  return true;
}

bool PipelineAck::IsSlow(size_t index) const {
  return index < flags.size() && (flags[index] & kAckSlowMask) == kAckSlow;
}

bool PipelineAck::AnyCongested() const {
  return std::any_of(flags.begin(), flags.end(),
                     [](uint32_t flag) { return (flag & kAckEcnMask) == kAckEcnCongested; });
}

bool PipelineAck::IsOutOfBand() const { return seqno == kOutOfBandSeqno; }

std::string EncodeAck(const PipelineAck& ack) {
  hadoop::hdfs::PipelineAckProto proto;
  proto.set_seqno(ack.seqno);
  for (const OpStatus reply : ack.replies) {
    proto.add_reply(static_cast<hadoop::hdfs::Status>(reply));
  }
  for (const uint32_t flag : ack.flags) proto.add_flag(flag);
  proto.set_downstreamacktimenanos(ack.downstream_ack_time_nanos);
  return EncodeDelimited(proto);
}

absl::StatusOr<size_t> AckSize(std::string_view received) {
  return DelimitedSize(received, limits::kMaxAckBytes);
}

absl::StatusOr<PipelineAck> DecodeAck(std::string_view message) {
  hadoop::hdfs::PipelineAckProto proto;
  if (auto status = DecodeDelimited(message, proto); !status.ok()) return status;
  if (proto.reply_size() == 0 || proto.reply_size() > limits::kMaxPipelineNodes ||
      (proto.flag_size() != 0 && proto.flag_size() != proto.reply_size())) {
    return absl::InvalidArgumentError(fmt::format("an acknowledgement of {} nodes with {} flags",
                                                  proto.reply_size(), proto.flag_size()));
  }
  PipelineAck ack;
  ack.seqno = proto.seqno();
  ack.downstream_ack_time_nanos = proto.downstreamacktimenanos();
  for (const int reply : proto.reply()) ack.replies.push_back(static_cast<OpStatus>(reply));
  for (const uint32_t flag : proto.flag()) {
    if (!hadoop::hdfs::Status_IsValid(static_cast<int>(flag & kAckStatusMask))) {
      return absl::InvalidArgumentError(
          fmt::format("an acknowledgement with the unknown status {}", flag & kAckStatusMask));
    }
    ack.flags.push_back(flag);
  }
  return ack;
}

}  // namespace cairn::wire
