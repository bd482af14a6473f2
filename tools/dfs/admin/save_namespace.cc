// admin saveNamespace: makes a checkpoint; needs safe mode.
#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/options.h"

namespace cairn::dfs {

absl::Status SaveNamespace(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options, Options::Parse(args, {.max_arguments = 0}));
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  RETURN_IF_ERROR(client->SaveNamespace());
  run.Print("Save namespace successful\n");
  return absl::OkStatus();
}

}  // namespace cairn::dfs
