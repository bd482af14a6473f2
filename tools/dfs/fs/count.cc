// count: directories, files and bytes below a path, and its quotas.
#include "common/status_macros.h"
#include "tools/dfs/base/format.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

// A quota and what is left of it, in columns of these widths.
std::string QuotaText(int64_t quota, int64_t used, bool human, int quota_width) {
  if (quota <= 0) return fmt::format("{:>{}} {:>15} ", "none", quota_width, "inf");
  return fmt::format("{:>{}} {:>15} ", SizeText(quota, human), quota_width,
                     SizeText(quota - used, human));
}

}  // namespace

absl::Status Count(Invocation& run, const std::vector<std::string>& args) {
  // -x leaves snapshots out; there are none to count.
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"q", "h", "v", "x"}, .min_arguments = 1}));
  const bool human = options.Has("h");
  if (options.Has("v")) {
    if (options.Has("q")) {
      run.Print("{:>12} {:>15} {:>15} {:>15} ", "QUOTA", "REM_QUOTA", "SPACE_QUOTA",
                "REM_SPACE_QUOTA");
    }
    run.Print("{:>12} {:>12} {:>18} PATHNAME\n", "DIR_COUNT", "FILE_COUNT", "CONTENT_SIZE");
  }
  run.ForEach(options.arguments(), [&](const Target& target) -> absl::Status {
    ASSIGN_OR_RETURN(const ContentSummary summary, target.fs->Summary(target.path));
    if (options.Has("q")) {
      run.Write(QuotaText(summary.quota, summary.file_count + summary.directory_count, human, 12) +
                QuotaText(summary.space_quota, summary.space_consumed, human, 15));
    }
    run.Print("{:>12} {:>12} {:>18} {}\n", SizeText(summary.directory_count, human),
              SizeText(summary.file_count, human), SizeText(summary.length, human), target.shown);
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
