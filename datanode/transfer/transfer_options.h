// Options of the DataNode's data port.
#pragma once

#include <cstdint>
#include <string>

#include "common/net/address.h"

namespace cairn::datanode {

// Each field names its configuration key and carries HDFS's default. Times in milliseconds.
struct TransferOptions {
  HostPort listen{"0.0.0.0", 9866};       // dfs.datanode.address; port 0 takes a free one
  int32_t max_transfer_threads = 4096;    // dfs.datanode.max.transfer.threads
  int32_t max_idle_connections = 16384;   // connections that wait for an operation
  int64_t first_operation_ms = 60'000;    // a new connection's wait for its first operation
  int64_t keepalive_ms = 4'000;           // dfs.datanode.socket.reuse.keepalive
  int64_t socket_timeout_ms = 60'000;     // dfs.client.socket-timeout: reads
  int64_t write_timeout_ms = 480'000;     // dfs.datanode.socket.write.timeout
  int64_t timeout_per_node_ms = 5'000;    // added to both for every further node of a pipeline
  int64_t balance_bandwidth = 100 << 20;  // dfs.datanode.balance.bandwidthPerSec, bytes per second
  int32_t balance_max_moves = 100;        // dfs.datanode.balance.max.concurrent.moves
  bool connect_by_hostname = false;       // dfs.datanode.use.datanode.hostname
  bool sync_on_close = false;             // dfs.datanode.synconclose
  bool report_congestion = false;         // dfs.pipeline.ecn
  double congestion_ratio = 1.5;          // dfs.pipeline.congestion.ratio: load per processor
  bool report_slowness = false;           // dfs.pipeline.slownode
  // dfs.datanode.oob.timeout-ms, its first number: how long writers are told of a restart; 0: never
  int64_t restart_notice_ms = 1'500;
  // dfs.domain.socket.path, with _PORT for the port above: where local clients connect; empty: not
  // at all. Nobody else may be able to put another socket there, unless that is not checked
  // (tests).
  std::string domain_socket_path;
  bool check_domain_socket_path = true;
  std::string host_name;  // dfs.datanode.hostname, told to other DataNodes
};

}  // namespace cairn::datanode
