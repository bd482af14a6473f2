// Everything a NameNode can be told, as plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/config/configuration.h"
#include "common/users/group_resolver.h"
#include "common/users/proxy_users.h"
#include "namenode/blocks/options.h"
#include "namenode/blocks/topology/rack_resolver.h"
#include "namenode/grpc/grpc_server.h"
#include "namenode/hadoop/hadoop_server.h"
#include "namenode/http/namenode_http.h"
#include "namenode/meta/meta_store.h"
#include "namenode/monitors/monitor_options.h"
#include "namenode/namespace/namespace_options.h"

namespace cairn::namenode {

// The options of every part of a NameNode. What a part learns only from the store (cluster and pool
// ids) or from its surroundings (who the superuser is) is filled in by NameNode::Start.
struct NameNodeOptions {
  std::shared_ptr<const Configuration> source;  // what all others are made of
  MetaStoreOptions store;
  NamespaceOptions names;
  BlockManagerOptions blocks;
  RackResolverOptions racks;
  std::string hosts_file;          // dfs.hosts
  std::string hosts_exclude_file;  // dfs.hosts.exclude
  bool hosts_combined = false;     // dfs.namenode.hosts.provider.classname: hosts_file is JSON
  MonitorOptions monitors;
  GroupResolverOptions groups;
  ProxyUserRules proxy_users;
  GrpcServerOptions grpc;
  HadoopServerOptions hadoop;
  NameNodeHttpOptions http;
  std::string log_dir;  // of cairn.log.file; empty: the working directory

  // From Hadoop's keys. kInvalidArgument names the key whose value makes no sense here.
  static absl::StatusOr<NameNodeOptions> From(const Configuration& configuration);
};

}  // namespace cairn::namenode
