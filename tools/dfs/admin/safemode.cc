// admin safemode: asks for, changes or waits for the end of safe mode.
#include <chrono>
#include <thread>

#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

using client::SafeModeAction;

constexpr auto kLookAgain = std::chrono::seconds(1);

}  // namespace

absl::Status SafeMode(Invocation& run, const std::vector<std::string>& args) {
  const std::string action = args.size() == 1 ? args.front() : "";
  SafeModeAction asked = SafeModeAction::kGet;
  if (action == "enter") {
    asked = SafeModeAction::kEnter;
  } else if (action == "leave") {
    asked = SafeModeAction::kLeave;
  } else if (action == "forceExit") {
    asked = SafeModeAction::kForceExit;
  } else if (action != "get" && action != "wait") {
    return UsageError("safemode takes one of enter, leave, get, wait, forceExit");
  }
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  ASSIGN_OR_RETURN(bool on, client->SetSafeMode(asked));
  while (action == "wait" && on) {
    std::this_thread::sleep_for(kLookAgain);
    ASSIGN_OR_RETURN(on, client->SetSafeMode(SafeModeAction::kGet));
  }
  run.Print("Safe mode is {}\n", on ? "ON" : "OFF");
  return absl::OkStatus();
}

}  // namespace cairn::dfs
