// Names of files and directories of a volume.
#include "datanode/store/storage_layout.h"

#include <fmt/format.h>

#include <charconv>

namespace cairn::datanode {
namespace {

constexpr std::string_view kBlockPrefix = "blk_";
constexpr std::string_view kMetaSuffix = ".meta";
constexpr std::string_view kSyncedPrefix = "synced_";
constexpr std::string_view kRestartSuffix = ".restart";

// The whole of `text` as a decimal number in its one canonical spelling.
std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (fmt::format("{}", value) != text) return std::nullopt;
  return value;
}

}  // namespace

std::string BlockFileName(BlockId id) { return fmt::format("blk_{}", id); }

std::string MetaFileName(BlockId id, GenerationStamp stamp) {
  return fmt::format("blk_{}_{}.meta", id, stamp);
}

std::optional<BlockId> ParseBlockFileName(std::string_view name) {
  if (!name.starts_with(kBlockPrefix)) return std::nullopt;
  return ParseNumber(name.substr(kBlockPrefix.size()));
}

std::optional<MetaName> ParseMetaFileName(std::string_view name) {
  if (!name.starts_with(kBlockPrefix) || !name.ends_with(kMetaSuffix)) return std::nullopt;
  name.remove_prefix(kBlockPrefix.size());
  name.remove_suffix(kMetaSuffix.size());
  const size_t separator = name.rfind('_');
  if (separator == std::string_view::npos) return std::nullopt;
  const auto id = ParseNumber(name.substr(0, separator));
  const auto stamp = ParseNumber(name.substr(separator + 1));
  if (!id || !stamp || *stamp < 0) return std::nullopt;
  return MetaName{*id, *stamp};
}

std::optional<BlockId> ParseSyncedTailFileName(std::string_view name) {
  if (!name.starts_with(kSyncedPrefix)) return std::nullopt;
  return ParseNumber(name.substr(kSyncedPrefix.size()));
}

std::optional<BlockId> ParseRestartFileName(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kRestartSuffix)) return std::nullopt;
  name.remove_prefix(1);
  name.remove_suffix(kRestartSuffix.size());
  return ParseBlockFileName(name);
}

PoolPaths::PoolPaths(std::string volume, std::string pool_id)
    : volume_(std::move(volume)), pool_(volume_ + "/current/" + pool_id) {}

int PoolPaths::LeafOf(BlockId id) {
  const auto bits = static_cast<uint64_t>(id);
  return static_cast<int>(((bits >> 16) & 31) * kLeafFanout + ((bits >> 8) & 31));
}

std::string PoolPaths::LeafParent(int leaf) const {
  return fmt::format("{}/subdir{}", finalized(), leaf / kLeafFanout);
}

std::string PoolPaths::LeafDirectory(int leaf) const {
  return fmt::format("{}/subdir{}", LeafParent(leaf), leaf % kLeafFanout);
}

std::string PoolPaths::Directory(ReplicaPlace place, BlockId id) const {
  switch (place) {
    case ReplicaPlace::kFinalized:
      return LeafDirectory(LeafOf(id));
    case ReplicaPlace::kRbw:
      return rbw();
    case ReplicaPlace::kTmp:
      return tmp();
  }
  return {};
}

std::string PoolPaths::DataFile(ReplicaPlace place, BlockId id) const {
  return Directory(place, id) + "/" + BlockFileName(id);
}

std::string PoolPaths::MetaFile(ReplicaPlace place, BlockId id, GenerationStamp stamp) const {
  return Directory(place, id) + "/" + MetaFileName(id, stamp);
}

std::string PoolPaths::SyncedTailFile(BlockId id) const {
  return fmt::format("{}/{}{}", rbw(), kSyncedPrefix, id);
}

std::string PoolPaths::RestartFile(BlockId id) const {
  return fmt::format("{}/.{}{}", rbw(), BlockFileName(id), kRestartSuffix);
}

}  // namespace cairn::datanode
