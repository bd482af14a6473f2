// tail: the last kilobyte of a file, and what is appended to it.
#include <chrono>
#include <thread>

#include "common/config/values.h"
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

constexpr int64_t kTailBytes = 1024;
constexpr int64_t kFollowMs = 5'000;  // how often -f looks, as in Hadoop
constexpr size_t kBufferBytes = 1 << 16;

// Prints from `offset` to the current end; the new offset.
absl::StatusOr<int64_t> PrintFrom(Invocation& run, const Target& target, int64_t offset) {
  ASSIGN_OR_RETURN(const auto in, target.fs->Open(target.path));
  if (offset < 0) offset = std::max<int64_t>(0, in->Length() - kTailBytes);
  // Opening anew each time makes the file's new length known.
  while (offset < in->Length()) {
    ASSIGN_OR_RETURN(const std::string bytes, in->ReadAt(offset, kBufferBytes));
    if (bytes.empty()) break;
    run.Write(bytes);
    offset += static_cast<int64_t>(bytes.size());
  }
  std::fflush(run.shell().streams().out);
  return offset;
}

}  // namespace

absl::Status Tail(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(
      const Options options,
      Options::Parse(args,
                     {.flags = {"f"}, .valued = {"s"}, .min_arguments = 1, .max_arguments = 1}));
  int64_t follow_ms = kFollowMs;
  if (const auto interval = options.Value("s")) {
    const auto parsed = ParseDurationMs(*interval, DurationUnit::kMilliseconds);
    if (!parsed || *parsed <= 0) return UsageError(fmt::format("'{}' is no interval", *interval));
    follow_ms = *parsed;
  }
  run.ForEach(options.arguments(), [&](const Target& target) -> absl::Status {
    if (target.is_directory()) return IsADirectory(target.shown);
    ASSIGN_OR_RETURN(int64_t offset, PrintFrom(run, target, -1));
    while (options.Has("f")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(follow_ms));
      ASSIGN_OR_RETURN(offset, PrintFrom(run, target, offset));
    }
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
