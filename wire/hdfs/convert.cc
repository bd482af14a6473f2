// Plain field by field.
#include "wire/hdfs/convert.h"

namespace cairn::wire {
namespace {

uint64_t Unsigned(int64_t value) { return static_cast<uint64_t>(value); }

hdfs::StorageTypeProto ToProto(StorageType type) {
  return static_cast<hdfs::StorageTypeProto>(type);
}

}  // namespace

void SetEmptyToken(hadoop::common::TokenProto& token) {
  token.set_identifier("");
  token.set_password("");
  token.set_kind("");
  token.set_service("");
}

void ToProtoReport(const DatanodeInfo& node, int64_t monotonic_ms_of_last_update,
                   hdfs::DatanodeInfoProto& proto) {
  ToProto(node, proto);
  proto.set_capacity(Unsigned(node.capacity));
  proto.set_dfsused(Unsigned(node.dfs_used));
  proto.set_remaining(Unsigned(node.remaining));
  proto.set_blockpoolused(Unsigned(node.dfs_used));
  proto.set_nondfsused(Unsigned(node.non_dfs_used));
  proto.set_lastupdate(Unsigned(node.last_update_ms));
  proto.set_lastupdatemonotonic(Unsigned(monotonic_ms_of_last_update));
  proto.set_lastblockreporttime(Unsigned(node.last_block_report_ms));
  proto.set_xceivercount(static_cast<uint32_t>(node.xceiver_count));
  proto.set_numblocks(static_cast<uint32_t>(node.num_blocks));
  proto.set_adminstate(static_cast<hdfs::DatanodeInfoProto::AdminState>(node.admin));
}

void ToProto(const LocatedBlock& block, hdfs::LocatedBlockProto& proto) {
  ToProto(block.block, *proto.mutable_b());
  proto.set_offset(Unsigned(block.offset));
  proto.set_corrupt(block.corrupt);
  SetEmptyToken(*proto.mutable_blocktoken());
  for (const ReplicaLocation& place : block.locations) {
    ToProto(place.datanode, *proto.add_locs());
    proto.add_iscached(false);
    proto.add_storagetypes(ToProto(place.storage_type));
    proto.add_storageids(place.storage_id);
  }
}

void ToProto(const LocatedBlocks& blocks, hdfs::LocatedBlocksProto& proto) {
  proto.set_filelength(Unsigned(blocks.file_length));
  proto.set_underconstruction(blocks.under_construction);
  proto.set_islastblockcomplete(blocks.last_block_complete);
  for (const LocatedBlock& block : blocks.blocks) ToProto(block, *proto.add_blocks());
  if (!blocks.last_block.empty()) {
    ToProto(blocks.last_block.front(), *proto.mutable_lastblock());
  } else if (!blocks.blocks.empty()) {
    ToProto(blocks.blocks.back(), *proto.mutable_lastblock());
  }
}

void ToProto(const FileStatus& status, hdfs::HdfsFileStatusProto& proto) {
  proto.set_filetype(static_cast<hdfs::HdfsFileStatusProto::FileType>(status.type));
  proto.set_path(status.path);
  proto.set_length(Unsigned(status.length));
  proto.mutable_permission()->set_perm(status.permission);
  proto.set_owner(status.owner);
  proto.set_group(status.group);
  proto.set_modification_time(Unsigned(status.mtime_ms));
  proto.set_access_time(Unsigned(status.atime_ms));
  if (status.type == FileType::kSymlink) proto.set_symlink(status.symlink_target);
  proto.set_block_replication(static_cast<uint32_t>(status.replication));
  proto.set_blocksize(Unsigned(status.block_size));
  if (status.locations) ToProto(*status.locations, *proto.mutable_locations());
  proto.set_fileid(Unsigned(status.file_id));
  proto.set_childrennum(static_cast<int32_t>(status.children));
  proto.set_storagepolicy(status.storage_policy);
  proto.set_flags(StatusFlags(status));
}

void ToProto(const ContentSummary& summary, hdfs::ContentSummaryProto& proto) {
  proto.set_length(Unsigned(summary.length));
  proto.set_filecount(Unsigned(summary.file_count));
  proto.set_directorycount(Unsigned(summary.directory_count));
  proto.set_quota(Unsigned(summary.quota));
  proto.set_spaceconsumed(Unsigned(summary.space_consumed));
  proto.set_spacequota(Unsigned(summary.space_quota));
  // No directory counted: it is a file, which `ls -e` calls by the way it is stored.
  proto.set_erasurecodingpolicy(summary.directory_count == 0 ? "Replicated" : "");
}

void ToProto(const ServerDefaults& defaults, hdfs::FsServerDefaultsProto& proto) {
  constexpr uint32_t kHotPolicy = 7;
  proto.set_blocksize(Unsigned(defaults.block_size));
  proto.set_bytesperchecksum(static_cast<uint32_t>(defaults.bytes_per_checksum));
  proto.set_writepacketsize(static_cast<uint32_t>(defaults.write_packet_size));
  proto.set_replication(static_cast<uint32_t>(defaults.replication));
  proto.set_filebuffersize(static_cast<uint32_t>(defaults.file_buffer_size));
  proto.set_encryptdatatransfer(false);
  proto.set_trashinterval(Unsigned(defaults.trash_interval_minutes));
  proto.set_checksumtype(hdfs::CHECKSUM_CRC32C);
  proto.set_keyprovideruri("");
  proto.set_policyid(kHotPolicy);
}

void ToProto(const FsStats& stats, hdfs::GetFsStatsResponseProto& proto) {
  proto.set_capacity(Unsigned(stats.capacity));
  proto.set_used(Unsigned(stats.used));
  proto.set_remaining(Unsigned(stats.remaining));
  proto.set_under_replicated(Unsigned(stats.under_replicated));
  proto.set_corrupt_blocks(Unsigned(stats.corrupt_blocks));
  proto.set_missing_blocks(Unsigned(stats.missing_blocks));
  proto.set_missing_repl_one_blocks(Unsigned(stats.missing_replication_one_blocks));
  proto.set_blocks_in_future(0);
  proto.set_pending_deletion_blocks(Unsigned(stats.pending_deletion_blocks));
}

DatanodeId FromProto(const hdfs::DatanodeIDProto& proto) {
  return {.uuid = proto.datanodeuuid(),
          .ip_addr = proto.ipaddr(),
          .host_name = proto.hostname(),
          .xfer_port = static_cast<int32_t>(proto.xferport()),
          .ipc_port = static_cast<int32_t>(proto.ipcport()),
          .info_port = static_cast<int32_t>(proto.infoport())};
}

LocatedBlock FromProto(const hdfs::LocatedBlockProto& proto) {
  LocatedBlock block;
  block.block = FromProto(proto.b());
  block.offset = static_cast<int64_t>(proto.offset());
  block.corrupt = proto.corrupt();
  for (int i = 0; i < proto.locs_size(); ++i) {
    ReplicaLocation place;
    place.datanode.id = FromProto(proto.locs(i).id());
    place.datanode.network_location = proto.locs(i).location();
    if (i < proto.storageids_size()) place.storage_id = proto.storageids(i);
    if (i < proto.storagetypes_size()) {
      place.storage_type = static_cast<StorageType>(proto.storagetypes(i));
    }
    block.locations.push_back(std::move(place));
  }
  return block;
}

}  // namespace cairn::wire
