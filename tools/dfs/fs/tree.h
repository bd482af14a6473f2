// Walking below a path.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "tools/dfs/base/shell.h"

namespace cairn::dfs {

// Calls `each` with `target` and, when `recursive`, with everything below it, a directory before
// its children. Errors are noted and the walk goes on.
void Walk(Invocation& run, const Target& target, bool recursive,
          const std::function<absl::Status(const Target&)>& each);

}  // namespace cairn::dfs
