// checksum: the checksum of whole files that HDFS computes from those of their chunks.
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {

absl::Status Checksum(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"v"}, .min_arguments = 1}));
  run.ForEach(options.arguments(), [&](const Target& target) -> absl::Status {
    if (target.is_directory()) return IsADirectory(target.shown);
    ASSIGN_OR_RETURN(const client::FileChecksum checksum, target.fs->Checksum(target.path));
    run.Print("{}\t{}\t{}", target.shown, checksum.algorithm, checksum.Hex());
    if (options.Has("v")) run.Print("\tBlockSize={}", target.status->block_size);
    run.Print("\n");
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
