// The metadata database on one page: every column family, its keys and its values. Values are
// messages of proto/store/rows.proto unless stated (row_codec.h).
//
//   table        key                                       value
//   entries      BE64(parent id) ‖ name, bytes XOR 0x80    InodeValue
//   inode_index  BE64(inode id)                            IndexValue
//   blocks       BE64(block id)                            BlockValue
//   file_blocks  BE64(inode id) ‖ BE32(chunk)              BlockChunkValue, exactly 64 ids
//   xattrs       BE64(inode id) ‖ attribute name           the attribute's bytes
//   leases       holder ‖ BE64(inode id)                   empty
//   purge        BE64(subtree root's inode id)             PurgeValue
//   retry        BE64(txid)                                RetryValue
//   meta         one of MetaKey                            8 bytes big-endian; identity:
//   IdentityValue
//
// Keys sort as bytes. Names are XORed because HDFS orders children by signed bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// Raised when an older program must not open what this one writes.
inline constexpr int64_t kFormatVersion = 1;

// Block ids in one row of file_blocks.
inline constexpr int kBlocksPerChunk = 64;

// Column family names, indexed by Table.
inline constexpr std::array<std::string_view, kTableCount> kTableNames = {
    "entries", "inode_index", "blocks", "file_blocks", "xattrs",
    "leases",  "purge",       "retry",  "meta"};

// The table of that name; empty when there is none.
std::optional<Table> TableByName(std::string_view name);

// Keys of the meta table. Short enough never to allocate: counters are written with most mutations.
namespace meta_key {
inline constexpr std::string_view kFormat = "format_version";
inline constexpr std::string_view kIdentity = "identity";
inline constexpr std::string_view kAppliedTxid = "applied_txid";  // written by the applier only
inline constexpr std::string_view kLastInodeId = "last_inode_id";
inline constexpr std::string_view kLastBlockId = "last_block_id";
inline constexpr std::string_view kLastGenerationStamp = "last_genstamp";
inline constexpr std::string_view kInodeCount = "inode_count";
}  // namespace meta_key

// -- entries
// An inode's place: the decoded key of an entries row.
struct EntryName {
  InodeId parent_id = 0;
  std::string name;
  friend bool operator==(const EntryName&, const EntryName&) = default;
};
std::string EntryKey(InodeId parent, std::string_view name);
absl::StatusOr<EntryName> ParseEntryKey(std::string_view key);
// Children of a directory are [EntriesBegin(id), EntriesEnd(id)); those after a name begin at
// EntryKeyAfter.
inline std::string EntriesBegin(InodeId parent) { return EntryKey(parent, ""); }
std::string EntriesEnd(InodeId parent);
std::string EntryKeyAfter(InodeId parent, std::string_view name);

// -- tables whose key is one id: inode_index, blocks, purge, retry
std::string IdKey(int64_t id);
absl::StatusOr<int64_t> ParseIdKey(std::string_view key);

// -- file_blocks; the chunks of a file are [FileBlocksKey(id, 0), FileBlocksKey(id, n))
std::string FileBlocksKey(InodeId inode, uint32_t chunk);
// An inode and the index of one of its chunks.
struct ChunkName {
  InodeId inode = 0;
  uint32_t chunk = 0;
};
absl::StatusOr<ChunkName> ParseFileBlocksKey(std::string_view key);

// -- leases
// A lease holder and a file it writes.
struct LeaseName {
  std::string holder;
  InodeId inode = 0;
};
std::string LeaseKey(std::string_view holder, InodeId inode);
absl::StatusOr<LeaseName> ParseLeaseKey(std::string_view key);

// -- meta
// Sets a counter to `value`.
RowChange CounterChange(std::string_view meta_key, int64_t value);
// A counter's stored value.
absl::StatusOr<int64_t> ParseCounter(std::string_view meta_key, std::string_view value);

}  // namespace cairn::namenode
