// Errors as the shell shows them: in Hadoop's words and, but for one, in one line.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cairn::dfs {

// "`/x': No such file or directory".
absl::Status NoSuchFile(std::string_view shown);
// The same with the full URI behind it, where Hadoop adds it.
absl::Status NoSuchFile(std::string_view shown, std::string_view qualified);
absl::Status FileExistsAlready(std::string_view shown);  // `/x': File exists
absl::Status IsADirectory(std::string_view shown);       // `/x': Is a directory
absl::Status IsNotADirectory(std::string_view shown);    // `/x': Is not a directory
absl::Status UnknownFailure(std::string_view shown);     // `/x': Input/output error
// "`/x': why".
absl::Status PathProblem(std::string_view shown, std::string_view why);
// "`/x' to `/y': why".
absl::Status PathProblem(std::string_view shown, std::string_view target, std::string_view why);

// The command line itself is wrong: shown with the command's usage, exit code 255.
absl::Status UsageError(std::string_view text);
bool IsUsageError(const absl::Status& status);

// The first line of the message; all of it where the addresses that a file could not be written to
// follow.
std::string ErrorText(const absl::Status& status);

}  // namespace cairn::dfs
