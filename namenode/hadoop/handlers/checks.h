// The checks that calls of the Hadoop protocols begin with.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/file_status.h"
#include "namenode/frontend/call.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode::hadoop_handlers {

// SafeModeException "Cannot <what>. Name node is in safe mode." while safe mode is on.
absl::Status NeedNoSafeMode(const Call& call, std::string_view what);

// What a call of a feature that does not exist here says of a path; empty: nothing is there.
using JudgePath = std::function<absl::Status(const std::optional<FileStatus>&)>;

// Ends the call with the checks of `lookup`, and then with what `judge` says.
void LookUpAndJudge(Call& call, LookupRequest lookup, JudgePath judge, DoneVoid done);

}  // namespace cairn::namenode::hadoop_handlers
