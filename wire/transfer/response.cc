// Encoding and decoding of replies and read statuses.
#include "wire/transfer/response.h"

#include "common/status_macros.h"
#include "common/types/limits.h"
#include "proto/hadoop/datatransfer.pb.h"
#include "wire/transfer/convert.h"
#include "wire/transfer/delimited_proto.h"
#include "wire/transfer/framing.h"

namespace cairn::wire {

namespace {

using hadoop::hdfs::BlockOpResponseProto;
using hadoop::hdfs::OpBlockChecksumResponseProto;
using wire::FromProto;
using wire::ToProto;

void ToProto(const BlockChecksumResult& result, OpBlockChecksumResponseProto& proto) {
  proto.set_bytespercrc(static_cast<uint32_t>(result.bytes_per_crc));
  proto.set_crcperblock(static_cast<uint64_t>(result.crc_per_block));
  proto.set_blockchecksum(result.checksum);
  proto.set_crctype(static_cast<hadoop::hdfs::ChecksumTypeProto>(result.crc_type));
  ToProto(result.options, *proto.mutable_blockchecksumoptions());
}

absl::StatusOr<BlockChecksumResult> FromProto(const OpBlockChecksumResponseProto& proto) {
  ASSIGN_OR_RETURN(const DataChecksum checksum,
                   DataChecksum::Make(proto.crctype(), proto.bytespercrc()));
  BlockChecksumResult result;
  result.bytes_per_crc = checksum.bytes_per_checksum;
  ASSIGN_OR_RETURN(result.crc_per_block, NonNegative(proto.crcperblock(), "crcPerBlock"));
  result.checksum = proto.blockchecksum();
  result.crc_type = checksum.type;
  result.options = FromProto(proto.blockchecksumoptions());
  return result;
}

}  // namespace

std::string EncodeResponse(const OpResponse& response) {
  BlockOpResponseProto proto;
  proto.set_status(static_cast<hadoop::hdfs::Status>(response.status));
  if (response.first_bad_link) proto.set_firstbadlink(*response.first_bad_link);
  if (response.checksum_result) {
    ToProto(*response.checksum_result, *proto.mutable_checksumresponse());
  }
  if (response.read_info) {
    auto& info = *proto.mutable_readopchecksuminfo();
    ToProto(response.read_info->checksum, *info.mutable_checksum());
    info.set_chunkoffset(static_cast<uint64_t>(response.read_info->chunk_offset));
  }
  if (!response.message.empty()) proto.set_message(response.message);
  if (response.short_circuit_version) {
    proto.set_shortcircuitaccessversion(*response.short_circuit_version);
  }
  return EncodeDelimited(proto);
}

absl::StatusOr<size_t> ResponseSize(std::string_view received) {
  return DelimitedSize(received, limits::kMaxOpMessageBytes);
}

absl::StatusOr<OpResponse> DecodeResponse(std::string_view message) {
  BlockOpResponseProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  OpResponse response;
  response.status = static_cast<OpStatus>(proto.status());
  if (proto.has_firstbadlink()) response.first_bad_link = proto.firstbadlink();
  if (proto.has_checksumresponse()) {
    ASSIGN_OR_RETURN(response.checksum_result, FromProto(proto.checksumresponse()));
  }
  if (proto.has_readopchecksuminfo()) {
    const auto& info = proto.readopchecksuminfo();
    ReadChecksumInfo read_info;
    ASSIGN_OR_RETURN(read_info.checksum, FromProto(info.checksum()));
    ASSIGN_OR_RETURN(read_info.chunk_offset, NonNegative(info.chunkoffset(), "chunkOffset"));
    response.read_info = read_info;
  }
  response.message = proto.message();
  if (proto.has_shortcircuitaccessversion()) {
    response.short_circuit_version = proto.shortcircuitaccessversion();
  }
  return response;
}

std::string EncodeShmResponse(const ShmResponse& response) {
  hadoop::hdfs::ShortCircuitShmResponseProto proto;
  proto.set_status(static_cast<hadoop::hdfs::Status>(response.status));
  if (!response.error.empty()) proto.set_error(response.error);
  if (response.id) {
    proto.mutable_id()->set_hi(response.id->hi);
    proto.mutable_id()->set_lo(response.id->lo);
  }
  return EncodeDelimited(proto);
}

absl::StatusOr<ShmResponse> DecodeShmResponse(std::string_view message) {
  hadoop::hdfs::ShortCircuitShmResponseProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  ShmResponse response{
      .status = static_cast<OpStatus>(proto.status()), .error = proto.error(), .id = std::nullopt};
  if (proto.has_id()) response.id = ShmId{.hi = proto.id().hi(), .lo = proto.id().lo()};
  return response;
}

std::string EncodeReadStatus(OpStatus status) {
  hadoop::hdfs::ClientReadStatusProto proto;
  proto.set_status(static_cast<hadoop::hdfs::Status>(status));
  return EncodeDelimited(proto);
}

absl::StatusOr<size_t> ReadStatusSize(std::string_view received) {
  return DelimitedSize(received, limits::kMaxAckBytes);
}

absl::StatusOr<OpStatus> DecodeReadStatus(std::string_view message) {
  hadoop::hdfs::ClientReadStatusProto proto;
  RETURN_IF_ERROR(DecodeDelimited(message, proto));
  return static_cast<OpStatus>(proto.status());
}

}  // namespace cairn::wire
