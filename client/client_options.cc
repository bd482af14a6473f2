// Hadoop's keys to ClientOptions.
#include "client/client_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "common/config/configuration.h"
#include "common/net/address.h"
#include "common/status_macros.h"
#include "common/types/limits.h"

namespace cairn::client {
namespace {

constexpr int kDefaultRpcPort = 8020;
constexpr int kGrpcPortOffset = 1;

absl::Status BadValue(std::string_view key, std::string_view value, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}={}: {}", key, value, why));
}

absl::StatusOr<std::string> NamenodeAddress(const Configuration& configuration) {
  const std::string explicit_address = configuration.GetString("cairn.namenode.grpc-address");
  if (!explicit_address.empty()) {
    ASSIGN_OR_RETURN(const HostPort address,
                     ParseHostPort(explicit_address, kDefaultRpcPort + kGrpcPortOffset));
    return address.ToString();
  }
  const std::string default_fs = configuration.GetString("fs.defaultFS");
  ASSIGN_OR_RETURN(const Uri uri, ParseUri(default_fs));
  HostPort rpc = uri.authority;
  if (uri.scheme != "hdfs" || rpc.host.empty()) {
    const std::string rpc_address = configuration.GetString("dfs.namenode.rpc-address");
    if (rpc_address.empty()) {
      return BadValue("fs.defaultFS", default_fs, "names no NameNode (want hdfs://HOST:PORT)");
    }
    ASSIGN_OR_RETURN(rpc, ParseHostPort(rpc_address, kDefaultRpcPort));
  }
  if (rpc.port == 0) rpc.port = kDefaultRpcPort;
  rpc.port += kGrpcPortOffset;
  return rpc.ToString();
}

absl::StatusOr<uint16_t> ParseUmask(const std::string& text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, value, 8);
  if (error != std::errc() || parsed_to != end || value > 0777) {
    return BadValue("fs.permissions.umask-mode", text, "want an octal number up to 777");
  }
  return static_cast<uint16_t>(value);
}

absl::StatusOr<ReplaceDatanodePolicy> ReplacePolicy(const Configuration& configuration) {
  const std::string prefix = "dfs.client.block.write.replace-datanode-on-failure.";
  const std::string name = configuration.GetString(prefix + "policy");
  if (!configuration.GetBool(prefix + "enable")) return ReplaceDatanodePolicy::kNever;
  if (name == "NEVER") return ReplaceDatanodePolicy::kNever;
  if (name == "DEFAULT") return ReplaceDatanodePolicy::kDefault;
  if (name == "ALWAYS") return ReplaceDatanodePolicy::kAlways;
  return BadValue(prefix + "policy", name, "want NEVER, DEFAULT or ALWAYS");
}

void FillWriteOptions(const Configuration& configuration, ClientOptions& options) {
  const auto number = [&](std::string_view key) {
    return static_cast<int32_t>(configuration.GetInt(key));
  };
  options.replication = number("dfs.replication");
  options.block_size = configuration.GetSize("dfs.blocksize");
  options.bytes_per_checksum =
      static_cast<int32_t>(configuration.GetSize("dfs.bytes-per-checksum"));
  options.packet_size = static_cast<int32_t>(configuration.GetSize("dfs.client-write-packet-size"));
  options.max_packets_in_flight = number("dfs.client.write.max-packets-in-flight");
  const std::string block_write = "dfs.client.block.write.";
  options.block_write_retries = number(block_write + "retries");
  options.locate_following_block_retries = number(block_write + "locateFollowingBlock.retries");
  options.locate_following_block_delay_ms =
      configuration.GetDurationMs(block_write + "locateFollowingBlock.initial.delay.ms");
  options.locate_following_block_max_delay_ms =
      configuration.GetDurationMs(block_write + "locateFollowingBlock.max.delay.ms");
  options.replace_datanode_best_effort =
      configuration.GetBool(block_write + "replace-datanode-on-failure.best-effort");
  options.replace_datanode_min_replication =
      number(block_write + "replace-datanode-on-failure.min-replication");
  options.pipeline_recovery_retries = number("dfs.client.pipeline.recovery.max-retries");
  options.datanode_restart_timeout_ms =
      configuration.GetDurationMs("dfs.client.datanode-restart.timeout");
  options.slow_node_threshold = number("dfs.client.mark.slownode.as.badnode.threshold");
  options.congestion_backoff_mean_ms =
      configuration.GetDurationMs("dfs.client.congestion.backoff.mean.time");
  options.congestion_backoff_max_ms =
      configuration.GetDurationMs("dfs.client.congestion.backoff.max.time");
}

}  // namespace

absl::StatusOr<ClientOptions> MakeClientOptions(const Configuration& configuration) {
  ClientOptions options;
  ASSIGN_OR_RETURN(options.namenode_address, NamenodeAddress(configuration));
  ASSIGN_OR_RETURN(options.umask, ParseUmask(configuration.GetString("fs.permissions.umask-mode")));
  ASSIGN_OR_RETURN(options.replace_datanode_policy, ReplacePolicy(configuration));
  FillWriteOptions(configuration, options);
  options.rpc_timeout_ms = configuration.GetDurationMs("ipc.client.rpc-timeout.ms");
  options.namenode_retries =
      static_cast<int32_t>(configuration.GetInt("ipc.client.connect.max.retries"));
  options.namenode_retry_interval_ms =
      configuration.GetDurationMs("ipc.client.connect.retry.interval");
  options.lease_renewal_interval_ms =
      configuration.GetDurationMs("cairn.client.lease-renewal-interval");
  options.socket_timeout_ms = configuration.GetDurationMs("dfs.client.socket-timeout");
  options.socket_write_timeout_ms =
      configuration.GetDurationMs("dfs.datanode.socket.write.timeout");
  options.use_datanode_hostname = configuration.GetBool("dfs.client.use.datanode.hostname");
  options.socket_cache_capacity =
      static_cast<int32_t>(configuration.GetInt("dfs.client.socketcache.capacity"));
  options.socket_cache_expiry_ms = configuration.GetDurationMs("dfs.client.socketcache.expiryMsec");
  options.block_acquire_failures =
      static_cast<int32_t>(configuration.GetInt("dfs.client.max.block.acquire.failures"));
  options.read_retry_window_ms = configuration.GetDurationMs("dfs.client.retry.window.base");
  options.last_block_length_retries =
      static_cast<int32_t>(configuration.GetInt("dfs.client.retry.times.get-last-block-length"));
  options.last_block_length_interval_ms =
      configuration.GetDurationMs("dfs.client.retry.interval-ms.get-last-block-length");
  options.read_ahead_bytes = static_cast<int32_t>(configuration.GetSize("cairn.client.read-ahead"));
  options.local_host = configuration.GetString("cairn.client.local-host");
  options.network_location = configuration.GetString("cairn.client.network-location");
  RETURN_IF_ERROR(ValidateClientOptions(options));
  return options;
}

absl::Status ValidateClientOptions(const ClientOptions& options) {
  const auto check = [](bool good, std::string_view key, auto value, std::string_view want) {
    return good ? absl::OkStatus() : BadValue(key, fmt::format("{}", value), want);
  };
  const int32_t per_checksum = options.bytes_per_checksum;
  RETURN_IF_ERROR(check(
      per_checksum >= limits::kMinBytesPerChecksum && per_checksum <= limits::kMaxBytesPerChecksum,
      "dfs.bytes-per-checksum", per_checksum, "out of range"));
  RETURN_IF_ERROR(check(options.block_size > 0 && options.block_size % per_checksum == 0,
                        "dfs.blocksize", options.block_size,
                        "must be a positive multiple of dfs.bytes-per-checksum"));
  RETURN_IF_ERROR(check(options.packet_size > 0 &&
                            static_cast<size_t>(options.packet_size) <= limits::kMaxPacketBytes,
                        "dfs.client-write-packet-size", options.packet_size,
                        "must be from 1 byte to 16 MiB"));
  RETURN_IF_ERROR(check(options.max_packets_in_flight > 0, "dfs.client.write.max-packets-in-flight",
                        options.max_packets_in_flight, "must be positive"));
  RETURN_IF_ERROR(
      check(options.replication > 0, "dfs.replication", options.replication, "must be positive"));
  RETURN_IF_ERROR(check(options.socket_timeout_ms >= 0, "dfs.client.socket-timeout",
                        options.socket_timeout_ms, "must not be negative"));
  return check(options.lease_renewal_interval_ms > 0, "cairn.client.lease-renewal-interval",
               options.lease_renewal_interval_ms, "must be positive");
}

}  // namespace cairn::client
