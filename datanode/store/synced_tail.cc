// rbw/synced_<id>: two slots written in turn, so that one is whole at any time.
#include "datanode/store/synced_tail.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "common/coding.h"
#include "common/crc32c.h"
#include "common/status_macros.h"

namespace cairn::datanode {
namespace {

constexpr std::string_view kMagic = "CTL1";
constexpr size_t kChecksumBytes = 4;
constexpr size_t kRecordBytes = 4 + 8 + kChecksumBytes + 4;
constexpr int kSlots = 2;
constexpr int64_t kSlotBytes = 4096;  // a torn write of one never touches the other

std::string Encode(const SyncedTail& tail) {
  std::string record(kMagic);
  PutBigEndian<int64_t>(record, tail.length);
  record += tail.checksum;
  PutBigEndian<uint32_t>(record, Crc32c(record));
  return record;
}

std::optional<SyncedTail> Decode(std::string_view record) {
  if (record.size() != kRecordBytes || !record.starts_with(kMagic)) return std::nullopt;
  const std::string_view covered = record.substr(0, kRecordBytes - 4);
  if (GetBigEndian<uint32_t>(record.data() + covered.size()) != Crc32c(covered)) {
    return std::nullopt;
  }
  return SyncedTail{GetBigEndian<int64_t>(record.data() + kMagic.size()),
                    std::string(record.substr(kMagic.size() + 8, kChecksumBytes))};
}

absl::StatusOr<std::optional<SyncedTail>> ReadSlot(const File& file, int slot) {
  char bytes[kRecordBytes];
  ASSIGN_OR_RETURN(const size_t n, file.ReadAt(slot * kSlotBytes, sizeof(bytes), bytes));
  return Decode(std::string_view(bytes, n));
}

}  // namespace

absl::Status SyncedTailFile::Open() {
  const std::string path = paths_.SyncedTailFile(id_);
  auto existing = fs_.Open(path, OpenMode::kReadWrite);
  if (absl::IsNotFound(existing.status())) {
    ASSIGN_OR_RETURN(file_, fs_.Open(path, OpenMode::kCreate));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(existing.status());
  // Of an earlier writer: its longest tail must not be overwritten first.
  ASSIGN_OR_RETURN(const auto first, ReadSlot(**existing, 0));
  ASSIGN_OR_RETURN(const auto second, ReadSlot(**existing, 1));
  slot_ = first && (!second || first->length >= second->length) ? 1 : 0;
  file_ = *std::move(existing);
  return absl::OkStatus();
}

absl::Status SyncedTailFile::Keep(const SyncedTail& tail) {
  const bool opened = file_ == nullptr;
  if (opened) RETURN_IF_ERROR(Open());
  RETURN_IF_ERROR(file_->WriteAt(slot_ * kSlotBytes, Encode(tail)));
  RETURN_IF_ERROR(file_->Sync());
  slot_ = (slot_ + 1) % kSlots;
  return opened ? fs_.SyncDirectory(paths_.rbw()) : absl::OkStatus();
}

absl::StatusOr<std::vector<SyncedTail>> ReadSyncedTails(FileSystem& fs, const PoolPaths& paths,
                                                        BlockId id) {
  std::vector<SyncedTail> tails;
  const auto file = fs.Open(paths.SyncedTailFile(id), OpenMode::kRead);
  if (absl::IsNotFound(file.status())) return tails;
  RETURN_IF_ERROR(file.status());
  for (int slot = 0; slot < kSlots; ++slot) {
    ASSIGN_OR_RETURN(auto tail, ReadSlot(**file, slot));
    if (tail) tails.push_back(*std::move(tail));
  }
  std::sort(tails.begin(), tails.end(),
            [](const SyncedTail& a, const SyncedTail& b) { return a.length > b.length; });
  return tails;
}

}  // namespace cairn::datanode
