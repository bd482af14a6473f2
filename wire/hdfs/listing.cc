// Field by field, in the order of their numbers, with the values of ToProto(FileStatus).
#include "wire/hdfs/listing.h"

#include <cstdint>
#include <string_view>

#include "common/coding.h"
#include "wire/hdfs/convert.h"

namespace cairn::wire {
namespace {

using Status = hdfs::HdfsFileStatusProto;
using Listing = hdfs::DirectoryListingProto;

// How many bytes an entry without places and a name of usual length takes.
constexpr size_t kTypicalEntryBytes = 96;

// A tag: the field's number and how its value is written.
void PutVarint(int field, uint64_t value, std::string& out) {
  PutVarint64(out, static_cast<uint64_t>(field) << 3 | 0);
  PutVarint64(out, value);
}

void PutBytes(int field, std::string_view bytes, std::string& out) {
  PutVarint64(out, static_cast<uint64_t>(field) << 3 | 2);
  PutVarint64(out, bytes.size());
  out.append(bytes);
}

void AppendEntry(const FileStatus& entry, std::string& scratch, std::string& out) {
  PutVarint(Status::kFileTypeFieldNumber, static_cast<uint64_t>(entry.type), out);
  PutBytes(Status::kPathFieldNumber, entry.path, out);
  PutVarint(Status::kLengthFieldNumber, static_cast<uint64_t>(entry.length), out);
  scratch.clear();
  PutVarint(hdfs::FsPermissionProto::kPermFieldNumber, entry.permission, scratch);
  PutBytes(Status::kPermissionFieldNumber, scratch, out);
  PutBytes(Status::kOwnerFieldNumber, entry.owner, out);
  PutBytes(Status::kGroupFieldNumber, entry.group, out);
  PutVarint(Status::kModificationTimeFieldNumber, static_cast<uint64_t>(entry.mtime_ms), out);
  PutVarint(Status::kAccessTimeFieldNumber, static_cast<uint64_t>(entry.atime_ms), out);
  if (entry.type == FileType::kSymlink) {
    PutBytes(Status::kSymlinkFieldNumber, entry.symlink_target, out);
  }
  PutVarint(Status::kBlockReplicationFieldNumber, static_cast<uint32_t>(entry.replication), out);
  PutVarint(Status::kBlocksizeFieldNumber, static_cast<uint64_t>(entry.block_size), out);
  if (entry.locations) {
    hdfs::LocatedBlocksProto locations;
    ToProto(*entry.locations, locations);
    PutBytes(Status::kLocationsFieldNumber, locations.SerializeAsString(), out);
  }
  PutVarint(Status::kFileIdFieldNumber, static_cast<uint64_t>(entry.file_id), out);
  // An int32 below 0 would have to be sign-extended; there are no such counts.
  PutVarint(Status::kChildrenNumFieldNumber, static_cast<uint32_t>(entry.children), out);
  PutVarint(Status::kStoragePolicyFieldNumber, entry.storage_policy, out);
  PutVarint(Status::kFlagsFieldNumber, 0, out);
}

}  // namespace

std::string EncodeListing(const DirectoryListing& listing) {
  std::string page;
  page.reserve(listing.entries.size() * kTypicalEntryBytes);
  std::string entry_bytes;
  std::string scratch;
  for (const FileStatus& entry : listing.entries) {
    entry_bytes.clear();
    AppendEntry(entry, scratch, entry_bytes);
    PutBytes(Listing::kPartialListingFieldNumber, entry_bytes, page);
  }
  PutVarint(Listing::kRemainingEntriesFieldNumber, static_cast<uint32_t>(listing.remaining), page);
  std::string response;
  response.reserve(page.size() + kTypicalEntryBytes);
  PutBytes(hdfs::GetListingResponseProto::kDirListFieldNumber, page, response);
  return response;
}

}  // namespace cairn::wire
