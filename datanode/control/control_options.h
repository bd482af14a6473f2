// Options of the DataNode's conversation with the NameNode.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::datanode {

// How often the NameNode hears of this DataNode; may change while it runs. Keys, defaults and units
// as below.
struct ReportPace {
  int64_t heartbeat_interval_ms = 3'000;         // dfs.heartbeat.interval
  int64_t full_report_interval_ms = 21'600'000;  // dfs.blockreport.intervalMsec
  int64_t full_report_initial_delay_ms = 0;  // dfs.blockreport.initialDelay, a random part of it
};

// Each field names its configuration key and carries HDFS's default. Times in milliseconds.
struct ControlOptions {
  std::string namenode_address;  // host:port of its gRPC port
  std::string host_name;         // dfs.datanode.hostname
  std::string ip_addr;           // empty: the address the NameNode sees
  std::string software_version;  // for logs
  ReportPace pace;
  int64_t change_interval_ms = 0;            // dfs.blockreport.incremental.intervalMsec
  int64_t call_timeout_ms = 60'000;          // of one call, full reports excepted
  int64_t full_report_timeout_ms = 600'000;  // of one full report of all storages
  int64_t min_retry_ms = 500;                // pause after a failed call; doubles up to
  int64_t max_retry_ms = 5'000;              //   this, and is jittered
  int32_t transfer_threads = 4;              // ordered copies sent at a time
};

}  // namespace cairn::datanode
