// Rows between their structs (rows.h) and their stored bytes (proto/store/rows.proto).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/rows.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {

using RowChanges = std::vector<RowChange>;

// -- writing: appends to `out` what makes the stored rows agree with the new state. Memory only,
// about a microsecond for a row of usual size.

// An inode that is new (`before` null), changed, or moved to another parent or name: its entry, its
// index row, and those full chunks of its block list that differ.
void EncodeInodeChange(const Inode* before, const Inode& after, RowChanges& out);
// An inode that is gone: entry, index row and chunks. Blocks and leases are rows of their own.
void EncodeInodeRemoval(const Inode& inode, RowChanges& out);
void EncodeBlock(const BlockRow& block, RowChanges& out);
void EncodeBlockRemoval(BlockId id, RowChanges& out);
void EncodeLease(std::string_view holder, InodeId inode, RowChanges& out);
void EncodeLeaseRemoval(std::string_view holder, InodeId inode, RowChanges& out);
// Keyed by the root's id. The root's whole block list is in the row.
void EncodePurge(const PurgeRow& purge, RowChanges& out);
void EncodePurgeRemoval(InodeId root, RowChanges& out);
void EncodeRetry(Txid txid, const RetryRow& retry, RowChanges& out);
void EncodeRetryRemoval(Txid txid, RowChanges& out);
void EncodeIdentity(const ClusterIdentity& identity, RowChanges& out);

// -- reading: kDataLoss when the bytes are not such a row

// An inode as its entries row has it: the first full_chunks * kBlocksPerChunk block ids are still
// in file_blocks.
struct StoredInode {
  Inode inode;
  uint32_t full_chunks = 0;
};
absl::StatusOr<StoredInode> DecodeInode(std::string_view key, std::string_view value);
absl::StatusOr<EntryName> DecodeIndex(std::string_view value);
absl::StatusOr<BlockRow> DecodeBlock(std::string_view key, std::string_view value);
absl::StatusOr<std::vector<BlockId>> DecodeBlockChunk(std::string_view value);
absl::StatusOr<PurgeRow> DecodePurge(std::string_view key, std::string_view value);
absl::StatusOr<RetryRow> DecodeRetry(std::string_view value);
absl::StatusOr<ClusterIdentity> DecodeIdentity(std::string_view value);

// Completes the block list; no disk access when there are no full chunks.
absl::StatusOr<Inode> LoadFileBlocks(const MetaSnapshot& snapshot, StoredInode stored);
// One whole inode by its place, or by its id (which need not be linked to the root); empty when
// there is none.
absl::StatusOr<std::optional<Inode>> LoadInode(const MetaSnapshot& snapshot, InodeId parent,
                                               std::string_view name);
absl::StatusOr<std::optional<Inode>> LoadInodeById(const MetaSnapshot& snapshot, InodeId id);
// A counter of the meta table; kDataLoss when it is missing.
absl::StatusOr<int64_t> LoadCounter(const MetaSnapshot& snapshot, std::string_view meta_key);

}  // namespace cairn::namenode
