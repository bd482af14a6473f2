// Text of rows.
#include "namenode/meta/describe.h"

#include <fmt/ranges.h>

#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {
namespace {

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return out;
}

std::string ModeText(uint16_t mode) {
  std::string text = "rwxrwxrwx";
  for (int bit = 0; bit < 9; ++bit) {
    if ((mode >> (8 - bit) & 1) == 0) text[static_cast<size_t>(bit)] = '-';
  }
  if ((mode & 01000) != 0) text.back() = (mode & 1) != 0 ? 't' : 'T';
  return text;
}

std::string InodeText(const Inode& inode, uint32_t full_chunks) {
  std::string text;
  switch (inode.kind) {
    case InodeKind::kDirectory:
      text = fmt::format("id={} directory children={}", inode.id, inode.child_count);
      break;
    case InodeKind::kSymlink:
      text = fmt::format("id={} symlink target={}", inode.id, Quote(inode.symlink_target));
      break;
    case InodeKind::kFile:
      text = fmt::format("id={} file length={} replication={} block_size={}", inode.id,
                         inode.length, inode.replication, inode.block_size);
      if (full_chunks > 0) text += fmt::format(" chunks={}", full_chunks);
      text += fmt::format(" blocks=[{}]", fmt::join(inode.blocks, ","));
      break;
  }
  text += fmt::format(" {} {}:{} mtime={} atime={} txid={}", ModeText(inode.mode), inode.owner,
                      inode.group, inode.mtime_ms, inode.atime_ms, inode.changed_txid);
  if (inode.storage_policy != 0) text += fmt::format(" policy={}", inode.storage_policy);
  if (inode.under_construction) {
    text += fmt::format(" writer={} at {}", Quote(inode.under_construction->client_name),
                        inode.under_construction->client_address);
  }
  return text;
}

std::string BlockText(const BlockRow& block) {
  static constexpr std::string_view kStates[] = {"", "under-construction", "committed", "complete",
                                                 "under-recovery"};
  std::string text = fmt::format("inode={} generation_stamp={} length={} replication={} {}",
                                 block.inode, block.generation_stamp, block.length,
                                 block.replication, kStates[static_cast<size_t>(block.state)]);
  if (block.recovery_id != 0) text += fmt::format(" recovery_id={}", block.recovery_id);
  if (block.truncate_to) text += fmt::format(" truncate_to={}", *block.truncate_to);
  if (!block.pipeline.empty()) {
    text += fmt::format(" pipeline={}", Quote(fmt::format("{}", fmt::join(block.pipeline, ","))));
  }
  return text;
}

std::string Undecodable(const absl::Status& status) {
  return fmt::format("undecodable: {}", std::string(status.message()));
}

std::string IdText(std::string_view key) {
  const auto id = ParseIdKey(key);
  return id.ok() ? fmt::format("{}", *id) : Undecodable(id.status());
}

std::string MetaText(std::string_view key, std::string_view value) {
  if (key == meta_key::kIdentity) {
    const auto identity = DecodeIdentity(value);
    if (!identity.ok()) return Undecodable(identity.status());
    return fmt::format("cluster={} block_pool={} namespace={} created={}", identity->cluster_id,
                       identity->block_pool_id, identity->namespace_id, identity->creation_ms);
  }
  const auto counter = ParseCounter(key, value);
  return counter.ok() ? fmt::format("{}", *counter) : Hex(value);
}

std::string PurgeText(std::string_view key, std::string_view value) {
  const auto purge = DecodePurge(key, value);
  if (!purge.ok()) return Undecodable(purge.status());
  return fmt::format("was {}/{} {} cursor={}", purge->root.parent_id, Quote(purge->root.name),
                     InodeText(purge->root, 0), Hex(purge->cursor));
}

std::string ValueText(Table table, std::string_view key, std::string_view value) {
  switch (table) {
    case Table::kEntries: {
      const auto stored = DecodeInode(key, value);
      return stored.ok() ? InodeText(stored->inode, stored->full_chunks)
                         : Undecodable(stored.status());
    }
    case Table::kInodeIndex: {
      const auto place = DecodeIndex(value);
      if (!place.ok()) return Undecodable(place.status());
      return fmt::format("at {}/{}", place->parent_id, Quote(place->name));
    }
    case Table::kBlocks: {
      const auto block = DecodeBlock(key, value);
      return block.ok() ? BlockText(*block) : Undecodable(block.status());
    }
    case Table::kFileBlocks: {
      const auto chunk = DecodeBlockChunk(value);
      if (!chunk.ok()) return Undecodable(chunk.status());
      return fmt::format("blocks=[{}]", fmt::join(*chunk, ","));
    }
    case Table::kXattrs:
      return Quote(value);
    case Table::kLeases:
      return "";
    case Table::kPurge:
      return PurgeText(key, value);
    case Table::kRetry: {
      const auto retry = DecodeRetry(value);
      if (!retry.ok()) return Undecodable(retry.status());
      return fmt::format("client={} call={} reply={} at={}", Hex(retry->client_id), retry->call_id,
                         Hex(retry->reply), retry->wall_ms);
    }
    case Table::kMeta:
      return MetaText(key, value);
  }
  return Hex(value);
}

}  // namespace

std::string DescribeKey(Table table, std::string_view key) {
  switch (table) {
    case Table::kEntries: {
      const auto entry = ParseEntryKey(key);
      if (!entry.ok()) return Undecodable(entry.status());
      return fmt::format("{}/{}", entry->parent_id, Quote(entry->name));
    }
    case Table::kFileBlocks: {
      const auto chunk = ParseFileBlocksKey(key);
      if (!chunk.ok()) return Undecodable(chunk.status());
      return fmt::format("inode={} chunk={}", chunk->inode, chunk->chunk);
    }
    case Table::kLeases: {
      const auto lease = ParseLeaseKey(key);
      if (!lease.ok()) return Undecodable(lease.status());
      return fmt::format("holder={} inode={}", Quote(lease->holder), lease->inode);
    }
    case Table::kXattrs:
    case Table::kMeta:
      return Quote(key);
    default:
      return IdText(key);
  }
}

std::string DescribeRow(Table table, std::string_view key, std::string_view value) {
  const std::string text = ValueText(table, key, value);
  return text.empty() ? DescribeKey(table, key) : DescribeKey(table, key) + " " + text;
}

std::string DescribeChange(const ChangeView& change) {
  const std::string_view table = kTableNames[static_cast<size_t>(change.table)];
  if (!change.value)
    return fmt::format("delete {} {}", table, DescribeKey(change.table, change.key));
  return fmt::format("put {} {}", table, DescribeRow(change.table, change.key, *change.value));
}

}  // namespace cairn::namenode
