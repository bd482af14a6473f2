// What `dfsadmin -report` prints.
#pragma once

#include <string>
#include <vector>

#include "common/types/block.h"
#include "common/types/file_status.h"

namespace cairn::dfs {

// The totals, with the safe mode line when it is on.
std::string ReportHeader(const FsStats& stats, bool safe_mode);
// "Live datanodes (3):" and the DataNodes, or nothing when there are none.
std::string ReportDatanodes(const std::string& title, const std::vector<DatanodeInfo>& datanodes);

}  // namespace cairn::dfs
