// The shell's own errors.
#include "tools/dfs/base/errors.h"

#include <absl/strings/cord.h>

namespace cairn::dfs {
namespace {

constexpr char kUsagePayload[] = "cairn.dfs/usage";

}  // namespace

absl::Status PathProblem(std::string_view shown, std::string_view why) {
  return absl::UnknownError(fmt::format("`{}': {}", shown, why));
}

absl::Status PathProblem(std::string_view shown, std::string_view target, std::string_view why) {
  return absl::UnknownError(fmt::format("`{}' to `{}': {}", shown, target, why));
}

absl::Status NoSuchFile(std::string_view shown) {
  return absl::NotFoundError(fmt::format("`{}': No such file or directory", shown));
}

absl::Status NoSuchFile(std::string_view shown, std::string_view qualified) {
  return absl::NotFoundError(
      fmt::format("`{}': No such file or directory: `{}'", shown, qualified));
}

absl::Status FileExistsAlready(std::string_view shown) { return PathProblem(shown, "File exists"); }

absl::Status IsADirectory(std::string_view shown) { return PathProblem(shown, "Is a directory"); }

absl::Status IsNotADirectory(std::string_view shown) {
  return PathProblem(shown, "Is not a directory");
}

absl::Status UnknownFailure(std::string_view shown) {
  return PathProblem(shown, "Input/output error");
}

absl::Status UsageError(std::string_view text) {
  absl::Status status = absl::InvalidArgumentError(std::string(text));
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

bool IsUsageError(const absl::Status& status) {
  return status.GetPayload(kUsagePayload).has_value();
}

std::string ErrorText(const absl::Status& status) {
  const std::string message(status.message());
  // Which addresses could not be reached, and why, stands behind the first line.
  if (message.find(" could only be written to ") != std::string::npos) return message;
  return message.substr(0, message.find('\n'));
}

}  // namespace cairn::dfs
