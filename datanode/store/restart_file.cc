// The announcement of a quick restart. Content: the wall time in ms, a line break, the machine's
// boot id.
#include "datanode/store/restart_file.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <string>

#include "common/status_macros.h"

namespace cairn::datanode {
namespace {

constexpr int64_t kMaxBytes = 256;
// A wall clock that was set back must not make a file valid for days.
constexpr int64_t kMaxAheadMs = 3'600'000;

}  // namespace

absl::Status WriteRestartFile(FileSystem& fs, const PoolPaths& paths, BlockId id, int64_t until_ms,
                              const std::string& boot_id) {
  ASSIGN_OR_RETURN(const auto file, fs.Open(paths.RestartFile(id), OpenMode::kCreateOrTruncate));
  return file->Append(fmt::format("{}\n{}\n", until_ms, boot_id));
}

bool IsStillBeingWritten(FileSystem& fs, const PoolPaths& paths, BlockId id, int64_t now_ms,
                         const std::string& boot_id) {
  const auto content = fs.ReadFile(paths.RestartFile(id), kMaxBytes);
  if (absl::IsNotFound(content.status())) return false;
  if (!content.ok()) {
    spdlog::warn("{}", std::string(content.status().message()));
    return false;
  }
  int64_t until_ms = 0;
  const char* end = content->data() + content->size();
  const auto parsed = std::from_chars(content->data(), end, until_ms);
  return parsed.ec == std::errc() && !boot_id.empty() &&
         std::string(parsed.ptr, end) == fmt::format("\n{}\n", boot_id) && now_ms < until_ms &&
         until_ms - now_ms <= kMaxAheadMs;
}

}  // namespace cairn::datanode
