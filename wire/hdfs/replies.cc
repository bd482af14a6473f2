// Field by field, in the order of their numbers.
#include "wire/hdfs/replies.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "wire/hdfs/convert.h"
#include "wire/varint.h"

namespace cairn::wire {
namespace {

using Status = hdfs::HdfsFileStatusProto;
using Listing = hdfs::DirectoryListingProto;

// How many bytes an entry without places and a name of usual length takes, and a block's place.
constexpr size_t kTypicalEntryBytes = 96;
constexpr size_t kTypicalPlaceBytes = 200;

// Writes fields one behind the other into memory that it has made room in. Field numbers are below
// 2048.
class FieldWriter {
 public:
  // Room for `expected_bytes`; more is made when it is needed.
  explicit FieldWriter(size_t expected_bytes) { bytes_.resize(expected_bytes + kMargin); }

  void Varint(int field, uint64_t value) {
    char* const at = Room(0);
    Advance(PutVarint(value, PutVarint(static_cast<uint64_t>(field) << 3, at)));
  }
  void Bytes(int field, std::string_view value) {
    char* at = Room(value.size());
    at = PutVarint(value.size(), PutVarint(static_cast<uint64_t>(field) << 3 | 2, at));
    std::memcpy(at, value.data(), value.size());
    Advance(at + value.size());
  }
  // A message as a field: what is written until End is its content.
  struct Nested {
    size_t content;
    size_t length_bytes;
  };
  // Nothing is moved when the content takes about `expected_bytes`.
  Nested Begin(int field, size_t expected_bytes = 0) {
    const size_t length_bytes = VarintSize(expected_bytes);
    char* const at = Room(length_bytes);
    Advance(PutVarint(static_cast<uint64_t>(field) << 3 | 2, at) + length_bytes);
    return {size_, length_bytes};
  }
  // The content of a message that has ended; valid until one around it ends.
  struct Written {
    size_t content = 0;
    size_t length = 0;
  };
  Written End(const Nested& message) {
    const size_t length = size_ - message.content;
    const size_t length_bytes = VarintSize(length);
    if (length_bytes != message.length_bytes) {
      Room(length_bytes);
      std::memmove(bytes_.data() + message.content - message.length_bytes + length_bytes,
                   bytes_.data() + message.content, length);
      size_ += length_bytes - message.length_bytes;
    }
    const size_t content = message.content - message.length_bytes + length_bytes;
    PutVarint(length, bytes_.data() + content - length_bytes);
    return {content, length};
  }
  // A field with the same content.
  void Again(int field, const Written& message) {
    char* at = Room(message.length);
    at = PutVarint(message.length, PutVarint(static_cast<uint64_t>(field) << 3 | 2, at));
    std::memcpy(at, bytes_.data() + message.content, message.length);
    Advance(at + message.length);
  }
  std::string Take() {
    bytes_.resize(size_);
    return std::move(bytes_);
  }

 private:
  // Tags, lengths and numbers of any one field fit into it.
  static constexpr size_t kMargin = 4 * kMaxVarintBytes;

  char* Room(size_t more) {
    if (bytes_.size() - size_ < more + kMargin) {
      bytes_.resize(std::max(2 * bytes_.size(), size_ + more + kMargin));
    }
    return bytes_.data() + size_;
  }
  void Advance(const char* end) { size_ = static_cast<size_t>(end - bytes_.data()); }

  std::string bytes_;
  size_t size_ = 0;
};

uint64_t Unsigned(int64_t value) { return static_cast<uint64_t>(value); }

void PutBlock(const ExtendedBlock& block, int field, FieldWriter& out) {
  using Proto = hdfs::ExtendedBlockProto;
  const auto message = out.Begin(field);
  out.Bytes(Proto::kPoolIdFieldNumber, block.pool_id);
  out.Varint(Proto::kBlockIdFieldNumber, Unsigned(block.block.id));
  out.Varint(Proto::kGenerationStampFieldNumber, Unsigned(block.block.generation_stamp));
  out.Varint(Proto::kNumBytesFieldNumber, Unsigned(block.block.num_bytes));
  out.End(message);
}

void PutDatanode(const DatanodeInfo& node, int field, FieldWriter& out) {
  using Id = hdfs::DatanodeIDProto;
  const auto message = out.Begin(field);
  const auto id = out.Begin(hdfs::DatanodeInfoProto::kIdFieldNumber);
  out.Bytes(Id::kIpAddrFieldNumber, node.id.ip_addr);
  out.Bytes(Id::kHostNameFieldNumber, node.id.host_name);
  out.Bytes(Id::kDatanodeUuidFieldNumber, node.id.uuid);
  out.Varint(Id::kXferPortFieldNumber, static_cast<uint32_t>(node.id.xfer_port));
  out.Varint(Id::kInfoPortFieldNumber, static_cast<uint32_t>(node.id.info_port));
  out.Varint(Id::kIpcPortFieldNumber, static_cast<uint32_t>(node.id.ipc_port));
  out.End(id);
  out.Bytes(hdfs::DatanodeInfoProto::kLocationFieldNumber, node.network_location);
  out.End(message);
}

void PutEmptyToken(int field, FieldWriter& out) {
  using Proto = hadoop::common::TokenProto;
  const auto message = out.Begin(field);
  out.Bytes(Proto::kIdentifierFieldNumber, "");
  out.Bytes(Proto::kPasswordFieldNumber, "");
  out.Bytes(Proto::kKindFieldNumber, "");
  out.Bytes(Proto::kServiceFieldNumber, "");
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

void PutStatus(const FileStatus& entry, int field, FieldWriter& out) {
  const auto message = out.Begin(field);
  out.Varint(Status::kFileTypeFieldNumber, static_cast<uint64_t>(entry.type));
  out.Bytes(Status::kPathFieldNumber, entry.path);
  out.Varint(Status::kLengthFieldNumber, Unsigned(entry.length));
  const auto permission = out.Begin(Status::kPermissionFieldNumber);
  out.Varint(hdfs::FsPermissionProto::kPermFieldNumber, entry.permission);
  out.End(permission);
  out.Bytes(Status::kOwnerFieldNumber, entry.owner);
  out.Bytes(Status::kGroupFieldNumber, entry.group);
  out.Varint(Status::kModificationTimeFieldNumber, Unsigned(entry.mtime_ms));
  out.Varint(Status::kAccessTimeFieldNumber, Unsigned(entry.atime_ms));
  if (entry.type == FileType::kSymlink) {
    out.Bytes(Status::kSymlinkFieldNumber, entry.symlink_target);
  }
  out.Varint(Status::kBlockReplicationFieldNumber, static_cast<uint32_t>(entry.replication));
  out.Varint(Status::kBlocksizeFieldNumber, Unsigned(entry.block_size));
  if (entry.locations) PutLocatedBlocks(*entry.locations, Status::kLocationsFieldNumber, out);
  out.Varint(Status::kFileIdFieldNumber, Unsigned(entry.file_id));
  // An int32 below 0 would have to be sign-extended; there are no such counts.
  out.Varint(Status::kChildrenNumFieldNumber, static_cast<uint32_t>(entry.children));
  out.Varint(Status::kStoragePolicyFieldNumber, entry.storage_policy);
  out.Varint(Status::kFlagsFieldNumber, StatusFlags(entry));
  out.End(message);
}

}  // namespace

std::string EncodeListing(const DirectoryListing& listing) {
  const size_t expected_bytes = listing.entries.size() * kTypicalEntryBytes;
  FieldWriter out(expected_bytes);
  const auto page = out.Begin(hdfs::GetListingResponseProto::kDirListFieldNumber, expected_bytes);
  for (const FileStatus& entry : listing.entries) {
    PutStatus(entry, Listing::kPartialListingFieldNumber, out);
  }
  out.Varint(Listing::kRemainingEntriesFieldNumber, static_cast<uint32_t>(listing.remaining));
  out.End(page);
  return out.Take();
}

std::string EncodeStatusResponse(const FileStatus& status) {
  static_assert(int{hdfs::GetFileInfoResponseProto::kFsFieldNumber} ==
                int{hdfs::CreateResponseProto::kFsFieldNumber});
  FieldWriter out(kTypicalEntryBytes);
  PutStatus(status, hdfs::GetFileInfoResponseProto::kFsFieldNumber, out);
  return out.Take();
}

std::string EncodeBlockLocations(const LocatedBlocks& blocks) {
  FieldWriter out(ExpectedBytes(blocks));
  PutLocatedBlocks(blocks, hdfs::GetBlockLocationsResponseProto::kLocationsFieldNumber, out);
  return out.Take();
}

}  // namespace cairn::wire
