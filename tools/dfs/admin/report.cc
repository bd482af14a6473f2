// admin report: the cluster's numbers and its DataNodes.
#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/admin/report_text.h"
#include "tools/dfs/base/options.h"

namespace cairn::dfs {

absl::Status Report(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"live", "dead"}, .max_arguments = 0}));
  const bool all = options.flags().empty();
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  ASSIGN_OR_RETURN(const FsStats stats, client->GetFsStats());
  ASSIGN_OR_RETURN(const bool safe_mode, client->SetSafeMode(client::SafeModeAction::kGet));
  run.Write(ReportHeader(stats, safe_mode));
  if (all || options.Has("live")) {
    ASSIGN_OR_RETURN(const auto live, client->GetDatanodeReport(client::DatanodeReportType::kLive));
    run.Write(ReportDatanodes("Live", live));
  }
  if (all || options.Has("dead")) {
    ASSIGN_OR_RETURN(const auto dead, client->GetDatanodeReport(client::DatanodeReportType::kDead));
    run.Write(ReportDatanodes("Dead", dead));
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
