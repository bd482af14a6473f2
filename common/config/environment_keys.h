// Configuration keys as environment variables: CAIRN_CONF_dfs_replication is dfs.replication.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cairn {

// The key that a variable stands for: what follows CAIRN_CONF_, with each run of one underscore
// read as a dot, of two as a dash, of three as an underscore; letters keep their case. Empty for a
// variable without the prefix. kInvalidArgument names a variable that stands for no key: nothing
// after the prefix, or a run of four underscores or more.
absl::StatusOr<std::optional<std::string>> KeyOfVariable(std::string_view variable);

// The variable that stands for `key`; empty when none can: two dots, dashes or underscores beside
// each other could not be told apart, and a shell knows letters, digits and underscores only.
std::string VariableOfKey(std::string_view key);

}  // namespace cairn
