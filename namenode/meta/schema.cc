// Keys of the metadata database.
#include "namenode/meta/schema.h"

#include <fmt/format.h>

#include "common/coding.h"

namespace cairn::namenode {
namespace {

void AppendFlipped(std::string& out, std::string_view name) {
  const size_t at = out.size();
  out.append(name);
  for (size_t i = at; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ 0x80);
}

absl::Status BadKey(std::string_view table, std::string_view key) {
  std::string hex;
  for (const char c : key.substr(0, 64)) hex += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return absl::DataLossError(fmt::format("damaged key in {}: {} bytes {}", table, key.size(), hex));
}

}  // namespace

std::optional<Table> TableByName(std::string_view name) {
  for (int i = 0; i < kTableCount; ++i) {
    if (kTableNames[i] == name) return static_cast<Table>(i);
  }
  return std::nullopt;
}

std::string EntryKey(InodeId parent, std::string_view name) {
  std::string key;
  key.reserve(sizeof(parent) + name.size() + 1);
  PutBigEndian(key, parent);
  AppendFlipped(key, name);
  return key;
}

absl::StatusOr<EntryName> ParseEntryKey(std::string_view key) {
  if (key.size() < sizeof(InodeId)) return BadKey("entries", key);
  EntryName entry;
  entry.parent_id = GetBigEndian<InodeId>(key.data());
  AppendFlipped(entry.name, key.substr(sizeof(InodeId)));
  return entry;
}

std::string EntriesEnd(InodeId parent) { return EntryKey(parent + 1, ""); }

std::string EntryKeyAfter(InodeId parent, std::string_view name) {
  std::string key = EntryKey(parent, name);
  if (!name.empty()) key.push_back('\0');
  return key;
}

std::string IdKey(int64_t id) {
  std::string key;
  PutBigEndian(key, id);
  return key;
}

absl::StatusOr<int64_t> ParseIdKey(std::string_view key) {
  if (key.size() != sizeof(int64_t)) return BadKey("a table of ids", key);
  return GetBigEndian<int64_t>(key.data());
}

std::string FileBlocksKey(InodeId inode, uint32_t chunk) {
  std::string key;
  PutBigEndian(key, inode);
  PutBigEndian(key, chunk);
  return key;
}

absl::StatusOr<ChunkName> ParseFileBlocksKey(std::string_view key) {
  if (key.size() != sizeof(InodeId) + sizeof(uint32_t)) return BadKey("file_blocks", key);
  return ChunkName{GetBigEndian<InodeId>(key.data()),
                   GetBigEndian<uint32_t>(key.data() + sizeof(InodeId))};
}

std::string LeaseKey(std::string_view holder, InodeId inode) {
  std::string key(holder);
  PutBigEndian(key, inode);
  return key;
}

absl::StatusOr<LeaseName> ParseLeaseKey(std::string_view key) {
  if (key.size() < sizeof(InodeId)) return BadKey("leases", key);
  const size_t split = key.size() - sizeof(InodeId);
  return LeaseName{std::string(key.substr(0, split)), GetBigEndian<InodeId>(key.data() + split)};
}

RowChange CounterChange(std::string_view meta_key, int64_t value) {
  return {Table::kMeta, std::string(meta_key), IdKey(value)};
}

absl::StatusOr<int64_t> ParseCounter(std::string_view meta_key, std::string_view value) {
  if (value.size() != sizeof(int64_t)) {
    return absl::DataLossError(
        fmt::format("damaged counter {}: {} bytes instead of 8", meta_key, value.size()));
  }
  return GetBigEndian<int64_t>(value.data());
}

}  // namespace cairn::namenode
