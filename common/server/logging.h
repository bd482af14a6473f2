// Where and how the process logs.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cairn {

// What SetUpLogging needs to know.
struct LoggingOptions {
  std::string level = "info";  // trace, debug, info, warning, error, critical or off
  std::string file;            // appended to; empty: standard error
};

// Makes spdlog write lines like "2024-05-01T12:00:00.123Z info [thread] text" (UTC). Warnings and
// worse are flushed at once, the rest every second (a file) or line by line (standard error). Call
// once, in main. kInvalidArgument for an unknown level or a file that cannot be opened.
absl::Status SetUpLogging(const LoggingOptions& options);

}  // namespace cairn
