// How a client behaves: one struct, filled from Hadoop's keys by MakeClientOptions, or by hand.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn {
class Configuration;
}

namespace cairn::client {

// When a DataNode lost from a write pipeline is replaced by another one
// (dfs.client.block.write.replace-datanode-on-failure.policy).
enum class ReplaceDatanodePolicy {
  kNever,
  kDefault,  // replication >= 3 and (at most half of it left, or the file was appended or hflushed)
  kAlways
};

// Defaults are HDFS's. Times in milliseconds, sizes in bytes.
struct ClientOptions {
  // "host:port" of the NameNode's gRPC service (cairn.namenode.grpc-address; by default the host of
  // fs.defaultFS and its RPC port + 1). No default.
  std::string namenode_address;
  // Who calls (HADOOP_USER_NAME, else the process's user). Empty: the process's user.
  std::string user;
  // Cleared from the modes of new files and directories (fs.permissions.umask-mode).
  uint16_t umask = 022;

  // --- New files.
  // Copies of each block (dfs.replication).
  int32_t replication = 3;
  // A multiple of bytes_per_checksum (dfs.blocksize). Larger: fewer calls to the NameNode, coarser
  // parallelism for jobs.
  int64_t block_size = 128 << 20;
  // Data bytes covered by one CRC32C (dfs.bytes-per-checksum). Smaller: more checksum bytes (0.8 %
  // at 512), less read around a small positional read.
  int32_t bytes_per_checksum = 512;
  // Bytes of a packet on the wire, header and checksums included (dfs.client-write-packet-size).
  // Larger: fewer packets, more latency until the first is acknowledged.
  int32_t packet_size = 65536;
  // Packets sent or queued but not yet acknowledged, per stream
  // (dfs.client.write.max-packets-in-flight). Costs packet_size of memory each.
  int32_t max_packets_in_flight = 80;

  // --- Calls to the NameNode.
  // Longest one attempt of a call may take (ipc.client.rpc-timeout.ms; 120000 in HDFS too).
  int64_t rpc_timeout_ms = 120000;
  // Attempts after the first when the NameNode cannot be reached or asks to retry, and the mean
  // pause between them, jittered by half (ipc.client.connect.max.retries,
  // ipc.client.connect.retry.interval). Their product is the restart a client sits out.
  int32_t namenode_retries = 10;
  int64_t namenode_retry_interval_ms = 1000;
  // How often leases are renewed while files are open for writing; HDFS's value is half its soft
  // limit (not configurable there; cairn.client.lease-renewal-interval).
  int64_t lease_renewal_interval_ms = 30000;

  // --- Connections to DataNodes.
  // Longest wait for bytes from a DataNode (dfs.client.socket-timeout). Half of it without a packet
  // sends a heartbeat packet.
  int64_t socket_timeout_ms = 60000;
  // Longest wait for a DataNode to take bytes (dfs.datanode.socket.write.timeout).
  int64_t socket_write_timeout_ms = 480000;
  // What every node of a pipeline adds to both (not configurable in HDFS). A node waits a step less
  // for the one behind it than its own peer waits for it, so that the silent one is blamed.
  int64_t timeout_per_node_ms = 5000;
  // Connect to host names as DataNodes registered them, not to IPs
  // (dfs.client.use.datanode.hostname).
  bool use_datanode_hostname = false;
  // Idle connections kept for the next read, and for how long (dfs.client.socketcache.capacity,
  // dfs.client.socketcache.expiryMsec). The latter must stay below the DataNode's 4000 ms.
  int32_t socket_cache_capacity = 16;
  int64_t socket_cache_expiry_ms = 3000;

  // --- Writing.
  // New pipelines tried for one block after the first fails (dfs.client.block.write.retries).
  int32_t block_write_retries = 3;
  // addBlock and complete are tried again while the previous block lacks replicas
  // (dfs.client.block.write.locateFollowingBlock.retries, ….initial.delay.ms doubling up to
  // ….max.delay.ms).
  int32_t locate_following_block_retries = 5;
  int64_t locate_following_block_delay_ms = 400;
  int64_t locate_following_block_max_delay_ms = 60000;
  // Recoveries while the same packet stays unacknowledged
  // (dfs.client.pipeline.recovery.max-retries).
  int32_t pipeline_recovery_retries = 5;
  // Lost pipeline nodes (dfs.client.block.write.replace-datanode-on-failure.{enable,policy} and
  // best-effort: true = go on with fewer nodes when no replacement is found).
  ReplaceDatanodePolicy replace_datanode_policy = ReplaceDatanodePolicy::kDefault;
  bool replace_datanode_best_effort = false;
  // The same with at least so many nodes left, and a new block's set-up goes on with them (….
  // min-replication); 0: never.
  int32_t replace_datanode_min_replication = 0;
  // How long a DataNode that announced its restart is waited for, when it is on this machine or the
  // pipeline's only one; others are replaced (dfs.client.datanode-restart.timeout).
  int64_t datanode_restart_timeout_ms = 30000;
  // Acknowledgements in a row in which a node calls itself slow before it is dropped as if it had
  // failed (dfs.client.mark.slownode.as.badnode.threshold).
  int32_t slow_node_threshold = 10;
  // Pauses before the next packet while DataNodes call themselves congested: about the mean at
  // first, growing up to the longest (dfs.client.congestion.backoff.{mean,max}.time).
  int64_t congestion_backoff_mean_ms = 5000;
  int64_t congestion_backoff_max_ms = 50000;

  // --- Reading.
  // Rounds of asking for new locations after every replica of a block failed
  // (dfs.client.max.block.acquire.failures), with a pause of about 3 s, growing
  // (dfs.client.retry.window.base).
  int32_t block_acquire_failures = 3;
  int64_t read_retry_window_ms = 3000;
  // Rounds of asking the DataNodes of a file's unfinished last block for its length after the
  // first, and the pause before each (dfs.client.retry.{times,interval-ms}.get-last-block-length).
  int32_t last_block_length_retries = 3;
  int64_t last_block_length_interval_ms = 4000;
  // How far a sequential reader lets a DataNode send ahead: size of the socket's receive buffer
  // (cairn.client.read-ahead). 0 leaves it to the operating system, whose own tuning (up to 6 MB on
  // Linux) beats any value above net.core.rmem_max, to which this is cut.
  int32_t read_ahead_bytes = 0;

  // --- Where this client is, to prefer near replicas. The NameNode already sorts replicas by
  // distance; these override it. Host name or IP (cairn.client.local-host) and rack
  // (cairn.client.network-location) as DataNodes report them; empty: not known.
  std::string local_host;
  std::string network_location;
};

// The options a configuration asks for. The NameNode's address is cairn.namenode.grpc-address, or
// the host of fs.defaultFS (hdfs://HOST:PORT, port 8020 when absent) and the port after its RPC
// port; with a file: fs.defaultFS, dfs.namenode.rpc-address takes its place. kInvalidArgument names
// the key. For main functions.
absl::StatusOr<ClientOptions> MakeClientOptions(const Configuration& configuration);

// kInvalidArgument names an option that is out of range. The address may be empty.
absl::Status ValidateClientOptions(const ClientOptions& options);

}  // namespace cairn::client
