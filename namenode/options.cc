// Which key fills which option.
#include "namenode/options.h"

#include <netdb.h>

#include <filesystem>

#include "common/net/address.h"
#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr int kDefaultRpcPort = 8020;
constexpr int kDefaultHttpPort = 9870;

// Where Hadoop RPC is served: its key, or the authority of fs.defaultFS.
absl::StatusOr<HostPort> RpcAddress(const Configuration& configuration) {
  const std::string own = configuration.GetString("dfs.namenode.rpc-address");
  if (!own.empty()) return ParseHostPort(own, kDefaultRpcPort);
  ASSIGN_OR_RETURN(const Uri uri, ParseUri(configuration.GetString("fs.defaultFS")));
  HostPort address = uri.authority;
  if (uri.scheme == "file" || address.host.empty()) address.host = "0.0.0.0";
  if (address.port == 0) address.port = kDefaultRpcPort;
  return address;
}

// The same with the host to listen on.
absl::StatusOr<HostPort> RpcListenAddress(const Configuration& configuration) {
  ASSIGN_OR_RETURN(HostPort address, RpcAddress(configuration));
  const std::string bind_host = configuration.GetString("dfs.namenode.rpc-bind-host");
  if (!bind_host.empty()) address.host = bind_host;
  return address;
}

absl::StatusOr<HostPort> GrpcAddress(const Configuration& configuration) {
  ASSIGN_OR_RETURN(HostPort address, RpcAddress(configuration));
  ++address.port;
  const std::string own = configuration.GetString("cairn.namenode.grpc-address");
  if (!own.empty()) {
    // "host:0" asks for any free port; a missing port is the usual one.
    ASSIGN_OR_RETURN(address, ParseHostPort(own, address.port));
  }
  const std::string bind_host = configuration.GetString("cairn.namenode.grpc-bind-host");
  if (!bind_host.empty()) address.host = bind_host;
  if (address.port > 65535) {
    return absl::InvalidArgumentError(
        "cairn.namenode.grpc-address: the port after that of dfs.namenode.rpc-address is above "
        "65535");
  }
  return address;
}

absl::StatusOr<HostPort> HttpListenAddress(const Configuration& configuration) {
  ASSIGN_OR_RETURN(
      HostPort address,
      ParseHostPort(configuration.GetString("dfs.namenode.http-address"), kDefaultHttpPort));
  const std::string bind_host = configuration.GetString("dfs.namenode.http-bind-host");
  if (!bind_host.empty()) address.host = bind_host;
  return address;
}

MetaStoreOptions StoreOptions(const Configuration& configuration) {
  MetaStoreOptions options;
  options.name_dirs = configuration.GetPathList("dfs.namenode.name.dir");
  options.max_unsynced_bytes = configuration.GetSize("cairn.namenode.journal.max-unsynced");
  options.max_unapplied_bytes = configuration.GetSize("cairn.namenode.applier.max-lag");
  options.segment_bytes = configuration.GetSize("cairn.namenode.journal.segment-size");
  options.checkpoint_txns = configuration.GetInt("dfs.namenode.checkpoint.txns");
  options.checkpoint_period_ms = configuration.GetDurationMs("dfs.namenode.checkpoint.period");
  options.checkpoints_retained =
      static_cast<int>(configuration.GetInt("dfs.namenode.num.checkpoints.retained"));
  options.restore_failed_dirs = configuration.GetBool("dfs.namenode.name.dir.restore");
  options.block_cache_bytes = configuration.GetSize("cairn.namenode.rocksdb.block-cache-size");
  return options;
}

NamespaceOptions NamesOptions(const Configuration& configuration) {
  NamespaceOptions options;
  options.permissions_enabled = configuration.GetBool("dfs.permissions.enabled");
  options.supergroup = configuration.GetString("dfs.permissions.superusergroup");
  options.protected_dirs->Set(configuration.GetList("fs.protected.directories"),
                              configuration.GetBool("dfs.protected.subdirectories.enable"));
  options.max_component_length =
      configuration.GetInt("dfs.namenode.fs-limits.max-component-length");
  options.max_directory_items = configuration.GetInt("dfs.namenode.fs-limits.max-directory-items");
  options.min_block_size = configuration.GetSize("dfs.namenode.fs-limits.min-block-size");
  options.max_blocks_per_file = configuration.GetInt("dfs.namenode.fs-limits.max-blocks-per-file");
  options.min_replication =
      static_cast<int32_t>(configuration.GetInt("dfs.namenode.replication.min"));
  options.max_replication = static_cast<int32_t>(configuration.GetInt("dfs.replication.max"));
  options.access_time_precision_ms =
      configuration.GetDurationMs("dfs.namenode.accesstime.precision");
  options.list_limit = static_cast<int32_t>(configuration.GetInt("dfs.ls.limit"));
  options.batched_list_paths = static_cast<int32_t>(configuration.GetInt("dfs.batched.ls.limit"));
  options.open_files_limit =
      static_cast<int32_t>(configuration.GetInt("dfs.namenode.list.openfiles.num.responses"));
  options.corrupt_files_limit =
      static_cast<int32_t>(configuration.GetInt("dfs.corruptfilesreturned.max"));
  options.complete_wait_ms = configuration.GetDurationMs("cairn.namenode.complete-wait");
  options.lease_hard_limit_ms = configuration.GetDurationMs("dfs.namenode.lease-hard-limit-sec");
  options.default_replication = static_cast<int32_t>(configuration.GetInt("dfs.replication"));
  options.default_block_size = configuration.GetSize("dfs.blocksize");
  options.bytes_per_checksum =
      static_cast<int32_t>(configuration.GetSize("dfs.bytes-per-checksum"));
  options.write_packet_size =
      static_cast<int32_t>(configuration.GetSize("dfs.client-write-packet-size"));
  options.file_buffer_size = static_cast<int32_t>(configuration.GetSize("io.file.buffer.size"));
  options.trash_interval_minutes = configuration.GetDurationMs("fs.trash.interval") / 60'000;
  options.retry_expiry_ms =
      configuration.GetDurationMs("dfs.namenode.retrycache.expirytime.millis");
  if (!configuration.GetBool("dfs.namenode.enable.retrycache")) options.max_retry_entries = 0;
  options.cache_bytes = configuration.GetSize("cairn.namenode.cache-size");
  return options;
}

// The name of the host that clients call: as configured, or looked up for a number.
std::string OwnHostName(const Configuration& configuration) {
  const auto address = RpcAddress(configuration);
  if (!address.ok() || address->host.empty() || address->host == "0.0.0.0") return LocalHostName();
  const bool is_number =
      address->host.find_first_not_of("0123456789.:abcdefABCDEF") == std::string::npos;
  if (!is_number) return address->host;
  const auto known = Resolve({.host = address->host, .port = 0});
  char name[NI_MAXHOST] = "";
  if (!known.ok() || known->empty() ||
      ::getnameinfo(known->front().get(), known->front().length(), name, sizeof(name), nullptr, 0,
                    NI_NAMEREQD) != 0) {
    return address->host;
  }
  return name;
}

BlockManagerOptions BlocksOptions(const Configuration& configuration) {
  BlockManagerOptions options;
  options.min_replication = static_cast<int>(configuration.GetInt("dfs.namenode.replication.min"));
  options.default_replication = static_cast<int>(configuration.GetInt("dfs.replication"));
  options.maintenance_min_replication =
      static_cast<int>(configuration.GetInt("dfs.namenode.maintenance.replication.min"));
  Liveness& liveness = options.liveness;
  liveness.heartbeat_interval_ms = configuration.GetDurationMs("dfs.heartbeat.interval");
  liveness.recheck_interval_ms =
      configuration.GetDurationMs("dfs.namenode.heartbeat.recheck-interval");
  // Never shorter than some heartbeats, or every DataNode would be stale between two of them.
  liveness.stale_interval_ms =
      std::max(configuration.GetDurationMs("dfs.namenode.stale.datanode.interval"),
               configuration.GetInt("dfs.namenode.stale.datanode.minimum.interval") *
                   liveness.heartbeat_interval_ms);
  options.avoid_stale_for_write = configuration.GetBool("dfs.namenode.avoid.write.stale.datanode");
  options.consider_load = configuration.GetBool("dfs.namenode.redundancy.considerLoad");
  options.load_factor = configuration.GetDouble("dfs.namenode.redundancy.considerLoad.factor");
  options.pace.max_streams =
      static_cast<int>(configuration.GetInt("dfs.namenode.replication.max-streams"));
  options.pace.max_streams_hard_limit =
      static_cast<int>(configuration.GetInt("dfs.namenode.replication.max-streams-hard-limit"));
  options.pace.work_multiplier = static_cast<int>(
      configuration.GetInt("dfs.namenode.replication.work.multiplier.per.iteration"));
  options.pace.pending_timeout_ms =
      configuration.GetDurationMs("dfs.namenode.reconstruction.pending.timeout-sec");
  options.pace.invalidate_limit =
      static_cast<int>(configuration.GetInt("dfs.block.invalidate.limit"));
  options.invalidate_work_fraction =
      configuration.GetDouble("dfs.namenode.invalidate.work.pct.per.iteration");
  options.safe_mode_threshold = configuration.GetDouble("dfs.namenode.safemode.threshold-pct");
  options.safe_mode_extension_ms = configuration.GetDurationMs("dfs.namenode.safemode.extension");
  options.safe_mode_min_datanodes =
      static_cast<int>(configuration.GetInt("dfs.namenode.safemode.min.datanodes"));
  options.host_name = OwnHostName(configuration);
  return options;
}

// Which of HDFS's two classes reads the lists of hosts.
absl::StatusOr<bool> AreHostsCombined(const Configuration& configuration) {
  constexpr char kKey[] = "dfs.namenode.hosts.provider.classname";
  const std::string name = configuration.GetString(kKey);
  const std::string package = "org.apache.hadoop.hdfs.server.blockmanagement.";
  if (name == package + "HostFileManager") return false;
  if (name == package + "CombinedHostFileManager") return true;
  return absl::InvalidArgumentError(fmt::format("{}: there is no {} here", kKey, name));
}

MonitorOptions MonitorsOptions(const Configuration& configuration) {
  MonitorOptions options;
  options.liveness_interval_ms =
      configuration.GetDurationMs("dfs.namenode.safemode.recheck.interval");
  options.redundancy_interval_ms =
      configuration.GetDurationMs("dfs.namenode.redundancy.interval.seconds");
  options.lease_interval_ms = configuration.GetDurationMs("dfs.namenode.lease-recheck-interval-ms");
  options.space_interval_ms = configuration.GetDurationMs("dfs.namenode.resource.check.interval");
  options.name_dirs = configuration.GetPathList("dfs.namenode.name.dir");
  options.reserved_bytes = configuration.GetSize("dfs.namenode.resource.du.reserved");
  return options;
}

}  // namespace

absl::StatusOr<NameNodeOptions> NameNodeOptions::From(const Configuration& configuration) {
  NameNodeOptions options;
  options.source = std::make_shared<const Configuration>(configuration);
  options.store = StoreOptions(configuration);
  if (options.store.name_dirs.empty()) {
    return absl::InvalidArgumentError("dfs.namenode.name.dir names no directory");
  }
  options.names = NamesOptions(configuration);
  options.blocks = BlocksOptions(configuration);
  options.racks.node_mapping = configuration.GetString("hadoop.configured.node.mapping");
  options.racks.table_file = configuration.GetString("net.topology.table.file.name");
  options.racks.script_file = configuration.GetString("net.topology.script.file.name");
  options.hosts_file = configuration.GetString("dfs.hosts");
  options.hosts_exclude_file = configuration.GetString("dfs.hosts.exclude");
  ASSIGN_OR_RETURN(options.hosts_combined, AreHostsCombined(configuration));
  options.monitors = MonitorsOptions(configuration);
  ASSIGN_OR_RETURN(
      options.groups.overrides,
      ParseStaticGroups(configuration.GetString("hadoop.user.group.static.mapping.overrides")));
  options.proxy_users = ProxyUserRules::From(configuration.WithPrefix(ProxyUserRules::kPrefix));
  options.groups.cache_ms = configuration.GetDurationMs("hadoop.security.groups.cache.secs");
  options.log_dir =
      std::filesystem::path(configuration.GetString("cairn.log.file")).parent_path().string();
  ASSIGN_OR_RETURN(const HostPort address, GrpcAddress(configuration));
  options.grpc.host = address.host;
  options.grpc.port = address.port;
  ASSIGN_OR_RETURN(options.hadoop.rpc.listen, RpcListenAddress(configuration));
  options.hadoop.rpc.max_request_bytes =
      static_cast<size_t>(configuration.GetSize("ipc.maximum.data.length"));
  *options.hadoop.audit_context = configuration.GetBool("hadoop.caller.context.enabled");
  ASSIGN_OR_RETURN(options.http.server.listen, HttpListenAddress(configuration));
  options.http.server.static_user = configuration.GetString("hadoop.http.staticuser.user");
  options.grpc.client_threads =
      static_cast<int>(configuration.GetInt("dfs.namenode.handler.count"));
  return options;
}

}  // namespace cairn::namenode
