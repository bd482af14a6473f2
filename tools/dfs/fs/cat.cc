// cat: files to the standard output.
#include <vector>

#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

}  // namespace

absl::Status Cat(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"ignoreCrc"}, .min_arguments = 1}));
  std::FILE* out = run.shell().streams().out;
  std::vector<char> buffer(kBufferBytes);
  run.ForEach(options.arguments(), [&](const Target& target) -> absl::Status {
    if (target.is_directory()) return IsADirectory(target.shown);
    ASSIGN_OR_RETURN(const auto in, target.fs->Open(target.path));
    while (true) {
      ASSIGN_OR_RETURN(const size_t got, in->Read(buffer.data(), buffer.size()));
      if (got == 0) return absl::OkStatus();
      if (std::fwrite(buffer.data(), 1, got, out) != got) {
        return absl::UnknownError("Unable to write to output stream.");
      }
    }
  });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
