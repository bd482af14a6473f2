// admin wait: until the cluster is ready, for scripts.
#include <algorithm>
#include <chrono>
#include <thread>

#include "client/dfs_client.h"
#include "common/config/values.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

using std::chrono::steady_clock;

constexpr int64_t kDefaultTimeoutMs = 60'000;
constexpr int64_t kCallTimeoutMs = 5'000;
constexpr auto kLookAgain = std::chrono::milliseconds(200);

// What is still missing; empty when the cluster is ready. An error when it cannot be asked.
absl::StatusOr<std::string> Missing(client::DfsClient& client, int64_t datanodes) {
  ASSIGN_OR_RETURN(const auto live, client.GetDatanodeReport(client::DatanodeReportType::kLive));
  if (static_cast<int64_t>(live.size()) < datanodes) {
    return fmt::format("{} of {} datanodes are live", live.size(), datanodes);
  }
  ASSIGN_OR_RETURN(const bool safe_mode, client.SetSafeMode(client::SafeModeAction::kGet));
  return safe_mode ? "safe mode is on" : "";
}

}  // namespace

absl::Status Wait(Invocation& run, const std::vector<std::string>& args) {
  int64_t datanodes = 0;
  int64_t timeout_ms = kDefaultTimeoutMs;
  for (size_t i = 0; i < args.size(); i += 2) {
    const bool is_timeout = args[i] == "--timeout";
    if (!is_timeout && args[i] != "--datanodes") {
      return UsageError(fmt::format("wait: option '{}' is not valid here", args[i]));
    }
    const std::string text = i + 1 < args.size() ? args[i + 1] : "";
    const auto value = is_timeout ? ParseDurationMs(text, DurationUnit::kSeconds) : ParseInt(text);
    if (!value || *value < 0) {
      return UsageError(fmt::format("wait: {} takes a {}, not '{}'", args[i],
                                    is_timeout ? "duration" : "number", text));
    }
    (is_timeout ? timeout_ms : datanodes) = *value;
  }
  ASSIGN_OR_RETURN(client::ClientOptions options, run.shell().DefaultClientOptions());
  options.namenode_retries = 0;  // this loop is the retry
  options.rpc_timeout_ms = std::clamp<int64_t>(timeout_ms, 1, kCallTimeoutMs);
  ASSIGN_OR_RETURN(const auto client, client::DfsClient::Connect(options));
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    const auto missing = Missing(*client, datanodes);
    if (missing.ok() && missing->empty()) return absl::OkStatus();
    if (steady_clock::now() >= deadline) {
      return absl::DeadlineExceededError(
          fmt::format("the cluster is not ready after {} s: {}", timeout_ms / 1000,
                      missing.ok() ? *missing : ErrorText(missing.status())));
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

}  // namespace cairn::dfs
