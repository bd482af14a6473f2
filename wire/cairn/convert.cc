// Field by field, in the order of the messages.
#include "wire/cairn/convert.h"

namespace cairn::wire {

void ToProto(const Block& from, v1::Block& to) {
  to.set_id(from.id);
  to.set_generation_stamp(from.generation_stamp);
  to.set_num_bytes(from.num_bytes);
}

Block FromProto(const v1::Block& from) {
  return {
      .id = from.id(), .generation_stamp = from.generation_stamp(), .num_bytes = from.num_bytes()};
}

void ToProto(const ExtendedBlock& from, v1::ExtendedBlock& to) {
  to.set_pool_id(from.pool_id);
  ToProto(from.block, *to.mutable_block());
}

ExtendedBlock FromProto(const v1::ExtendedBlock& from) {
  return {.pool_id = from.pool_id(), .block = FromProto(from.block())};
}

v1::StorageType ToProto(StorageType from) { return static_cast<v1::StorageType>(from); }

StorageType FromProto(v1::StorageType from) {
  const bool known = v1::StorageType_IsValid(from) && from != v1::STORAGE_TYPE_UNSPECIFIED;
  return known ? static_cast<StorageType>(from) : StorageType::kDisk;
}

v1::ReplicaState ToProto(ReplicaState from) { return static_cast<v1::ReplicaState>(from); }

absl::StatusOr<ReplicaState> FromProto(v1::ReplicaState from) {
  if (!v1::ReplicaState_IsValid(from)) {
    return absl::InvalidArgumentError(
        fmt::format("unknown replica state {}", static_cast<int>(from)));
  }
  return static_cast<ReplicaState>(from);
}

void ToProto(const DatanodeId& from, v1::DatanodeId& to) {
  to.set_uuid(from.uuid);
  to.set_ip_addr(from.ip_addr);
  to.set_host_name(from.host_name);
  to.set_xfer_port(from.xfer_port);
  to.set_ipc_port(from.ipc_port);
  to.set_info_port(from.info_port);
}

DatanodeId FromProto(const v1::DatanodeId& from) {
  return {.uuid = from.uuid(),
          .ip_addr = from.ip_addr(),
          .host_name = from.host_name(),
          .xfer_port = from.xfer_port(),
          .ipc_port = from.ipc_port(),
          .info_port = from.info_port()};
}

void ToProto(const DatanodeInfo& from, v1::DatanodeInfo& to) {
  ToProto(from.id, *to.mutable_id());
  to.set_network_location(from.network_location);
  to.set_capacity(from.capacity);
  to.set_dfs_used(from.dfs_used);
  to.set_non_dfs_used(from.non_dfs_used);
  to.set_remaining(from.remaining);
  to.set_num_blocks(from.num_blocks);
  to.set_last_update_ms(from.last_update_ms);
  to.set_last_block_report_ms(from.last_block_report_ms);
  to.set_xceiver_count(from.xceiver_count);
  to.set_failed_volumes(from.failed_volumes);
  to.set_live(from.live);
  to.set_stale(from.stale);
  to.set_admin_state(static_cast<v1::AdminState>(from.admin));
}

namespace {

// What a newer NameNode may know besides is none of ours.
AdminState AdminStateOf(v1::AdminState state) {
  return v1::AdminState_IsValid(state) ? static_cast<AdminState>(state) : AdminState::kNormal;
}

}  // namespace

DatanodeInfo FromProto(const v1::DatanodeInfo& from) {
  return {.id = FromProto(from.id()),
          .network_location = from.network_location(),
          .capacity = from.capacity(),
          .dfs_used = from.dfs_used(),
          .non_dfs_used = from.non_dfs_used(),
          .remaining = from.remaining(),
          .num_blocks = from.num_blocks(),
          .last_update_ms = from.last_update_ms(),
          .last_block_report_ms = from.last_block_report_ms(),
          .xceiver_count = from.xceiver_count(),
          .failed_volumes = from.failed_volumes(),
          .live = from.live(),
          .stale = from.stale(),
          .admin = AdminStateOf(from.admin_state())};
}

void ToProto(const ReplicaLocation& from, v1::ReplicaLocation& to) {
  v1::DatanodeInfo& datanode = *to.mutable_datanode();
  ToProto(from.datanode.id, *datanode.mutable_id());
  datanode.set_network_location(from.datanode.network_location);
  datanode.set_live(from.datanode.live);
  datanode.set_stale(from.datanode.stale);
  to.set_storage_id(from.storage_id);
  to.set_storage_type(ToProto(from.storage_type));
}

ReplicaLocation FromProto(const v1::ReplicaLocation& from) {
  return {.datanode = FromProto(from.datanode()),
          .storage_id = from.storage_id(),
          .storage_type = FromProto(from.storage_type())};
}

void ToProto(const LocatedBlock& from, v1::LocatedBlock& to) {
  ToProto(from.block, *to.mutable_block());
  to.set_offset(from.offset);
  to.set_corrupt(from.corrupt);
  for (const ReplicaLocation& location : from.locations) ToProto(location, *to.add_locations());
}

LocatedBlock FromProto(const v1::LocatedBlock& from) {
  LocatedBlock to{.block = FromProto(from.block()),
                  .offset = from.offset(),
                  .corrupt = from.corrupt(),
                  .locations = {}};
  to.locations.reserve(from.locations_size());
  for (const v1::ReplicaLocation& location : from.locations()) {
    to.locations.push_back(FromProto(location));
  }
  return to;
}

void ToProto(const LocatedBlocks& from, v1::LocatedBlocks& to) {
  to.set_file_length(from.file_length);
  to.set_under_construction(from.under_construction);
  to.set_last_block_complete(from.last_block_complete);
  for (const LocatedBlock& block : from.blocks) ToProto(block, *to.add_blocks());
  if (!from.last_block.empty()) {
    ToProto(from.last_block.front(), *to.mutable_last_block());
  } else if (!from.blocks.empty()) {
    ToProto(from.blocks.back(), *to.mutable_last_block());
  }
  to.set_file_id(from.file_id);
}

LocatedBlocks FromProto(const v1::LocatedBlocks& from) {
  LocatedBlocks to{.file_length = from.file_length(),
                   .under_construction = from.under_construction(),
                   .last_block_complete = from.last_block_complete(),
                   .blocks = {},
                   .last_block = {},
                   .file_id = from.file_id()};
  to.blocks.reserve(from.blocks_size());
  for (const v1::LocatedBlock& block : from.blocks()) to.blocks.push_back(FromProto(block));
  if (from.has_last_block()) to.last_block.push_back(FromProto(from.last_block()));
  return to;
}

void ToProto(const FileStatus& from, v1::FileStatus& to) {
  to.set_type(static_cast<v1::FileType>(from.type));
  to.set_path(from.path);
  to.set_length(from.length);
  to.set_permission(from.permission);
  to.set_owner(from.owner);
  to.set_group(from.group);
  to.set_mtime_ms(from.mtime_ms);
  to.set_atime_ms(from.atime_ms);
  to.set_replication(from.replication);
  to.set_block_size(from.block_size);
  to.set_file_id(from.file_id);
  to.set_children(from.children);
  to.set_symlink_target(from.symlink_target);
  to.set_storage_policy(from.storage_policy);
  if (from.locations) ToProto(*from.locations, *to.mutable_locations());
}

FileStatus FromProto(const v1::FileStatus& from) {
  const bool known = v1::FileType_IsValid(from.type()) && from.type() != 0;
  FileStatus to;
  to.type = known ? static_cast<FileType>(from.type()) : FileType::kFile;
  to.path = from.path();
  to.length = from.length();
  to.permission = static_cast<uint16_t>(from.permission() & 01777);
  to.owner = from.owner();
  to.group = from.group();
  to.mtime_ms = from.mtime_ms();
  to.atime_ms = from.atime_ms();
  to.replication = from.replication();
  to.block_size = from.block_size();
  to.file_id = from.file_id();
  to.children = from.children();
  to.symlink_target = from.symlink_target();
  to.storage_policy = static_cast<uint8_t>(from.storage_policy());
  if (from.has_locations()) to.locations = FromProto(from.locations());
  return to;
}

void ToProto(const OpenFile& from, v1::OpenFile& to) {
  to.set_id(from.id);
  to.set_path(from.path);
  to.set_client_name(from.client_name);
  to.set_client_address(from.client_address);
}

OpenFile FromProto(const v1::OpenFile& from) {
  return {.id = from.id(),
          .path = from.path(),
          .client_name = from.client_name(),
          .client_address = from.client_address()};
}

void ToProto(const ContentSummary& from, v1::GetContentSummaryResponse& to) {
  to.set_length(from.length);
  to.set_file_count(from.file_count);
  to.set_directory_count(from.directory_count);
  to.set_space_consumed(from.space_consumed);
  to.set_quota(from.quota);
  to.set_space_quota(from.space_quota);
}

ContentSummary FromProto(const v1::GetContentSummaryResponse& from) {
  return {.length = from.length(),
          .file_count = from.file_count(),
          .directory_count = from.directory_count(),
          .space_consumed = from.space_consumed(),
          .quota = from.quota(),
          .space_quota = from.space_quota()};
}

void ToProto(const FsStats& from, v1::GetStatsResponse& to) {
  to.set_capacity(from.capacity);
  to.set_used(from.used);
  to.set_remaining(from.remaining);
  to.set_under_replicated(from.under_replicated);
  to.set_corrupt_blocks(from.corrupt_blocks);
  to.set_missing_blocks(from.missing_blocks);
  to.set_missing_replication_one_blocks(from.missing_replication_one_blocks);
  to.set_pending_deletion_blocks(from.pending_deletion_blocks);
  to.set_pending_replication_blocks(from.pending_replication_blocks);
  to.set_total_files(from.total_files);
  to.set_total_blocks(from.total_blocks);
  to.set_live_datanodes(from.live_datanodes);
  to.set_dead_datanodes(from.dead_datanodes);
  to.set_stale_datanodes(from.stale_datanodes);
}

FsStats FromProto(const v1::GetStatsResponse& from) {
  FsStats to;
  to.capacity = from.capacity();
  to.used = from.used();
  to.remaining = from.remaining();
  to.under_replicated = from.under_replicated();
  to.corrupt_blocks = from.corrupt_blocks();
  to.missing_blocks = from.missing_blocks();
  to.missing_replication_one_blocks = from.missing_replication_one_blocks();
  to.pending_deletion_blocks = from.pending_deletion_blocks();
  to.pending_replication_blocks = from.pending_replication_blocks();
  to.total_files = from.total_files();
  to.total_blocks = from.total_blocks();
  to.live_datanodes = from.live_datanodes();
  to.dead_datanodes = from.dead_datanodes();
  to.stale_datanodes = from.stale_datanodes();
  return to;
}

void ToProto(const ServerDefaults& from, v1::GetServerDefaultsResponse& to) {
  to.set_block_size(from.block_size);
  to.set_bytes_per_checksum(from.bytes_per_checksum);
  to.set_write_packet_size(from.write_packet_size);
  to.set_replication(from.replication);
  to.set_file_buffer_size(from.file_buffer_size);
  to.set_trash_interval_minutes(from.trash_interval_minutes);
}

ServerDefaults FromProto(const v1::GetServerDefaultsResponse& from) {
  return {.block_size = from.block_size(),
          .bytes_per_checksum = from.bytes_per_checksum(),
          .write_packet_size = from.write_packet_size(),
          .replication = from.replication(),
          .file_buffer_size = from.file_buffer_size(),
          .trash_interval_minutes = from.trash_interval_minutes()};
}

}  // namespace cairn::wire
