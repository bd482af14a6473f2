// Remembered replies as bytes. Integers are varints; a new field goes to the end, where older bytes
// simply end.
#include "namenode/namespace/reply_codec.h"

#include "absl/status/status.h"
#include "common/coding.h"
#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr char kNothing = 'n', kBool = 'b', kFileStatus = 's', kAppend = 'a';
// More places than a block can have are damage.
constexpr int64_t kMaxPlaces = 1 << 12;

absl::Status Damaged() { return absl::DataLossError("damaged reply in the retry table"); }

void PutText(std::string& out, const std::string& text) {
  PutVarint64(out, text.size());
  out += text;
}

// Takes fields off the front of a reply; remembers whether all were there.
struct Reader {
  std::string_view in;
  bool ok = true;

  int64_t Int() {
    const auto value = TakeVarint64(in);
    ok = ok && value.has_value();
    return ok ? static_cast<int64_t>(*value) : 0;
  }
  std::string Text() {
    const auto size = TakeVarint64(in);
    const auto bytes = size ? TakeBytes(in, *size) : std::nullopt;
    ok = ok && bytes.has_value();
    return ok ? std::string(*bytes) : std::string();
  }
};

void PutBlock(std::string& out, const ExtendedBlock& block) {
  PutText(out, block.pool_id);
  for (const int64_t value :
       {block.block.id, block.block.generation_stamp, block.block.num_bytes}) {
    PutVarint64(out, static_cast<uint64_t>(value));
  }
}

ExtendedBlock ReadBlock(Reader& reader) {
  ExtendedBlock block;
  block.pool_id = reader.Text();
  block.block.id = reader.Int();
  block.block.generation_stamp = reader.Int();
  block.block.num_bytes = reader.Int();
  return block;
}

void PutPlace(std::string& out, const ReplicaLocation& place) {
  const DatanodeId& id = place.datanode.id;
  for (const std::string& text :
       {id.uuid, id.ip_addr, id.host_name, place.datanode.network_location, place.storage_id}) {
    PutText(out, text);
  }
  for (const int32_t value :
       {id.xfer_port, id.ipc_port, id.info_port, static_cast<int32_t>(place.storage_type)}) {
    PutVarint64(out, static_cast<uint64_t>(value));
  }
}

ReplicaLocation ReadPlace(Reader& reader) {
  ReplicaLocation place;
  DatanodeId& id = place.datanode.id;
  for (std::string* text : {&id.uuid, &id.ip_addr, &id.host_name, &place.datanode.network_location,
                            &place.storage_id}) {
    *text = reader.Text();
  }
  for (int32_t* value : {&id.xfer_port, &id.ipc_port, &id.info_port}) {
    *value = static_cast<int32_t>(reader.Int());
  }
  place.storage_type = static_cast<StorageType>(reader.Int());
  return place;
}

}  // namespace

std::string ReplyCodec<Nothing>::Encode(const Nothing&) { return std::string(1, kNothing); }

absl::StatusOr<Nothing> ReplyCodec<Nothing>::Decode(std::string_view bytes) {
  if (bytes.size() != 1 || bytes[0] != kNothing) return Damaged();
  return Nothing{};
}

std::string ReplyCodec<bool>::Encode(const bool& value) { return {kBool, value ? '\1' : '\0'}; }

absl::StatusOr<bool> ReplyCodec<bool>::Decode(std::string_view bytes) {
  if (bytes.size() != 2 || bytes[0] != kBool) return Damaged();
  return bytes[1] != '\0';
}

std::string ReplyCodec<FileStatus>::Encode(const FileStatus& status) {
  std::string out(1, kFileStatus);
  PutVarint64(out, static_cast<uint64_t>(status.type));
  PutText(out, status.path);
  for (const int64_t value : {status.length, int64_t{status.permission}, status.mtime_ms,
                              status.atime_ms, int64_t{status.replication}, status.block_size,
                              status.file_id, status.children, int64_t{status.storage_policy}}) {
    PutVarint64(out, static_cast<uint64_t>(value));
  }
  PutText(out, status.owner);
  PutText(out, status.group);
  PutText(out, status.symlink_target);
  return out;
}

absl::StatusOr<FileStatus> ReplyCodec<FileStatus>::Decode(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kFileStatus) return Damaged();
  Reader reader{bytes.substr(1)};
  FileStatus status;
  status.type = static_cast<FileType>(reader.Int());
  status.path = reader.Text();
  status.length = reader.Int();
  status.permission = static_cast<uint16_t>(reader.Int());
  status.mtime_ms = reader.Int();
  status.atime_ms = reader.Int();
  status.replication = static_cast<int32_t>(reader.Int());
  status.block_size = reader.Int();
  status.file_id = reader.Int();
  status.children = reader.Int();
  status.storage_policy = static_cast<uint8_t>(reader.Int());
  status.owner = reader.Text();
  status.group = reader.Text();
  status.symlink_target = reader.Text();
  if (!reader.ok) return Damaged();
  return status;
}

std::string ReplyCodec<AppendResult>::Encode(const AppendResult& result) {
  std::string out(1, kAppend);
  PutText(out, ReplyCodec<FileStatus>::Encode(result.status));
  PutVarint64(out, result.last_block.has_value());
  if (result.last_block) PutBlock(out, *result.last_block);
  PutVarint64(out, result.block.has_value());
  if (!result.block) return out;
  PutBlock(out, result.block->block);
  PutVarint64(out, static_cast<uint64_t>(result.block->offset));
  PutVarint64(out, result.block->locations.size());
  for (const ReplicaLocation& place : result.block->locations) PutPlace(out, place);
  return out;
}

absl::StatusOr<AppendResult> ReplyCodec<AppendResult>::Decode(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kAppend) return Damaged();
  Reader reader{bytes.substr(1)};
  AppendResult result;
  ASSIGN_OR_RETURN(result.status, ReplyCodec<FileStatus>::Decode(reader.Text()));
  if (reader.Int() != 0) result.last_block = ReadBlock(reader);
  if (reader.Int() != 0) {
    LocatedBlock& block = result.block.emplace();
    block.block = ReadBlock(reader);
    block.offset = reader.Int();
    const int64_t places = reader.Int();
    if (places < 0 || places > kMaxPlaces) return Damaged();
    for (int64_t i = 0; i < places; ++i) block.locations.push_back(ReadPlace(reader));
  }
  if (!reader.ok) return Damaged();
  return result;
}

}  // namespace cairn::namenode
