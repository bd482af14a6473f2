// A pipelined load of Hadoop RPC calls.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/net/address.h"

namespace cairn::bench {

// What is called, how often at a time, how often in all.
struct RpcLoad {
  HostPort address;
  std::string protocol;
  std::string method;
  // The serialized message of the n-th call; calls are numbered from 0 over all connections. Asked
  // for all of them before the first call is made: while the load runs it costs as little as it
  // can.
  std::function<std::string(int64_t)> request;
  int64_t distinct = 1;  // calls whose requests differ; with `calls` at least as many
  std::string user = "bench";
  int connections = 4;
  int in_flight = 64;  // calls of each connection that wait for their reply
  // The load ends when so many calls are answered, or, with 0, when the seconds are over: then the
  // distinct ones are made again and again.
  int64_t calls = 0;
  double seconds = 5;
};

// What came out.
struct RpcLoadResult {
  int64_t calls = 0;
  int64_t failed = 0;         // answered with an exception
  std::string first_failure;  // the first of them, as its reply says
  double seconds = 0;
  double median_us = 0;  // from the write of a call to the read of its reply
  double p99_us = 0;
  double max_us = 0;
};

// Keeps all connections full on the calling thread until the load ends. kUnavailable when a
// connection fails, kDeadlineExceeded when replies stay away for ten seconds.
absl::StatusOr<RpcLoadResult> RunRpcLoad(const RpcLoad& load);

}  // namespace cairn::bench
