// A pipelined load of Hadoop RPC calls.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/net/address.h"

namespace cairn::bench {

// What is called, how often at a time, for how long.
struct RpcLoad {
  HostPort address;
  std::string protocol;
  std::string method;
  std::string request;  // the serialized message, the same in every call
  std::string user = "bench";
  int connections = 4;
  int in_flight = 64;  // calls of each connection that wait for their reply
  double seconds = 5;
};

// What came out.
struct RpcLoadResult {
  int64_t calls = 0;
  int64_t failed = 0;  // answered with an exception
  double seconds = 0;
  double median_us = 0;  // from the write of a call to the read of its reply
  double p99_us = 0;
  double max_us = 0;
};

// Keeps all connections full on the calling thread until the time is over. kUnavailable when a
// connection fails.
absl::StatusOr<RpcLoadResult> RunRpcLoad(const RpcLoad& load);

}  // namespace cairn::bench
