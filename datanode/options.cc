// Hadoop's keys to DatanodeOptions.
#include "datanode/options.h"

#include <arpa/inet.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/net/address.h"
#include "common/status_macros.h"
#include "common/users/current_user.h"

namespace cairn::datanode {

namespace {

constexpr int kDefaultRpcPort = 8020;
constexpr int kGrpcPortOffset = 1;
constexpr int kDefaultTransferPort = 9866;
constexpr int kDefaultIpcPort = 9867;
constexpr int64_t kDefaultScanPeriodMs = 504LL * 3600 * 1000;
constexpr char kSoftwareVersion[] = "cairn-0.1.0";

// The prefixes of dfs.datanode.data.dir.
constexpr std::array<std::pair<std::string_view, StorageType>, 6> kStorageTypes = {{
    {"[DISK]", StorageType::kDisk},
    {"[SSD]", StorageType::kSsd},
    {"[ARCHIVE]", StorageType::kArchive},
    {"[RAM_DISK]", StorageType::kRamDisk},
    {"[PROVIDED]", StorageType::kProvided},
    {"[NVDIMM]", StorageType::kNvdimm},
}};

absl::StatusOr<StorageType> TypeOfDirectory(std::string_view entry) {
  if (!entry.starts_with('[')) return StorageType::kDisk;
  for (const auto& [prefix, type] : kStorageTypes) {
    if (entry.starts_with(prefix)) return type;
  }
  return absl::InvalidArgumentError(
      fmt::format("dfs.datanode.data.dir: unknown storage type in {}", entry));
}

absl::Status FillStore(const Configuration& configuration, StoreOptions& options) {
  const std::vector<std::string> entries = configuration.GetList("dfs.datanode.data.dir");
  const std::vector<std::string> paths = configuration.GetPathList("dfs.datanode.data.dir");
  if (paths.empty() || paths.size() != entries.size()) {
    return absl::InvalidArgumentError("dfs.datanode.data.dir names no directory");
  }
  for (size_t i = 0; i < paths.size(); ++i) {
    ASSIGN_OR_RETURN(const StorageType type, TypeOfDirectory(entries[i]));
    options.volumes.push_back({paths[i], type});
  }
  options.reserved_bytes = configuration.GetSize("dfs.datanode.du.reserved");
  const int64_t tolerated = configuration.GetInt("dfs.datanode.failed.volumes.tolerated");
  if (tolerated >= static_cast<int64_t>(paths.size())) {
    // As HDFS does: who tolerates the failure of every volume means -1.
    return absl::InvalidArgumentError(
        fmt::format("Invalid value configured for dfs.datanode.failed.volumes.tolerated - {}. "
                    "Value configured is either less than -1 or >= to the number of configured "
                    "volumes ({}).",
                    tolerated, paths.size()));
  }
  options.failed_volumes_tolerated = static_cast<int32_t>(tolerated);
  options.stop_writer_timeout_ms =
      configuration.GetDurationMs("dfs.datanode.xceiver.stop.timeout.millis");
  const int64_t scan_period = configuration.GetDurationMs("dfs.datanode.scan.period.hours");
  options.scan_period_ms = scan_period == 0 ? kDefaultScanPeriodMs : scan_period;
  options.scan_bytes_per_second =
      configuration.GetSize("dfs.block.scanner.volume.bytes.per.second");
  options.directory_scan_interval_ms =
      configuration.GetDurationMs("dfs.datanode.directoryscan.interval");
  return absl::OkStatus();
}

absl::Status FillTransfer(const Configuration& configuration, TransferOptions& options) {
  ASSIGN_OR_RETURN(options.listen, ParseHostPort(configuration.GetString("dfs.datanode.address"),
                                                 kDefaultTransferPort));
  options.max_transfer_threads =
      static_cast<int32_t>(configuration.GetInt("dfs.datanode.max.transfer.threads"));
  options.keepalive_ms = configuration.GetDurationMs("dfs.datanode.socket.reuse.keepalive");
  options.socket_timeout_ms = configuration.GetDurationMs("dfs.client.socket-timeout");
  options.write_timeout_ms = configuration.GetDurationMs("dfs.datanode.socket.write.timeout");
  options.balance_bandwidth = configuration.GetSize("dfs.datanode.balance.bandwidthPerSec");
  options.balance_max_moves =
      static_cast<int32_t>(configuration.GetInt("dfs.datanode.balance.max.concurrent.moves"));
  options.connect_by_hostname = configuration.GetBool("dfs.datanode.use.datanode.hostname");
  options.sync_on_close = configuration.GetBool("dfs.datanode.synconclose");
  options.report_congestion = configuration.GetBool("dfs.pipeline.ecn");
  options.congestion_ratio = configuration.GetDouble("dfs.pipeline.congestion.ratio");
  options.report_slowness = configuration.GetBool("dfs.pipeline.slownode");
  const std::vector<std::string> notices = configuration.GetList("dfs.datanode.oob.timeout-ms");
  if (notices.empty() || !absl::SimpleAtoi(notices[0], &options.restart_notice_ms) ||
      options.restart_notice_ms < 0) {
    return absl::InvalidArgumentError("dfs.datanode.oob.timeout-ms wants numbers, as 1500,0,0,0");
  }
  const bool short_circuit = configuration.GetBool("dfs.client.read.shortcircuit");
  const std::string socket_path = configuration.GetString("dfs.domain.socket.path");
  if (short_circuit && socket_path.empty()) {
    return absl::InvalidArgumentError(
        "The short-circuit local reads feature is enabled but dfs.domain.socket.path is not set.");
  }
  if (short_circuit || configuration.GetBool("dfs.client.domain.socket.data.traffic")) {
    options.domain_socket_path = socket_path;
  }
  options.host_name = configuration.GetString("dfs.datanode.hostname");
  if (options.host_name.empty()) options.host_name = LocalHostName();
  return absl::OkStatus();
}

absl::Status FillIpc(const Configuration& configuration, IpcOptions& options) {
  ipc::ServerOptions& server = options.server;
  ASSIGN_OR_RETURN(server.listen, ParseHostPort(configuration.GetString("dfs.datanode.ipc.address"),
                                                kDefaultIpcPort));
  server.max_request_bytes = static_cast<size_t>(configuration.GetSize("ipc.maximum.data.length"));
  server.max_connections = static_cast<int32_t>(configuration.GetInt("ipc.server.max.connections"));
  server.idle_threshold = static_cast<int32_t>(configuration.GetInt("ipc.client.idlethreshold"));
  server.max_idle_ms = 2 * configuration.GetDurationMs("ipc.client.connection.maxidletime");
  options.handler_threads =
      static_cast<int32_t>(configuration.GetInt("dfs.datanode.handler.count"));
  options.software_version = kSoftwareVersion;
  ASSIGN_OR_RETURN(options.owner, SystemUserName());
  options.supergroup = configuration.GetString("dfs.permissions.superusergroup");
  options.permissions_enabled = configuration.GetBool("dfs.permissions.enabled");
  options.groups.cache_ms = configuration.GetDurationMs("hadoop.security.groups.cache.secs");
  ASSIGN_OR_RETURN(
      options.groups.overrides,
      ParseStaticGroups(configuration.GetString("hadoop.user.group.static.mapping.overrides")));
  return absl::OkStatus();
}

absl::StatusOr<std::string> NamenodeAddress(const Configuration& configuration) {
  const std::string explicit_address = configuration.GetString("cairn.namenode.grpc-address");
  if (!explicit_address.empty()) {
    ASSIGN_OR_RETURN(const HostPort address,
                     ParseHostPort(explicit_address, kDefaultRpcPort + kGrpcPortOffset));
    return address.ToString();
  }
  std::string rpc_address = configuration.GetString("dfs.namenode.rpc-address");
  if (rpc_address.empty()) {
    const std::string default_fs = configuration.GetString("fs.defaultFS");
    ASSIGN_OR_RETURN(const Uri uri, ParseUri(default_fs));
    if (uri.scheme != "hdfs" || uri.authority.host.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("fs.defaultFS={} names no NameNode (want hdfs://HOST:PORT)", default_fs));
    }
    rpc_address = uri.authority.ToString();
  }
  ASSIGN_OR_RETURN(HostPort rpc, ParseHostPort(rpc_address, kDefaultRpcPort));
  if (rpc.port == 0) rpc.port = kDefaultRpcPort;
  rpc.port += kGrpcPortOffset;
  return rpc.ToString();
}

// The address to register with: the one that is listened on, unless that is a name or every
// interface; then the NameNode takes the address it sees.
std::string AddressToRegister(const std::string& listen_host) {
  in_addr v4;
  in6_addr v6;
  const bool numeric = ::inet_pton(AF_INET, listen_host.c_str(), &v4) == 1 ||
                       ::inet_pton(AF_INET6, listen_host.c_str(), &v6) == 1;
  return numeric && listen_host != "0.0.0.0" && listen_host != "::" ? listen_host : "";
}

}  // namespace

absl::StatusOr<DatanodeOptions> DatanodeOptions::From(const Configuration& configuration) {
  DatanodeOptions options;
  options.source = std::make_shared<const Configuration>(configuration);
  RETURN_IF_ERROR(FillStore(configuration, options.store));
  RETURN_IF_ERROR(FillTransfer(configuration, options.transfer));
  RETURN_IF_ERROR(FillIpc(configuration, options.ipc));
  options.recovery = {.user = options.ipc.owner,
                      .connect_by_hostname = options.transfer.connect_by_hostname,
                      .call_timeout_ms = options.transfer.socket_timeout_ms};
  ControlOptions& control = options.control;
  ASSIGN_OR_RETURN(control.namenode_address, NamenodeAddress(configuration));
  control.host_name = options.transfer.host_name;
  control.ip_addr = AddressToRegister(options.transfer.listen.host);
  control.software_version = kSoftwareVersion;
  control.pace.heartbeat_interval_ms = configuration.GetDurationMs("dfs.heartbeat.interval");
  control.pace.full_report_interval_ms =
      configuration.GetDurationMs("dfs.blockreport.intervalMsec");
  control.pace.full_report_initial_delay_ms =
      configuration.GetDurationMs("dfs.blockreport.initialDelay");
  options.restart_expiry_ms =
      configuration.GetDurationMs("dfs.datanode.restart.replica.expiration");
  control.change_interval_ms =
      configuration.GetDurationMs("dfs.blockreport.incremental.intervalMsec");
  return options;
}

}  // namespace cairn::datanode
