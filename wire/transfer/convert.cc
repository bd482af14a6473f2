// Conversions between protobuf and common/types.
#include "wire/transfer/convert.h"

#include <fmt/format.h>

namespace cairn::wire {

absl::StatusOr<int64_t> NonNegative(uint64_t value, std::string_view what) {
  if (value > static_cast<uint64_t>(INT64_MAX)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is negative: {}", what, static_cast<int64_t>(value)));
  }
  return static_cast<int64_t>(value);
}

void ToProto(const ExtendedBlock& block, hadoop::hdfs::ExtendedBlockProto& proto) {
  proto.set_poolid(block.pool_id);
  proto.set_blockid(static_cast<uint64_t>(block.block.id));
  proto.set_generationstamp(static_cast<uint64_t>(block.block.generation_stamp));
  proto.set_numbytes(static_cast<uint64_t>(block.block.num_bytes));
}

ExtendedBlock FromProto(const hadoop::hdfs::ExtendedBlockProto& proto) {
  return {.pool_id = proto.poolid(),
          .block = {.id = static_cast<int64_t>(proto.blockid()),
                    .generation_stamp = static_cast<int64_t>(proto.generationstamp()),
                    .num_bytes = static_cast<int64_t>(proto.numbytes())}};
}

void ToProto(const DatanodeInfo& node, hadoop::hdfs::DatanodeInfoProto& proto) {
  auto& id = *proto.mutable_id();
  id.set_ipaddr(node.id.ip_addr);
  id.set_hostname(node.id.host_name);
  id.set_datanodeuuid(node.id.uuid);
  id.set_xferport(static_cast<uint32_t>(node.id.xfer_port));
  id.set_infoport(static_cast<uint32_t>(node.id.info_port));
  id.set_ipcport(static_cast<uint32_t>(node.id.ipc_port));
  proto.set_location(node.network_location);
}

absl::StatusOr<DatanodeInfo> FromProto(const hadoop::hdfs::DatanodeInfoProto& proto) {
  const auto& id = proto.id();
  constexpr uint32_t kMaxPort = 65535;
  if (id.xferport() > kMaxPort || id.ipcport() > kMaxPort || id.infoport() > kMaxPort) {
    return absl::InvalidArgumentError(
        fmt::format("DataNode {} with an impossible port", id.ipaddr()));
  }
  DatanodeInfo node;
  node.id = {.uuid = id.datanodeuuid(),
             .ip_addr = id.ipaddr(),
             .host_name = id.hostname(),
             .xfer_port = static_cast<int32_t>(id.xferport()),
             .ipc_port = static_cast<int32_t>(id.ipcport()),
             .info_port = static_cast<int32_t>(id.infoport())};
  node.network_location = proto.location();
  return node;
}

void ToProto(const DataChecksum& checksum, hadoop::hdfs::ChecksumProto& proto) {
  proto.set_type(static_cast<hadoop::hdfs::ChecksumTypeProto>(checksum.type));
  proto.set_bytesperchecksum(static_cast<uint32_t>(checksum.bytes_per_checksum));
}

absl::StatusOr<DataChecksum> FromProto(const hadoop::hdfs::ChecksumProto& proto) {
  return DataChecksum::Make(proto.type(), proto.bytesperchecksum());
}

void ToProto(const BlockChecksumOptions& options, hadoop::hdfs::BlockChecksumOptionsProto& proto) {
  proto.set_blockchecksumtype(static_cast<hadoop::hdfs::BlockChecksumTypeProto>(options.type));
  proto.set_stripelength(static_cast<uint64_t>(options.stripe_length));
}

BlockChecksumOptions FromProto(const hadoop::hdfs::BlockChecksumOptionsProto& proto) {
  return {.type = static_cast<BlockChecksumType>(proto.blockchecksumtype()),
          .stripe_length = static_cast<int64_t>(proto.stripelength())};
}

}  // namespace cairn::wire
