// dfs mini: a whole cluster from one command, for trying things out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/dfs/base/shell.h"

namespace cairn::dfs {

inline constexpr std::string_view kMiniUsage =
    "[--dir D] [--datanodes N] [--port P] [-D key=value]...";

// Runs until SIGINT or SIGTERM.
absl::Status Mini(Invocation& run, const std::vector<std::string>& args);

}  // namespace cairn::dfs
