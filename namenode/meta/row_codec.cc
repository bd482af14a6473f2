// Row codecs: structs to messages and back, with every stored value checked on the way in.
#include "namenode/meta/row_codec.h"

#include <fmt/format.h>

#include <limits>

#include "common/status_macros.h"
#include "proto/store/rows.pb.h"

namespace cairn::namenode {
namespace {

absl::Status Damaged(Table table, std::string_view what) {
  return absl::DataLossError(
      fmt::format("damaged row in {}: {}", kTableNames[static_cast<size_t>(table)], what));
}

template <typename Message>
bool Parse(std::string_view bytes, Message& message) {
  return bytes.size() <= static_cast<size_t>(std::numeric_limits<int>::max()) &&
         message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void Put(Table table, std::string key, const google::protobuf::MessageLite& message,
         RowChanges& out) {
  out.push_back({table, std::move(key), message.SerializeAsString()});
}

// A message whose strings keep their memory from row to row. One of a kind at a time.
template <typename Message>
Message& Scratch() {
  thread_local Message message;
  message.Clear();
  return message;
}

void Delete(Table table, std::string key, RowChanges& out) {
  out.push_back({table, std::move(key), std::nullopt});
}

size_t FullChunks(const Inode& inode) { return inode.blocks.size() / kBlocksPerChunk; }

// All but the block list.
void FillInode(const Inode& inode, store::InodeValue& out) {
  out.set_id(inode.id);
  out.set_kind(static_cast<store::InodeValue::Kind>(inode.kind));
  out.set_mode(inode.mode);
  out.set_owner(inode.owner);
  out.set_group(inode.group);
  out.set_mtime_ms(inode.mtime_ms);
  out.set_atime_ms(inode.atime_ms);
  out.set_changed_txid(inode.changed_txid);
  out.set_storage_policy(inode.storage_policy);
  out.set_child_count(inode.child_count);
  out.set_length(inode.length);
  out.set_replication(inode.replication);
  out.set_block_size(inode.block_size);
  if (inode.under_construction) {
    auto& writer = *out.mutable_under_construction();
    writer.set_client_name(inode.under_construction->client_name);
    writer.set_client_address(inode.under_construction->client_address);
  }
  if (!inode.symlink_target.empty()) out.set_symlink_target(inode.symlink_target);
}

// All but the block list; empty when a value is out of its range.
std::optional<Inode> ReadInode(const store::InodeValue& value) {
  if (value.id() <= 0 || value.kind() < store::InodeValue::FILE ||
      value.kind() > store::InodeValue::SYMLINK || value.mode() > 07777 ||
      value.storage_policy() > 255 || value.child_count() < 0 || value.length() < 0 ||
      value.replication() < 0 || value.block_size() < 0) {
    return std::nullopt;
  }
  Inode inode;
  inode.id = value.id();
  inode.kind = static_cast<InodeKind>(value.kind());
  inode.mode = static_cast<uint16_t>(value.mode());
  inode.owner = value.owner();
  inode.group = value.group();
  inode.mtime_ms = value.mtime_ms();
  inode.atime_ms = value.atime_ms();
  inode.changed_txid = value.changed_txid();
  inode.storage_policy = static_cast<uint8_t>(value.storage_policy());
  inode.child_count = value.child_count();
  inode.length = value.length();
  inode.replication = value.replication();
  inode.block_size = value.block_size();
  if (value.has_under_construction()) {
    inode.under_construction = {value.under_construction().client_name(),
                                value.under_construction().client_address()};
  }
  inode.symlink_target = value.symlink_target();
  return inode;
}

bool SameChunk(const Inode& a, const Inode& b, size_t chunk) {
  const auto begin = static_cast<ptrdiff_t>(chunk * kBlocksPerChunk);
  return std::equal(a.blocks.begin() + begin, a.blocks.begin() + begin + kBlocksPerChunk,
                    b.blocks.begin() + begin);
}

void EncodeChunks(const Inode* before, const Inode& after, RowChanges& out) {
  const size_t old_chunks = before != nullptr ? FullChunks(*before) : 0;
  const size_t new_chunks = FullChunks(after);
  for (size_t chunk = 0; chunk < new_chunks; ++chunk) {
    if (chunk < old_chunks && SameChunk(*before, after, chunk)) continue;
    store::BlockChunkValue value;
    const BlockId* ids = after.blocks.data() + chunk * kBlocksPerChunk;
    value.mutable_block_ids()->Add(ids, ids + kBlocksPerChunk);
    Put(Table::kFileBlocks, FileBlocksKey(after.id, static_cast<uint32_t>(chunk)), value, out);
  }
  for (size_t chunk = new_chunks; chunk < old_chunks; ++chunk) {
    Delete(Table::kFileBlocks, FileBlocksKey(after.id, static_cast<uint32_t>(chunk)), out);
  }
}

}  // namespace

void EncodeInodeChange(const Inode* before, const Inode& after, RowChanges& out) {
  const bool moved =
      before == nullptr || before->parent_id != after.parent_id || before->name != after.name;
  if (before != nullptr && moved) {
    Delete(Table::kEntries, EntryKey(before->parent_id, before->name), out);
  }
  if (moved) {
    auto& index = Scratch<store::IndexValue>();
    index.set_parent_id(after.parent_id);
    index.set_name(after.name);
    Put(Table::kInodeIndex, IdKey(after.id), index, out);
  }
  EncodeChunks(before, after, out);

  auto& value = Scratch<store::InodeValue>();
  FillInode(after, value);
  const size_t chunks = FullChunks(after);
  const BlockId* ids = after.blocks.data();
  value.set_full_chunks(static_cast<uint32_t>(chunks));
  value.mutable_tail_blocks()->Add(ids + chunks * kBlocksPerChunk, ids + after.blocks.size());
  Put(Table::kEntries, EntryKey(after.parent_id, after.name), value, out);
}

void EncodeInodeRemoval(const Inode& inode, RowChanges& out) {
  Delete(Table::kEntries, EntryKey(inode.parent_id, inode.name), out);
  Delete(Table::kInodeIndex, IdKey(inode.id), out);
  for (size_t chunk = 0; chunk < FullChunks(inode); ++chunk) {
    Delete(Table::kFileBlocks, FileBlocksKey(inode.id, static_cast<uint32_t>(chunk)), out);
  }
}

void EncodeBlock(const BlockRow& block, RowChanges& out) {
  auto& value = Scratch<store::BlockValue>();
  value.set_inode_id(block.inode);
  value.set_generation_stamp(block.generation_stamp);
  value.set_length(block.length);
  value.set_replication(block.replication);
  value.set_state(static_cast<store::BlockValue::State>(block.state));
  value.set_recovery_id(block.recovery_id);
  if (block.truncate_to) value.set_truncate_to(*block.truncate_to);
  for (const std::string& uuid : block.pipeline) value.add_pipeline(uuid);
  Put(Table::kBlocks, IdKey(block.id), value, out);
}

void EncodeBlockRemoval(BlockId id, RowChanges& out) { Delete(Table::kBlocks, IdKey(id), out); }

void EncodeLease(std::string_view holder, InodeId inode, RowChanges& out) {
  out.push_back({Table::kLeases, LeaseKey(holder, inode), std::string()});
}

void EncodeLeaseRemoval(std::string_view holder, InodeId inode, RowChanges& out) {
  Delete(Table::kLeases, LeaseKey(holder, inode), out);
}

void EncodePurge(const PurgeRow& purge, RowChanges& out) {
  store::PurgeValue value;
  FillInode(purge.root, *value.mutable_root());
  const auto& blocks = purge.root.blocks;
  value.mutable_root()->mutable_tail_blocks()->Add(blocks.begin(), blocks.end());
  value.set_parent_id(purge.root.parent_id);
  value.set_name(purge.root.name);
  value.set_cursor(purge.cursor);
  Put(Table::kPurge, IdKey(purge.root.id), value, out);
}

void EncodePurgeRemoval(InodeId root, RowChanges& out) { Delete(Table::kPurge, IdKey(root), out); }

void EncodeRetry(Txid txid, const RetryRow& retry, RowChanges& out) {
  auto& value = Scratch<store::RetryValue>();
  value.set_client_id(retry.client_id);
  value.set_call_id(retry.call_id);
  value.set_reply(retry.reply);
  value.set_wall_ms(retry.wall_ms);
  Put(Table::kRetry, IdKey(txid), value, out);
}

void EncodeRetryRemoval(Txid txid, RowChanges& out) { Delete(Table::kRetry, IdKey(txid), out); }

void EncodeIdentity(const ClusterIdentity& identity, RowChanges& out) {
  store::IdentityValue value;
  value.set_cluster_id(identity.cluster_id);
  value.set_block_pool_id(identity.block_pool_id);
  value.set_namespace_id(identity.namespace_id);
  value.set_creation_ms(identity.creation_ms);
  Put(Table::kMeta, std::string(meta_key::kIdentity), value, out);
}

absl::StatusOr<StoredInode> DecodeInode(std::string_view key, std::string_view value) {
  ASSIGN_OR_RETURN(EntryName place, ParseEntryKey(key));
  store::InodeValue message;
  if (!Parse(value, message)) return Damaged(Table::kEntries, "not an InodeValue");
  std::optional<Inode> inode = ReadInode(message);
  if (!inode || message.tail_blocks_size() >= kBlocksPerChunk) {
    return Damaged(Table::kEntries,
                   fmt::format("a value of inode {} is out of range", message.id()));
  }
  inode->parent_id = place.parent_id;
  inode->name = std::move(place.name);
  inode->blocks.assign(message.tail_blocks().begin(), message.tail_blocks().end());
  return StoredInode{*std::move(inode), message.full_chunks()};
}

absl::StatusOr<EntryName> DecodeIndex(std::string_view value) {
  store::IndexValue message;
  if (!Parse(value, message)) return Damaged(Table::kInodeIndex, "not an IndexValue");
  return EntryName{message.parent_id(), message.name()};
}

absl::StatusOr<BlockRow> DecodeBlock(std::string_view key, std::string_view value) {
  ASSIGN_OR_RETURN(const BlockId id, ParseIdKey(key));
  store::BlockValue message;
  if (!Parse(value, message)) return Damaged(Table::kBlocks, "not a BlockValue");
  if (message.state() < store::BlockValue::UNDER_CONSTRUCTION ||
      message.state() > store::BlockValue::UNDER_RECOVERY || message.length() < 0 ||
      message.generation_stamp() < 0 || message.replication() < 0 || message.recovery_id() < 0 ||
      message.truncate_to() < 0) {
    return Damaged(Table::kBlocks, fmt::format("a value of block {} is out of range", id));
  }
  BlockRow block;
  block.id = id;
  block.inode = message.inode_id();
  block.generation_stamp = message.generation_stamp();
  block.length = message.length();
  block.replication = message.replication();
  block.state = static_cast<BlockState>(message.state());
  block.recovery_id = message.recovery_id();
  if (message.has_truncate_to()) block.truncate_to = message.truncate_to();
  block.pipeline.assign(message.pipeline().begin(), message.pipeline().end());
  return block;
}

absl::StatusOr<std::vector<BlockId>> DecodeBlockChunk(std::string_view value) {
  store::BlockChunkValue message;
  if (!Parse(value, message) || message.block_ids_size() != kBlocksPerChunk) {
    return Damaged(Table::kFileBlocks, "not a BlockChunkValue of 64 ids");
  }
  return std::vector<BlockId>(message.block_ids().begin(), message.block_ids().end());
}

absl::StatusOr<PurgeRow> DecodePurge(std::string_view key, std::string_view value) {
  ASSIGN_OR_RETURN(const InodeId id, ParseIdKey(key));
  store::PurgeValue message;
  if (!Parse(value, message)) return Damaged(Table::kPurge, "not a PurgeValue");
  std::optional<Inode> root = ReadInode(message.root());
  if (!root || root->id != id) {
    return Damaged(Table::kPurge, fmt::format("a value of inode {} is out of range", id));
  }
  root->parent_id = message.parent_id();
  root->name = message.name();
  root->blocks.assign(message.root().tail_blocks().begin(), message.root().tail_blocks().end());
  return PurgeRow{*std::move(root), message.cursor()};
}

absl::StatusOr<RetryRow> DecodeRetry(std::string_view value) {
  store::RetryValue message;
  if (!Parse(value, message)) return Damaged(Table::kRetry, "not a RetryValue");
  return RetryRow{message.client_id(), message.call_id(), message.reply(), message.wall_ms()};
}

absl::StatusOr<ClusterIdentity> DecodeIdentity(std::string_view value) {
  store::IdentityValue message;
  if (!Parse(value, message)) return Damaged(Table::kMeta, "not an IdentityValue");
  return ClusterIdentity{message.cluster_id(), message.block_pool_id(), message.namespace_id(),
                         message.creation_ms()};
}

absl::StatusOr<Inode> LoadFileBlocks(const MetaSnapshot& snapshot, StoredInode stored) {
  Inode inode = std::move(stored.inode);
  if (stored.full_chunks == 0) return inode;
  std::vector<BlockId> blocks;
  uint32_t next = 0;
  absl::Status bad;
  RETURN_IF_ERROR(snapshot.Scan(Table::kFileBlocks, FileBlocksKey(inode.id, 0),
                                FileBlocksKey(inode.id, stored.full_chunks),
                                [&](std::string_view key, std::string_view value) {
                                  const auto chunk = DecodeBlockChunk(value);
                                  if (!chunk.ok() || key != FileBlocksKey(inode.id, next)) {
                                    bad = chunk.status();
                                    return false;
                                  }
                                  blocks.insert(blocks.end(), chunk->begin(), chunk->end());
                                  ++next;
                                  return true;
                                }));
  RETURN_IF_ERROR(bad);
  if (next != stored.full_chunks) {
    return Damaged(Table::kFileBlocks, fmt::format("inode {} has {} chunks and chunk {} is missing",
                                                   inode.id, stored.full_chunks, next));
  }
  blocks.insert(blocks.end(), inode.blocks.begin(), inode.blocks.end());
  inode.blocks = std::move(blocks);
  return inode;
}

absl::StatusOr<std::optional<Inode>> LoadInode(const MetaSnapshot& snapshot, InodeId parent,
                                               std::string_view name) {
  const std::string key = EntryKey(parent, name);
  ASSIGN_OR_RETURN(const std::optional<std::string> value, snapshot.Get(Table::kEntries, key));
  if (!value) return std::optional<Inode>();
  ASSIGN_OR_RETURN(StoredInode stored, DecodeInode(key, *value));
  ASSIGN_OR_RETURN(Inode inode, LoadFileBlocks(snapshot, std::move(stored)));
  return std::optional<Inode>(std::move(inode));
}

absl::StatusOr<std::optional<Inode>> LoadInodeById(const MetaSnapshot& snapshot, InodeId id) {
  ASSIGN_OR_RETURN(const std::optional<std::string> value,
                   snapshot.Get(Table::kInodeIndex, IdKey(id)));
  if (!value) return std::optional<Inode>();
  ASSIGN_OR_RETURN(const EntryName place, DecodeIndex(*value));
  ASSIGN_OR_RETURN(std::optional<Inode> inode, LoadInode(snapshot, place.parent_id, place.name));
  if (!inode || inode->id != id) {
    return Damaged(Table::kInodeIndex, fmt::format("inode {} is not where the index says", id));
  }
  return inode;
}

absl::StatusOr<int64_t> LoadCounter(const MetaSnapshot& snapshot, std::string_view meta_key) {
  ASSIGN_OR_RETURN(const std::optional<std::string> value, snapshot.Get(Table::kMeta, meta_key));
  if (!value) return Damaged(Table::kMeta, fmt::format("{} is missing", meta_key));
  return ParseCounter(meta_key, *value);
}

}  // namespace cairn::namenode
