// The measurements of `cairn_rpc_bench --namenode`: calls of ClientProtocol on a running NameNode,
// Cairn's or Apache HDFS's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/net/address.h"

namespace cairn::bench {

// What to measure with.
struct NamenodeBench {
  HostPort address;
  pid_t pid = 0;           // of the NameNode: its CPU is counted
  int64_t files = 50000;   // made, looked at, renamed and deleted; a thousand to a directory
  int64_t warmup = 10000;  // calls of each kind before the measured ones, on paths of their own
  double seconds = 5;      // of each kind of call that changes nothing
  std::string user;        // a superuser, or one who may write in the root
  int connections = 4;
  int in_flight = 64;
};

// Runs one kind of call after the other below /rpc_bench, which must not exist, and prints a line
// for each: its name, calls per second, microseconds of the server's CPU per call (of changes:
// until the server does nothing any more), median and 99th percentile of the latency in
// microseconds, separated by tabs. Fails at the first call that is answered with an exception.
// Removes what it made.
absl::Status BenchNamenode(const NamenodeBench& bench);

}  // namespace cairn::bench
