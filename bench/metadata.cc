// Metadata operations from many threads.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench.h"
#include "common/status_macros.h"
#include "common/threads.h"

namespace cairn::bench {
namespace {

using client::DfsClient;
// One operation: `index` is different for every call of a kind.
using Operation = std::function<absl::Status(DfsClient& client, int index)>;

std::string Directory(int index) { return fmt::format("/bench/d{}", index % 20); }
std::string File(int index) { return fmt::format("{}/f{}", Directory(index), index); }
std::string Renamed(int index) { return fmt::format("{}/r{}", Directory(index), index); }

absl::Status Measure(testing::Cluster& cluster, const BenchOptions& options, const char* name,
                     int count, const Operation& operation) {
  std::atomic<int> next = 0;
  Mutex mu;
  absl::Status first_error;
  const int64_t cpu_before = cluster.NamenodeCpuMs();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < options.threads; ++i) {
    threads.emplace_back([&] {
      absl::StatusOr<std::unique_ptr<DfsClient>> client = cluster.NewClient();
      absl::Status status = client.status();
      for (int index = next++; status.ok() && index < count; index = next++)
        status = operation(**client, index);
      MutexLock lock(mu);
      first_error.Update(status);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  RETURN_IF_ERROR(first_error);
  const double cpu_us = 1000.0 * static_cast<double>(cluster.NamenodeCpuMs() - cpu_before) / count;
  fmt::print("{:<22} {:>10.0f} ops/s {:>10.1f} us NameNode CPU/op\n", name, count / seconds,
             cpu_us);
  return absl::OkStatus();
}

absl::Status CreateEmpty(DfsClient& client, const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::OutputStream> out, client.Create(path));
  return out->Close();
}

}  // namespace

absl::Status BenchMetadata(testing::Cluster& cluster, const BenchOptions& options) {
  const int n = options.operations;
  const auto run = [&](const char* name, int count, const Operation& operation) {
    return Measure(cluster, options, name, count, operation);
  };
  RETURN_IF_ERROR(run("mkdirs", n, [](DfsClient& c, int i) {
    return c.Mkdirs(fmt::format("/bench/m{}/x{}", i % 20, i));
  }));
  RETURN_IF_ERROR(
      run("create + complete", n, [](DfsClient& c, int i) { return CreateEmpty(c, File(i)); }));
  RETURN_IF_ERROR(
      run("getFileInfo", n, [](DfsClient& c, int i) { return c.Stat(File(i)).status(); }));
  RETURN_IF_ERROR(run("getBlockLocations", n, [](DfsClient& c, int i) {
    return c.GetBlockLocations(File(i), 0, 1).status();
  }));
  RETURN_IF_ERROR(run("listing of 1,000", n / 100,
                      [](DfsClient& c, int i) { return c.ListPage(Directory(i), "").status(); }));
  RETURN_IF_ERROR(
      run("rename", n, [](DfsClient& c, int i) { return c.Rename2(File(i), Renamed(i), false); }));
  return run("delete", n, [](DfsClient& c, int i) { return c.Delete(Renamed(i), false).status(); });
}

}  // namespace cairn::bench
