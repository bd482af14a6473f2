// Every measured mutation works on a path of its own, so that it has its full effect.
#include "bench/rpc_namenode.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bench/rpc_load.h"
#include "common/status_macros.h"
#include "proto/hadoop/client_files.pb.h"
#include "proto/hadoop/client_tree.pb.h"

namespace cairn::bench {
namespace {

constexpr char kRoot[] = "/rpc_bench";
constexpr char kProtocol[] = "org.apache.hadoop.hdfs.protocol.ClientProtocol";
constexpr char kClientName[] = "rpc_bench";
constexpr int64_t kFilesPerDirectory = 1000;
// Names of the directories: of the paths that warm the server up, that are measured, with blocks.
constexpr std::string_view kWarm = "warm";
constexpr std::string_view kMeasured = "measured";
constexpr std::string_view kBlocks = "blocks";
constexpr uint64_t kBlockSize =
    1 << 20;  // small: DataNodes keep room for every block that is begun
constexpr uint32_t kReplication = 3;
constexpr uint32_t kCreateFlag = 1;  // CREATE alone: nothing is overwritten

// CPU of all threads of a process so far.
absl::StatusOr<double> CpuSeconds(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string stat((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // The command's name stands in parentheses and may hold anything.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) {
    return absl::NotFoundError(fmt::format("there is no process {}", pid));
  }
  constexpr size_t kUserTicks = 11;  // counted from the field after the name
  const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
  int64_t user = 0;
  int64_t system = 0;
  if (fields.size() <= kUserTicks + 1 || !absl::SimpleAtoi(fields[kUserTicks], &user) ||
      !absl::SimpleAtoi(fields[kUserTicks + 1], &system)) {
    return absl::InternalError(fmt::format("/proc/{}/stat: {}", pid, stat));
  }
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Waits until a server does nothing any more: what it does behind its replies is part of a call's
// cost, too.
absl::Status WaitUntilQuiet(pid_t pid) {
  constexpr int kLookMs = 250;
  constexpr int kQuietLooks = 10;  // longer than servers put such work off
  constexpr int kMaxLooks = 240;
  constexpr double kQuietShare = 0.05;  // of one CPU
  ASSIGN_OR_RETURN(double before, CpuSeconds(pid));
  for (int look = 0, quiet = 0; look < kMaxLooks && quiet < kQuietLooks; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
    ASSIGN_OR_RETURN(const double now, CpuSeconds(pid));
    quiet = now - before <= kQuietShare * kLookMs / 1000 ? quiet + 1 : 0;
    before = now;
  }
  return absl::OkStatus();
}

std::string Directory(std::string_view kind, int64_t n) {
  return fmt::format("{}/{}{}", kRoot, kind, n / kFilesPerDirectory);
}
std::string File(std::string_view kind, int64_t n) {
  return fmt::format("{}/file{:07}", Directory(kind, n), n);
}

std::string Mkdirs(const std::string& path) {
  hadoop::hdfs::MkdirsRequestProto request;
  request.set_src(path);
  request.mutable_masked()->set_perm(0755);
  request.set_createparent(true);
  return request.SerializeAsString();
}

std::string Create(const std::string& path) {
  hadoop::hdfs::CreateRequestProto request;
  request.set_src(path);
  request.mutable_masked()->set_perm(0644);
  request.set_clientname(kClientName);
  request.set_createflag(kCreateFlag);
  request.set_createparent(true);
  request.set_replication(kReplication);
  request.set_blocksize(kBlockSize);
  return request.SerializeAsString();
}

std::string Complete(const std::string& path) {
  hadoop::hdfs::CompleteRequestProto request;
  request.set_src(path);
  request.set_clientname(kClientName);
  return request.SerializeAsString();
}

std::string AddBlock(const std::string& path) {
  hadoop::hdfs::AddBlockRequestProto request;
  request.set_src(path);
  request.set_clientname(kClientName);
  return request.SerializeAsString();
}

std::string GetFileInfo(const std::string& path) {
  hadoop::hdfs::GetFileInfoRequestProto request;
  request.set_src(path);
  return request.SerializeAsString();
}

std::string GetBlockLocations(const std::string& path) {
  hadoop::hdfs::GetBlockLocationsRequestProto request;
  request.set_src(path);
  request.set_offset(0);
  request.set_length(10 * kBlockSize);
  return request.SerializeAsString();
}

std::string GetListing(const std::string& path) {
  hadoop::hdfs::GetListingRequestProto request;
  request.set_src(path);
  request.set_startafter("");
  request.set_needlocation(false);
  return request.SerializeAsString();
}

std::string Rename(const std::string& from, const std::string& to) {
  hadoop::hdfs::RenameRequestProto request;
  request.set_src(from);
  request.set_dst(to);
  return request.SerializeAsString();
}

std::string Delete(const std::string& path) {
  hadoop::hdfs::DeleteRequestProto request;
  request.set_src(path);
  request.set_recursive(true);
  return request.SerializeAsString();
}

// One kind of call: what it is sent for the n-th path below `kind`.
struct Phase {
  std::string_view method;
  bool mutation;
  std::function<std::string(std::string_view kind, int64_t n)> request;
};

// In the order in which they are run: each finds what the ones before it made.
std::vector<Phase> Phases() {
  return {
      {"mkdirs", true, [](auto kind, int64_t n) { return Mkdirs(File(kind, n) + ".dir"); }},
      {"create", true, [](auto kind, int64_t n) { return Create(File(kind, n)); }},
      {"complete", true, [](auto kind, int64_t n) { return Complete(File(kind, n)); }},
      {"getFileInfo", false, [](auto kind, int64_t n) { return GetFileInfo(File(kind, n)); }},
      {"getBlockLocations", false,
       [](auto, int64_t n) { return GetBlockLocations(File(kBlocks, n % kFilesPerDirectory)); }},
      {"getListing", false, [](auto, int64_t) { return GetListing(Directory(kBlocks, 0)); }},
      {"rename", true,
       [](auto kind, int64_t n) { return Rename(File(kind, n), File(kind, n) + ".renamed"); }},
      {"delete", true, [](auto kind, int64_t n) { return Delete(File(kind, n) + ".renamed"); }},
  };
}

class Run {
 public:
  explicit Run(const NamenodeBench& bench) : bench_(bench) {}

  // The directories, and a thousand files with a block each. They stay open: nobody writes them.
  absl::Status Prepare() const {
    for (const auto& [kind, files] : {std::pair{kWarm, bench_.warmup},
                                      {kMeasured, bench_.files},
                                      {kBlocks, kFilesPerDirectory}}) {
      RETURN_IF_ERROR(Calls(
          "mkdirs", 1 + (files - 1) / kFilesPerDirectory,
          [kind = kind](int64_t n) { return Mkdirs(Directory(kind, n * kFilesPerDirectory)); }));
    }
    for (const auto& [method, request] : {std::pair{"create", &Create}, {"addBlock", &AddBlock}}) {
      RETURN_IF_ERROR(Calls(method, kFilesPerDirectory,
                            [request = request](int64_t n) { return request(File(kBlocks, n)); }));
    }
    return absl::OkStatus();
  }

  absl::Status Measure(const Phase& phase) const {
    const auto of = [&](std::string_view kind, int64_t files) {
      return [&phase, kind, files](int64_t n) { return phase.request(kind, n % files); };
    };
    RETURN_IF_ERROR(Calls(phase.method, bench_.warmup, of(kWarm, bench_.warmup)));
    if (phase.mutation) RETURN_IF_ERROR(WaitUntilQuiet(bench_.pid));
    ASSIGN_OR_RETURN(const double before, CpuSeconds(bench_.pid));
    ASSIGN_OR_RETURN(
        const RpcLoadResult result,
        Load(phase.method, phase.mutation ? bench_.files : 0, of(kMeasured, bench_.files)));
    if (phase.mutation) RETURN_IF_ERROR(WaitUntilQuiet(bench_.pid));
    ASSIGN_OR_RETURN(const double after, CpuSeconds(bench_.pid));
    const auto calls = static_cast<double>(result.calls);
    fmt::print("{}\t{:.0f}\t{:.2f}\t{:.0f}\t{:.0f}\n", phase.method, calls / result.seconds,
               1e6 * (after - before) / calls, result.median_us, result.p99_us);
    std::fflush(stdout);
    return absl::OkStatus();
  }

  absl::Status Remove() const {
    return Calls("delete", 1, [](int64_t) { return Delete(kRoot); });
  }

 private:
  absl::StatusOr<RpcLoadResult> Load(std::string_view method, int64_t calls,
                                     std::function<std::string(int64_t)> request) const {
    ASSIGN_OR_RETURN(RpcLoadResult result, RunRpcLoad({.address = bench_.address,
                                                       .protocol = kProtocol,
                                                       .method = std::string(method),
                                                       .request = std::move(request),
                                                       .distinct = calls > 0 ? calls : bench_.files,
                                                       .user = bench_.user,
                                                       .connections = bench_.connections,
                                                       .in_flight = bench_.in_flight,
                                                       .calls = calls,
                                                       .seconds = bench_.seconds}));
    if (result.failed == 0) return result;
    return absl::AbortedError(fmt::format("{} of {} calls of {} failed; the first: {}",
                                          result.failed, result.calls, method,
                                          absl::CHexEscape(result.first_failure)));
  }

  absl::Status Calls(std::string_view method, int64_t calls,
                     std::function<std::string(int64_t)> request) const {
    return Load(method, calls, std::move(request)).status();
  }

  const NamenodeBench& bench_;
};

}  // namespace

absl::Status BenchNamenode(const NamenodeBench& bench) {
  const Run run(bench);
  RETURN_IF_ERROR(run.Prepare());
  for (const Phase& phase : Phases()) RETURN_IF_ERROR(run.Measure(phase));
  return run.Remove();
}

}  // namespace cairn::bench
