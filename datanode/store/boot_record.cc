// What a volume remembers of the machine's boots.
#include "datanode/store/boot_record.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "common/crc32c.h"
#include "common/status_macros.h"

namespace cairn::datanode {
namespace {

constexpr char kBootIdFile[] = "/proc/sys/kernel/random/boot_id";
constexpr size_t kMaxBootIdBytes = 64;
constexpr int64_t kMaxRecordBytes = 64 << 20;
constexpr std::string_view kCrcPrefix = "crc32c=";

std::string CrcLine(std::string_view text) {
  return fmt::format("{}{:08x}\n", kCrcPrefix, Crc32c(text));
}

// False when the content is damaged.
bool Parse(const std::string& content, BootRecord& record) {
  const size_t crc_at = content.rfind(kCrcPrefix);
  if (crc_at == std::string::npos) return false;
  const std::string text = content.substr(0, crc_at);
  if (content.substr(crc_at) != CrcLine(text)) return false;
  std::istringstream in(text);
  std::getline(in, record.boot_id);
  std::pair<BlockId, GenerationStamp> suspect;
  while (in >> suspect.first >> suspect.second) record.suspects.insert(suspect);
  return in.eof();
}

}  // namespace

std::string MachineBootId(FileSystem& fs) {
  const auto file = fs.Open(kBootIdFile, OpenMode::kRead);
  if (!file.ok()) return "";
  std::string id(kMaxBootIdBytes, '\0');
  const auto got = (*file)->ReadAt(0, id.size(), id.data());
  id.resize(got.ok() ? *got : 0);
  return id.substr(0, id.find('\n'));
}

absl::StatusOr<BootRecord> ReadBootRecord(FileSystem& fs, const PoolPaths& paths) {
  const auto content = fs.ReadFile(paths.boot_record(), kMaxRecordBytes);
  if (absl::IsNotFound(content.status())) return BootRecord();
  BootRecord record;
  if (content.ok() && Parse(*content, record)) return record;
  // A sector that cannot be read, or one with other bytes, costs no volume.
  if (!content.ok() && !absl::IsDataLoss(content.status())) return content.status();
  spdlog::warn("{} is damaged: no replica in {} is trusted", paths.boot_record(), paths.rbw());
  return BootRecord();
}

absl::Status WriteBootRecord(FileSystem& fs, const PoolPaths& paths, const BootRecord& record) {
  std::string text = record.boot_id + "\n";
  for (const auto& [id, stamp] : record.suspects) text += fmt::format("{} {}\n", id, stamp);
  text += CrcLine(text);
  return fs.WriteFileAtomically(paths.boot_record(), text);
}

}  // namespace cairn::datanode
