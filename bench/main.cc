// cairn_bench [--threads N] [--operations N] [--megabytes N]: starts a cluster of this build on
// loopback and measures it.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "bench/bench.h"
#include "common/status_macros.h"

namespace cairn::bench {
namespace {

absl::StatusOr<BenchOptions> ParseOptions(int argc, char** argv) {
  BenchOptions options;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    int value = 0;
    if (i + 1 == argc || !absl::SimpleAtoi(argv[i + 1], &value) || value <= 0) {
      return absl::InvalidArgumentError(fmt::format("{} needs a positive number", flag));
    }
    if (flag == "--threads") {
      options.threads = value;
    } else if (flag == "--operations") {
      options.operations = value;
    } else if (flag == "--megabytes") {
      options.bytes = int64_t{value} * 1000000;
    } else {
      return absl::InvalidArgumentError(
          fmt::format("unknown option {}; --threads, --operations, --megabytes", flag));
    }
  }
  return options;
}

absl::Status Run(int argc, char** argv) {
  ASSIGN_OR_RETURN(const BenchOptions options, ParseOptions(argc, argv));
  ASSIGN_OR_RETURN(const std::unique_ptr<testing::Cluster> cluster,
                   testing::NewForkedCluster({.datanodes = 3}));
  RETURN_IF_ERROR(cluster->StartAll());
  fmt::print(
      "{} client threads, one call in flight each, over gRPC; journal synced before every reply\n",
      options.threads);
  RETURN_IF_ERROR(BenchMetadata(*cluster, options));
  return BenchThroughput(*cluster, options);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  const absl::Status status = cairn::bench::Run(argc, argv);
  if (!status.ok()) fmt::print(stderr, "cairn_bench: {}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
