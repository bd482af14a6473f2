// admin rollEdits, metasave and refreshNodes: the NameNode's journal, what it has to do, and its
// lists of DataNodes.
#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/options.h"

namespace cairn::dfs {

absl::Status RollEdits(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options, Options::Parse(args, {.max_arguments = 0}));
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  ASSIGN_OR_RETURN(const Txid first, client->RollEdits());
  run.Print("Successfully rolled edit logs.\nNew segment starts at txid {}\n", first);
  return absl::OkStatus();
}

absl::Status MetaSave(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.min_arguments = 1, .max_arguments = 1}));
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  const std::string& filename = options.arguments().front();
  RETURN_IF_ERROR(client->MetaSave(filename));
  run.Print("Created metasave file {} in the log directory of the NameNode\n", filename);
  return absl::OkStatus();
}

absl::Status RefreshNodes(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options, Options::Parse(args, {.max_arguments = 0}));
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  RETURN_IF_ERROR(client->RefreshNodes());
  run.Print("Refresh nodes successful\n");
  return absl::OkStatus();
}

}  // namespace cairn::dfs
