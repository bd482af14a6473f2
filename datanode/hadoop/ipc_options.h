// Options of the DataNode's Hadoop RPC port.
#pragma once

#include <cstdint>
#include <string>

#include "common/users/group_resolver.h"
#include "ipc/server_options.h"

namespace cairn::datanode {

// Where a field has a key, it carries HDFS's default.
struct IpcOptions {
  ipc::ServerOptions server;        // listen: dfs.datanode.ipc.address
  int32_t handler_threads = 10;     // dfs.datanode.handler.count
  std::string software_version;     // told to administrators
  std::string owner;                // user of this process: a superuser
  std::string supergroup;           // dfs.permissions.superusergroup: its members too
  bool permissions_enabled = true;  // dfs.permissions.enabled; false: everybody is
  GroupResolverOptions groups;      // who is in the supergroup
};

}  // namespace cairn::datanode
