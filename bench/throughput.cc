// Bytes through the pipeline and back.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>

#include "bench/bench.h"
#include "common/status_macros.h"
#include "tests/cluster/verifier.h"

namespace cairn::bench {
namespace {

constexpr size_t kPieceBytes = 4 << 20;

absl::Status Measure(testing::Cluster& cluster, const std::string& name, int64_t bytes,
                     const std::function<absl::Status()>& body) {
  const int64_t namenode_before = cluster.NamenodeCpuMs();
  const int64_t datanodes_before = cluster.DatanodesCpuMs();
  const auto begin = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(body());
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double gigabytes = static_cast<double>(bytes) / 1e9;
  fmt::print("{:<22} {:>10.0f} MB/s  {:>10.3f} s DataNode CPU/GB {:>8.3f} s NameNode CPU/GB\n",
             name, 1000 * gigabytes / seconds,
             static_cast<double>(cluster.DatanodesCpuMs() - datanodes_before) / 1000 / gigabytes,
             static_cast<double>(cluster.NamenodeCpuMs() - namenode_before) / 1000 / gigabytes);
  return absl::OkStatus();
}

}  // namespace

absl::Status BenchThroughput(testing::Cluster& cluster, const BenchOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::DfsClient> client, cluster.NewClient());
  const std::string piece = testing::PatternBytes(1, 0, kPieceBytes);
  const auto put = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        const auto out,
        client->Create("/throughput", {.overwrite = true, .replication = options.replication}));
    for (int64_t done = 0; done < options.bytes; done += kPieceBytes) {
      RETURN_IF_ERROR(out->Write(
          std::string_view(piece).substr(0, std::min<int64_t>(kPieceBytes, options.bytes - done))));
    }
    return out->Close();
  };
  const auto get = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto in, client->Open("/throughput"));
    std::string buffer(kPieceBytes, '\0');
    int64_t total = 0;
    while (true) {
      ASSIGN_OR_RETURN(const size_t n, in->Read(buffer.data(), buffer.size()));
      if (n == 0) break;
      total += static_cast<int64_t>(n);
    }
    if (total == options.bytes) return absl::OkStatus();
    return absl::DataLossError(fmt::format("{} of {} bytes came back", total, options.bytes));
  };
  RETURN_IF_ERROR(
      Measure(cluster, fmt::format("put, {} replicas", options.replication), options.bytes, put));
  return Measure(cluster, "get", options.bytes, get);
}

}  // namespace cairn::bench
