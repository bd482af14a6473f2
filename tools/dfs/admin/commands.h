// The commands of administrators; semantics and texts of `hdfs dfsadmin`, `hdfs fsck` and
// `hdfs debug`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/dfs/base/shell.h"

namespace cairn::dfs {

inline constexpr std::string_view kAdminUsage =
    "report [-live] [-dead] | safemode enter|leave|get|wait|forceExit | saveNamespace | "
    "rollEdits | metasave FILE | refreshNodes | setBalancerBandwidth BYTES_PER_SECOND | "
    "wait --datanodes N --timeout S";
inline constexpr std::string_view kFsckUsage =
    "<path> [-list-corruptfileblocks | [-move | -delete | -openforwrite] [-files [-blocks "
    "[-locations | -racks | -replicaDetails | -upgradedomains]]]] [-includeSnapshots] "
    "[-showprogress] [-storagepolicies] [-maintenance] [-blockId <blk_Id> ...] [-replicate]";

inline constexpr std::string_view kDebugUsage =
    "recoverLease -path <path> [-retries <num-retries>]";

// dfs admin SUBCOMMAND …
absl::Status Admin(Invocation& run, const std::vector<std::string>& args);
// dfs fsck PATH …
absl::Status Fsck(Invocation& run, const std::vector<std::string>& args);

// dfs debug recoverLease …
absl::Status Debug(Invocation& run, const std::vector<std::string>& args);

// The subcommands of admin.
absl::Status Report(Invocation& run, const std::vector<std::string>& args);
absl::Status SafeMode(Invocation& run, const std::vector<std::string>& args);
absl::Status SaveNamespace(Invocation& run, const std::vector<std::string>& args);
absl::Status RollEdits(Invocation& run, const std::vector<std::string>& args);
absl::Status MetaSave(Invocation& run, const std::vector<std::string>& args);
absl::Status SetBalancerBandwidth(Invocation& run, const std::vector<std::string>& args);
absl::Status RefreshNodes(Invocation& run, const std::vector<std::string>& args);
absl::Status Wait(Invocation& run, const std::vector<std::string>& args);

}  // namespace cairn::dfs
