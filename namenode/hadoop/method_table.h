// Every Hadoop RPC call that the NameNode answers.
#pragma once

#include <string>
#include <vector>

#include "ipc/method_table.h"
#include "namenode/hadoop/front_end.h"

namespace cairn::namenode {

// "protocol.method" of every row, in the order of CallMetrics.
std::vector<std::string> HadoopMethodNames();

// The protocols with their handlers. `front` must outlive the server that gets them.
std::vector<ipc::Protocol> HadoopProtocols(HadoopFrontEnd& front);

}  // namespace cairn::namenode
