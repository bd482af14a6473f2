// Who this process acts as.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cairn {

// The user a client acts as under simple authentication: $HADOOP_USER_NAME if set and not empty,
// else the operating system's name of the effective uid. kNotFound when that has no name.
absl::StatusOr<std::string> CurrentUserName();

// The operating system's name of the effective uid, whatever the environment says.
absl::StatusOr<std::string> SystemUserName();

// Hadoop's short name of "user", "user/host@REALM" or "user@REALM" without name rules: its front.
std::string_view ShortUserName(std::string_view user);

}  // namespace cairn
