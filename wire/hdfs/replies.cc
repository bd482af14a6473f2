// Field by field, in the order of their numbers.
#include "wire/hdfs/replies.h"

#include <cstdint>
#include <string_view>

#include "wire/hdfs/convert.h"

namespace cairn::wire {
namespace {

using Status = hdfs::HdfsFileStatusProto;
using Listing = hdfs::DirectoryListingProto;

// How many bytes the numbers of an entry take, an entry with names of usual length, and a block's
// place.
constexpr size_t kTypicalNumbersBytes = 60;
constexpr size_t kTypicalEntryBytes = 96;
constexpr size_t kTypicalPlaceBytes = 200;
constexpr size_t kPortsBytes = 18;  // of a DataNode, with the fronts of its names

uint64_t Unsigned(int64_t value) { return static_cast<uint64_t>(value); }

void PutBlock(const ExtendedBlock& block, int field, FieldWriter& out) {
  using Proto = hdfs::ExtendedBlockProto;
  constexpr size_t kNumbers = 4;
  const auto message = out.Begin(field);
  char* at = out.Room(block.pool_id.size() + kNumbers * kMaxNumberBytes);
  at = PutText<Proto::kPoolIdFieldNumber>(block.pool_id, at);
  at = PutNumber<Proto::kBlockIdFieldNumber>(Unsigned(block.block.id), at);
  at = PutNumber<Proto::kGenerationStampFieldNumber>(Unsigned(block.block.generation_stamp), at);
  at = PutNumber<Proto::kNumBytesFieldNumber>(Unsigned(block.block.num_bytes), at);
  out.Advance(at);
  out.End(message);
}

void PutDatanode(const DatanodeInfo& node, int field, FieldWriter& out) {
  using Id = hdfs::DatanodeIDProto;
  constexpr size_t kNumbers = 8;
  const size_t id_bytes = node.id.ip_addr.size() + node.id.host_name.size() + node.id.uuid.size();
  const auto message = out.Begin(field, id_bytes + node.network_location.size() + kPortsBytes);
  const auto id = out.Begin(hdfs::DatanodeInfoProto::kIdFieldNumber, id_bytes + kPortsBytes);
  char* at = out.Room(id_bytes + node.network_location.size() + kNumbers * kMaxNumberBytes);
  at = PutText<Id::kIpAddrFieldNumber>(node.id.ip_addr, at);
  at = PutText<Id::kHostNameFieldNumber>(node.id.host_name, at);
  at = PutText<Id::kDatanodeUuidFieldNumber>(node.id.uuid, at);
  at = PutNumber<Id::kXferPortFieldNumber>(static_cast<uint32_t>(node.id.xfer_port), at);
  at = PutNumber<Id::kInfoPortFieldNumber>(static_cast<uint32_t>(node.id.info_port), at);
  at = PutNumber<Id::kIpcPortFieldNumber>(static_cast<uint32_t>(node.id.ipc_port), at);
  out.Advance(at);
  out.End(id);
  out.Bytes(hdfs::DatanodeInfoProto::kLocationFieldNumber, node.network_location);
  out.End(message);
}

// Four empty texts.
void PutEmptyToken(int field, FieldWriter& out) {
  using Proto = hadoop::common::TokenProto;
  const auto message = out.Begin(field);
  char* at = out.Room(4 * kMaxNumberBytes);
  at = PutText<Proto::kIdentifierFieldNumber>("", at);
  at = PutText<Proto::kPasswordFieldNumber>("", at);
  at = PutText<Proto::kKindFieldNumber>("", at);
  at = PutText<Proto::kServiceFieldNumber>("", at);
  out.Advance(at);
  out.End(message);
}

FieldWriter::Written PutLocatedBlock(const LocatedBlock& block, int field, FieldWriter& out) {
  using Proto = hdfs::LocatedBlockProto;
  const auto message = out.Begin(field, block.locations.size() * kTypicalPlaceBytes);
  PutBlock(block.block, Proto::kBFieldNumber, out);
  out.Varint(Proto::kOffsetFieldNumber, Unsigned(block.offset));
  for (const ReplicaLocation& place : block.locations) {
    PutDatanode(place.datanode, Proto::kLocsFieldNumber, out);
  }
  out.Varint(Proto::kCorruptFieldNumber, block.corrupt ? 1 : 0);
  PutEmptyToken(Proto::kBlockTokenFieldNumber, out);
  if (!block.locations.empty()) {  // packed: none is cached
    out.Bytes(Proto::kIsCachedFieldNumber, std::string(block.locations.size(), '\0'));
  }
  for (const ReplicaLocation& place : block.locations) {
    out.Varint(Proto::kStorageTypesFieldNumber, static_cast<uint64_t>(place.storage_type));
  }
  for (const ReplicaLocation& place : block.locations) {
    out.Bytes(Proto::kStorageIDsFieldNumber, place.storage_id);
  }
  return out.End(message);
}

size_t ExpectedBytes(const LocatedBlocks& blocks) {
  size_t places = 1;
  for (const LocatedBlock& block : blocks.blocks) places += 1 + block.locations.size();
  if (!blocks.last_block.empty()) {
    places += 1 + blocks.last_block.front().locations.size();
  } else if (!blocks.blocks.empty()) {
    places += 1 + blocks.blocks.back().locations.size();
  }
  return places * kTypicalPlaceBytes;
}

void PutLocatedBlocks(const LocatedBlocks& blocks, int field, FieldWriter& out) {
  using Proto = hdfs::LocatedBlocksProto;
  const auto message = out.Begin(field, ExpectedBytes(blocks));
  out.Varint(Proto::kFileLengthFieldNumber, Unsigned(blocks.file_length));
  FieldWriter::Written last;
  for (const LocatedBlock& block : blocks.blocks) {
    last = PutLocatedBlock(block, Proto::kBlocksFieldNumber, out);
  }
  out.Varint(Proto::kUnderConstructionFieldNumber, blocks.under_construction ? 1 : 0);
  if (!blocks.last_block.empty()) {
    PutLocatedBlock(blocks.last_block.front(), Proto::kLastBlockFieldNumber, out);
  } else if (!blocks.blocks.empty()) {  // the last of them, once more
    out.Again(Proto::kLastBlockFieldNumber, last);
  }
  out.Varint(Proto::kIsLastBlockCompleteFieldNumber, blocks.last_block_complete ? 1 : 0);
  out.End(message);
}

void PutStatus(const FileStatusView& entry, const LocatedBlocks* locations, int field,
               FieldWriter& out) {
  constexpr size_t kNumbers = 18;  // of fields, the permission's inner one included
  const size_t text_bytes =
      entry.path.size() + entry.owner.size() + entry.group.size() + entry.symlink_target.size();
  const auto message = out.Begin(field, text_bytes + kTypicalNumbersBytes);
  char* at = out.Room(text_bytes + kNumbers * kMaxNumberBytes);
  at = PutNumber<Status::kFileTypeFieldNumber>(static_cast<uint64_t>(entry.type), at);
  at = PutText<Status::kPathFieldNumber>(entry.path, at);
  at = PutNumber<Status::kLengthFieldNumber>(Unsigned(entry.length), at);
  at = PutTag<Status::kPermissionFieldNumber, 2>(at);
  at = PutVarint(1 + VarintSize(entry.permission), at);
  at = PutNumber<hdfs::FsPermissionProto::kPermFieldNumber>(entry.permission, at);
  at = PutText<Status::kOwnerFieldNumber>(entry.owner, at);
  at = PutText<Status::kGroupFieldNumber>(entry.group, at);
  at = PutNumber<Status::kModificationTimeFieldNumber>(Unsigned(entry.mtime_ms), at);
  at = PutNumber<Status::kAccessTimeFieldNumber>(Unsigned(entry.atime_ms), at);
  if (entry.type == FileType::kSymlink) {
    at = PutText<Status::kSymlinkFieldNumber>(entry.symlink_target, at);
  }
  at =
      PutNumber<Status::kBlockReplicationFieldNumber>(static_cast<uint32_t>(entry.replication), at);
  at = PutNumber<Status::kBlocksizeFieldNumber>(Unsigned(entry.block_size), at);
  if (locations != nullptr) {
    out.Advance(at);
    PutLocatedBlocks(*locations, Status::kLocationsFieldNumber, out);
    at = out.Room(kNumbers * kMaxNumberBytes);
  }
  at = PutNumber<Status::kFileIdFieldNumber>(Unsigned(entry.file_id), at);
  // An int32 below 0 would have to be sign-extended; there are no such counts.
  at = PutNumber<Status::kChildrenNumFieldNumber>(static_cast<uint32_t>(entry.children), at);
  at = PutNumber<Status::kStoragePolicyFieldNumber>(entry.storage_policy, at);
  at = PutNumber<Status::kFlagsFieldNumber>(StatusFlags(entry), at);
  out.Advance(at);
  out.End(message);
}

const LocatedBlocks* LocationsOf(const FileStatus& status) {
  return status.locations ? &*status.locations : nullptr;
}

}  // namespace

ListingWriter::ListingWriter(std::string& room, size_t expected_entries)
    : out_(room, expected_entries * kTypicalEntryBytes),
      page_(out_.Begin(hdfs::GetListingResponseProto::kDirListFieldNumber,
                       expected_entries * kTypicalEntryBytes)) {}

void ListingWriter::Add(const FileStatusView& entry, const LocatedBlocks* locations) {
  PutStatus(entry, locations, Listing::kPartialListingFieldNumber, out_);
}

std::string_view ListingWriter::Finish(int64_t remaining) {
  out_.Varint(Listing::kRemainingEntriesFieldNumber, static_cast<uint32_t>(remaining));
  out_.End(page_);
  return out_.written();
}

std::string_view EncodeListing(const DirectoryListing& listing, std::string& room) {
  ListingWriter out(room, listing.entries.size());
  for (const FileStatus& entry : listing.entries) out.Add(entry, LocationsOf(entry));
  return out.Finish(listing.remaining);
}

std::string_view EncodeStatusResponse(const FileStatusView& status, const LocatedBlocks* locations,
                                      std::string& room) {
  static_assert(int{hdfs::GetFileInfoResponseProto::kFsFieldNumber} ==
                int{hdfs::CreateResponseProto::kFsFieldNumber});
  FieldWriter out(room, kTypicalEntryBytes);
  PutStatus(status, locations, hdfs::GetFileInfoResponseProto::kFsFieldNumber, out);
  return out.written();
}

std::string_view EncodeStatusResponse(const FileStatus& status, std::string& room) {
  return EncodeStatusResponse(status, LocationsOf(status), room);
}

std::string_view EncodeBlockLocations(const LocatedBlocks& blocks, std::string& room) {
  FieldWriter out(room, ExpectedBytes(blocks));
  PutLocatedBlocks(blocks, hdfs::GetBlockLocationsResponseProto::kLocationsFieldNumber, out);
  return out.written();
}

}  // namespace cairn::wire
