// Encoding and decoding of operation headers.
#include "wire/transfer/op.h"

#include <fmt/format.h>

#include "common/coding.h"
#include "common/status_macros.h"
#include "common/types/limits.h"
#include "proto/hadoop/datatransfer.pb.h"
#include "wire/transfer/convert.h"
#include "wire/transfer/delimited_proto.h"
#include "wire/transfer/framing.h"

namespace cairn::wire {

namespace {

namespace hdfs = hadoop::hdfs;
using wire::FromProto;
using wire::ToProto;

constexpr size_t kVersionAndOpcodeBytes = 3;

void ToProto(const ExtendedBlock& block, const BlockToken& token, hdfs::BaseHeaderProto& proto) {
  ToProto(block, *proto.mutable_block());
  auto& out = *proto.mutable_token();
  out.set_identifier(token.identifier);
  out.set_password(token.password);
  out.set_kind(token.kind);
  out.set_service(token.service);
}

template <typename OpStruct>
void TakeBase(const hdfs::BaseHeaderProto& proto, OpStruct& op) {
  op.block = FromProto(proto.block());
  op.token = {proto.token().identifier(), proto.token().password(), proto.token().kind(),
              proto.token().service()};
}

void ToProto(const ShmSlot& slot, hdfs::ShortCircuitShmSlotProto& proto) {
  proto.mutable_shmid()->set_hi(slot.shm.hi);
  proto.mutable_shmid()->set_lo(slot.shm.lo);
  proto.set_slotidx(slot.index);
}

ShmSlot FromProto(const hdfs::ShortCircuitShmSlotProto& proto) {
  return {.shm = {.hi = proto.shmid().hi(), .lo = proto.shmid().lo()}, .index = proto.slotidx()};
}

void ToProto(const CachingStrategy& caching, hdfs::CachingStrategyProto& proto) {
  if (caching.drop_behind) proto.set_dropbehind(*caching.drop_behind);
  if (caching.readahead_bytes) proto.set_readahead(*caching.readahead_bytes);
}

CachingStrategy FromProto(const hdfs::CachingStrategyProto& proto) {
  CachingStrategy caching;
  if (proto.has_dropbehind()) caching.drop_behind = proto.dropbehind();
  if (proto.has_readahead()) caching.readahead_bytes = proto.readahead();
  return caching;
}

template <typename OpStruct, typename Proto>
void PutTargets(const OpStruct& op, Proto& proto) {
  for (const DatanodeInfo& target : op.targets) ToProto(target, *proto.add_targets());
  for (const StorageType type : op.target_storage_types) {
    proto.add_targetstoragetypes(static_cast<hdfs::StorageTypeProto>(type));
  }
  for (const std::string& id : op.target_storage_ids) proto.add_targetstorageids(id);
}

template <typename OpStruct, typename Proto>
absl::Status TakeTargets(const Proto& proto, OpStruct& op) {
  const int most = std::max(
      {proto.targets_size(), proto.targetstoragetypes_size(), proto.targetstorageids_size()});
  if (most > limits::kMaxPipelineNodes) {
    return absl::InvalidArgumentError(
        fmt::format("{} targets exceed the limit of {}", most, limits::kMaxPipelineNodes));
  }
  for (const auto& target : proto.targets()) {
    ASSIGN_OR_RETURN(DatanodeInfo node, FromProto(target));
    op.targets.push_back(std::move(node));
  }
  for (const int type : proto.targetstoragetypes()) {
    op.target_storage_types.push_back(static_cast<StorageType>(type));
  }
  op.target_storage_ids.assign(proto.targetstorageids().begin(), proto.targetstorageids().end());
  return absl::OkStatus();
}

std::string EncodeHeader(OpCode code, const google::protobuf::Message& message) {
  std::string out;
  PutBigEndian<int16_t>(out, kDataTransferVersion);
  out.push_back(static_cast<char>(code));
  AppendDelimited(message, out);
  return out;
}

std::string Encode(const WriteBlockOp& op) {
  hdfs::OpWriteBlockProto proto;
  ToProto(op.block, op.token, *proto.mutable_header()->mutable_baseheader());
  proto.mutable_header()->set_clientname(op.client_name);
  PutTargets(op, proto);
  if (op.source) ToProto(*op.source, *proto.mutable_source());
  proto.set_stage(static_cast<hdfs::OpWriteBlockProto::BlockConstructionStage>(op.stage));
  proto.set_pipelinesize(static_cast<uint32_t>(op.pipeline_size));
  proto.set_minbytesrcvd(static_cast<uint64_t>(op.min_bytes_received));
  proto.set_maxbytesrcvd(static_cast<uint64_t>(op.max_bytes_received));
  proto.set_latestgenerationstamp(static_cast<uint64_t>(op.latest_generation_stamp));
  ToProto(op.requested_checksum, *proto.mutable_requestedchecksum());
  ToProto(op.caching, *proto.mutable_cachingstrategy());
  proto.set_storagetype(static_cast<hdfs::StorageTypeProto>(op.storage_type));
  proto.set_allowlazypersist(op.allow_lazy_persist);
  proto.set_pinning(op.pinning);
  for (const bool pinning : op.target_pinnings) proto.add_targetpinnings(pinning);
  if (!op.storage_id.empty()) proto.set_storageid(op.storage_id);
  return EncodeHeader(OpCode::kWriteBlock, proto);
}

std::string Encode(const ReadBlockOp& op) {
  hdfs::OpReadBlockProto proto;
  ToProto(op.block, op.token, *proto.mutable_header()->mutable_baseheader());
  proto.mutable_header()->set_clientname(op.client_name);
  proto.set_offset(static_cast<uint64_t>(op.offset));
  proto.set_len(static_cast<uint64_t>(op.length));
  proto.set_sendchecksums(op.send_checksums);
  ToProto(op.caching, *proto.mutable_cachingstrategy());
  return EncodeHeader(OpCode::kReadBlock, proto);
}

std::string Encode(const TransferBlockOp& op) {
  hdfs::OpTransferBlockProto proto;
  ToProto(op.block, op.token, *proto.mutable_header()->mutable_baseheader());
  proto.mutable_header()->set_clientname(op.client_name);
  PutTargets(op, proto);
  return EncodeHeader(OpCode::kTransferBlock, proto);
}

std::string Encode(const BlockChecksumOp& op) {
  hdfs::OpBlockChecksumProto proto;
  ToProto(op.block, op.token, *proto.mutable_header());
  ToProto(op.options, *proto.mutable_blockchecksumoptions());
  return EncodeHeader(OpCode::kBlockChecksum, proto);
}

std::string Encode(const ReplaceBlockOp& op) {
  hdfs::OpReplaceBlockProto proto;
  ToProto(op.block, op.token, *proto.mutable_header());
  proto.set_delhint(op.delete_hint);
  ToProto(op.source, *proto.mutable_source());
  proto.set_storagetype(static_cast<hdfs::StorageTypeProto>(op.storage_type));
  if (!op.storage_id.empty()) proto.set_storageid(op.storage_id);
  return EncodeHeader(OpCode::kReplaceBlock, proto);
}

std::string Encode(const CopyBlockOp& op) {
  hdfs::OpCopyBlockProto proto;
  ToProto(op.block, op.token, *proto.mutable_header());
  return EncodeHeader(OpCode::kCopyBlock, proto);
}

std::string Encode(const RequestFdsOp& op) {
  hdfs::OpRequestShortCircuitAccessProto proto;
  ToProto(op.block, op.token, *proto.mutable_header());
  proto.set_maxversion(op.max_version);
  if (op.slot) ToProto(*op.slot, *proto.mutable_slotid());
  proto.set_supportsreceiptverification(op.supports_receipt_verification);
  return EncodeHeader(OpCode::kRequestShortCircuitFds, proto);
}

std::string Encode(const ReleaseFdsOp& op) {
  hdfs::ReleaseShortCircuitAccessRequestProto proto;
  ToProto(op.slot, *proto.mutable_slotid());
  return EncodeHeader(OpCode::kReleaseShortCircuitFds, proto);
}

std::string Encode(const RequestShmOp& op) {
  hdfs::ShortCircuitShmRequestProto proto;
  proto.set_clientname(op.client_name);
  return EncodeHeader(OpCode::kRequestShortCircuitShm, proto);
}

absl::StatusOr<Op> DecodeWrite(std::string_view message) {
  hdfs::OpWriteBlockProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  WriteBlockOp op;
  TakeBase(proto.header().baseheader(), op);
  op.client_name = proto.header().clientname();
  RETURN_IF_ERROR(TakeTargets(proto, op));
  if (proto.has_source()) {
    ASSIGN_OR_RETURN(op.source, FromProto(proto.source()));
  }
  op.stage = static_cast<WriteStage>(proto.stage());
  if (proto.pipelinesize() > static_cast<uint32_t>(limits::kMaxPipelineNodes) ||
      proto.targetpinnings_size() > limits::kMaxPipelineNodes) {
    return absl::InvalidArgumentError(fmt::format("a pipeline of {} nodes exceeds the limit of {}",
                                                  proto.pipelinesize(), limits::kMaxPipelineNodes));
  }
  op.pipeline_size = static_cast<int32_t>(proto.pipelinesize());
  ASSIGN_OR_RETURN(op.min_bytes_received, NonNegative(proto.minbytesrcvd(), "minBytesRcvd"));
  ASSIGN_OR_RETURN(op.max_bytes_received, NonNegative(proto.maxbytesrcvd(), "maxBytesRcvd"));
  ASSIGN_OR_RETURN(op.latest_generation_stamp,
                   NonNegative(proto.latestgenerationstamp(), "latestGenerationStamp"));
  ASSIGN_OR_RETURN(op.requested_checksum, FromProto(proto.requestedchecksum()));
  op.caching = FromProto(proto.cachingstrategy());
  op.storage_type = static_cast<StorageType>(proto.storagetype());
  op.allow_lazy_persist = proto.allowlazypersist();
  op.pinning = proto.pinning();
  op.target_pinnings.assign(proto.targetpinnings().begin(), proto.targetpinnings().end());
  op.storage_id = proto.storageid();
  return op;
}

absl::StatusOr<Op> DecodeRead(std::string_view message) {
  hdfs::OpReadBlockProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  ReadBlockOp op;
  TakeBase(proto.header().baseheader(), op);
  op.client_name = proto.header().clientname();
  // Negative ranges are answered by the reader with HDFS's message, so they are kept here.
  op.offset = static_cast<int64_t>(proto.offset());
  op.length = static_cast<int64_t>(proto.len());
  op.send_checksums = proto.sendchecksums();
  op.caching = FromProto(proto.cachingstrategy());
  return op;
}

absl::StatusOr<Op> DecodeTransfer(std::string_view message) {
  hdfs::OpTransferBlockProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  TransferBlockOp op;
  TakeBase(proto.header().baseheader(), op);
  op.client_name = proto.header().clientname();
  RETURN_IF_ERROR(TakeTargets(proto, op));
  return op;
}

absl::StatusOr<Op> DecodeChecksum(std::string_view message) {
  hdfs::OpBlockChecksumProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  BlockChecksumOp op;
  TakeBase(proto.header(), op);
  op.options = FromProto(proto.blockchecksumoptions());
  return op;
}

absl::StatusOr<Op> DecodeReplace(std::string_view message) {
  hdfs::OpReplaceBlockProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  ReplaceBlockOp op;
  TakeBase(proto.header(), op);
  op.delete_hint = proto.delhint();
  ASSIGN_OR_RETURN(op.source, FromProto(proto.source()));
  op.storage_type = static_cast<StorageType>(proto.storagetype());
  op.storage_id = proto.storageid();
  return op;
}

absl::StatusOr<Op> DecodeCopy(std::string_view message) {
  hdfs::OpCopyBlockProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  CopyBlockOp op;
  TakeBase(proto.header(), op);
  return op;
}

absl::StatusOr<Op> DecodeRequestFds(std::string_view message) {
  hdfs::OpRequestShortCircuitAccessProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  RequestFdsOp op;
  TakeBase(proto.header(), op);
  op.max_version = proto.maxversion();
  if (proto.has_slotid()) op.slot = FromProto(proto.slotid());
  op.supports_receipt_verification = proto.supportsreceiptverification();
  return op;
}

absl::StatusOr<Op> DecodeReleaseFds(std::string_view message) {
  hdfs::ReleaseShortCircuitAccessRequestProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  return ReleaseFdsOp{.slot = FromProto(proto.slotid())};
}

absl::StatusOr<Op> DecodeRequestShm(std::string_view message) {
  hdfs::ShortCircuitShmRequestProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  return RequestShmOp{.client_name = proto.clientname()};
}

// Every operation this side knows, in one place. A null decoder: known to HDFS, not served.
struct OpEntry {
  OpCode code;
  std::string_view name;
  absl::StatusOr<Op> (*decode)(std::string_view message);
};

constexpr OpEntry kOps[] = {
    {OpCode::kWriteBlock, "WRITE_BLOCK", DecodeWrite},
    {OpCode::kReadBlock, "READ_BLOCK", DecodeRead},
    {OpCode::kReadMetadata, "READ_METADATA", nullptr},
    {OpCode::kReplaceBlock, "REPLACE_BLOCK", DecodeReplace},
    {OpCode::kCopyBlock, "COPY_BLOCK", DecodeCopy},
    {OpCode::kBlockChecksum, "BLOCK_CHECKSUM", DecodeChecksum},
    {OpCode::kTransferBlock, "TRANSFER_BLOCK", DecodeTransfer},
    {OpCode::kRequestShortCircuitFds, "REQUEST_SHORT_CIRCUIT_FDS", DecodeRequestFds},
    {OpCode::kReleaseShortCircuitFds, "RELEASE_SHORT_CIRCUIT_FDS", DecodeReleaseFds},
    {OpCode::kRequestShortCircuitShm, "REQUEST_SHORT_CIRCUIT_SHM", DecodeRequestShm},
    {OpCode::kBlockGroupChecksum, "BLOCK_GROUP_CHECKSUM", nullptr},
    {OpCode::kCustom, "CUSTOM", nullptr},
};

// The entry for version and opcode at the front of `received` (at least three bytes).
absl::StatusOr<const OpEntry*> FindOp(std::string_view received) {
  const int16_t version = GetBigEndian<int16_t>(received.data());
  if (version != kDataTransferVersion) {
    return absl::InvalidArgumentError(fmt::format("Version Mismatch (Expected: {}, Received: {} )",
                                                  kDataTransferVersion, version));
  }
  const auto code = static_cast<uint8_t>(received[2]);
  for (const OpEntry& entry : kOps) {
    if (static_cast<uint8_t>(entry.code) != code) continue;
    if (entry.decode != nullptr) return &entry;
    return absl::UnimplementedError(fmt::format("{} is not supported", entry.name));
  }
  return absl::InvalidArgumentError(fmt::format("Unknown op {} in data stream", code));
}

OpCode CodeOf(const WriteBlockOp&) { return OpCode::kWriteBlock; }
OpCode CodeOf(const ReadBlockOp&) { return OpCode::kReadBlock; }
OpCode CodeOf(const TransferBlockOp&) { return OpCode::kTransferBlock; }
OpCode CodeOf(const BlockChecksumOp&) { return OpCode::kBlockChecksum; }
OpCode CodeOf(const ReplaceBlockOp&) { return OpCode::kReplaceBlock; }
OpCode CodeOf(const CopyBlockOp&) { return OpCode::kCopyBlock; }
OpCode CodeOf(const RequestFdsOp&) { return OpCode::kRequestShortCircuitFds; }
OpCode CodeOf(const ReleaseFdsOp&) { return OpCode::kReleaseShortCircuitFds; }
OpCode CodeOf(const RequestShmOp&) { return OpCode::kRequestShortCircuitShm; }

}  // namespace

std::string_view WriteStageName(WriteStage stage) {
  switch (stage) {
    case WriteStage::kSetupAppend:
      return "PIPELINE_SETUP_APPEND";
    case WriteStage::kSetupAppendRecovery:
      return "PIPELINE_SETUP_APPEND_RECOVERY";
    case WriteStage::kDataStreaming:
      return "DATA_STREAMING";
    case WriteStage::kSetupStreamingRecovery:
      return "PIPELINE_SETUP_STREAMING_RECOVERY";
    case WriteStage::kClose:
      return "PIPELINE_CLOSE";
    case WriteStage::kCloseRecovery:
      return "PIPELINE_CLOSE_RECOVERY";
    case WriteStage::kSetupCreate:
      return "PIPELINE_SETUP_CREATE";
    case WriteStage::kTransferRbw:
      return "TRANSFER_RBW";
    case WriteStage::kTransferFinalized:
      return "TRANSFER_FINALIZED";
  }
  return "UNKNOWN";
}

std::string EncodeOp(const Op& op) {
  return std::visit([](const auto& concrete) { return Encode(concrete); }, op);
}

std::string_view OpName(const Op& op) {
  const OpCode code = std::visit([](const auto& concrete) { return CodeOf(concrete); }, op);
  for (const OpEntry& entry : kOps) {
    if (entry.code == code) return entry.name;
  }
  return "UNKNOWN";
}

absl::StatusOr<size_t> OpSize(std::string_view received) {
  if (received.size() < kVersionAndOpcodeBytes) return 0;
  RETURN_IF_ERROR(FindOp(received).status());
  received.remove_prefix(kVersionAndOpcodeBytes);
  ASSIGN_OR_RETURN(const size_t message, DelimitedSize(received, limits::kMaxOpMessageBytes));
  return message == 0 ? 0 : kVersionAndOpcodeBytes + message;
}

absl::StatusOr<Op> DecodeOp(std::string_view header) {
  if (header.size() < kVersionAndOpcodeBytes) {
    return absl::InvalidArgumentError("an operation header is cut short");
  }
  ASSIGN_OR_RETURN(const OpEntry* entry, FindOp(header));
  return entry->decode(header.substr(kVersionAndOpcodeBytes));
}

}  // namespace cairn::wire
