// The commands that move the bytes of files, one source file each; semantics and texts of
// `hadoop fs`. They end early, and clean up, when the user asks to stop (Streams::stopping).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/dfs/base/shell.h"

namespace cairn::dfs {

absl::Status AppendToFile(Invocation& run, const std::vector<std::string>& args);
absl::Status Cp(Invocation& run, const std::vector<std::string>& args);
absl::Status Get(Invocation& run, const std::vector<std::string>& args);
absl::Status Put(Invocation& run, const std::vector<std::string>& args);
absl::Status Truncate(Invocation& run, const std::vector<std::string>& args);

}  // namespace cairn::dfs
