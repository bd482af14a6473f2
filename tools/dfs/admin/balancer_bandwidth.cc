// admin setBalancerBandwidth: how fast balancing may be.
#include <charconv>

#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"

namespace cairn::dfs {

absl::Status SetBalancerBandwidth(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.min_arguments = 1, .max_arguments = 1}));
  const std::string& text = options.arguments().front();
  int64_t bytes_per_second = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, bytes_per_second);
  if (error != std::errc() || stop != end) {
    return UsageError(fmt::format("{} is not a number of bytes per second", text));
  }
  if (bytes_per_second < 0) return UsageError("the bandwidth must not be negative");
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  RETURN_IF_ERROR(client->SetBalancerBandwidth(bytes_per_second));
  run.Print("Balancer bandwidth is set to {}\n", bytes_per_second);
  return absl::OkStatus();
}

}  // namespace cairn::dfs
