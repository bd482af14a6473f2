// The commands on files and directories, one source file each; semantics and texts of `hadoop fs`.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/dfs/base/shell.h"

namespace cairn::dfs {

absl::Status Cat(Invocation& run, const std::vector<std::string>& args);
absl::Status Checksum(Invocation& run, const std::vector<std::string>& args);
absl::Status Chgrp(Invocation& run, const std::vector<std::string>& args);
absl::Status Chmod(Invocation& run, const std::vector<std::string>& args);
absl::Status Chown(Invocation& run, const std::vector<std::string>& args);
absl::Status Count(Invocation& run, const std::vector<std::string>& args);
absl::Status Df(Invocation& run, const std::vector<std::string>& args);
absl::Status Du(Invocation& run, const std::vector<std::string>& args);
absl::Status Head(Invocation& run, const std::vector<std::string>& args);
absl::Status Ls(Invocation& run, const std::vector<std::string>& args);
absl::Status Mkdir(Invocation& run, const std::vector<std::string>& args);
absl::Status Mv(Invocation& run, const std::vector<std::string>& args);
absl::Status Rm(Invocation& run, const std::vector<std::string>& args);
absl::Status Setrep(Invocation& run, const std::vector<std::string>& args);
absl::Status Stat(Invocation& run, const std::vector<std::string>& args);
absl::Status Tail(Invocation& run, const std::vector<std::string>& args);
absl::Status Test(Invocation& run, const std::vector<std::string>& args);
absl::Status Touchz(Invocation& run, const std::vector<std::string>& args);

}  // namespace cairn::dfs
