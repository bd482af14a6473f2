// cairn_rpc_bench [--connections N] [--in-flight N] [--seconds N] [--loops N] [--method M]
//                 [--namenode HOST:PORT --pid PID [--files N] [--user NAME]]
// A pipelined load of Hadoop RPC calls and the server's CPU per call: ClientProtocol on a running
// NameNode, or a method of a server of its own (echo, message, elsewhere).
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "bench/rpc_load.h"
#include "bench/rpc_namenode.h"
#include "common/clock.h"
#include "common/status_macros.h"
#include "ipc/server.h"
#include "proto/hadoop/ClientDatanodeProtocol.pb.h"

namespace cairn::bench {
namespace {

struct Options {
  RpcLoad load{.protocol = "bench", .method = "echo"};
  int loops = 1;
  std::optional<HostPort> namenode;
  pid_t pid = 0;
  int files = 50000;
  std::string user = "root";
};

absl::StatusOr<Options> ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (i + 1 == argc) return absl::InvalidArgumentError(flag + " needs a value");
    const std::string value = argv[i + 1];
    int number = 0;
    const bool positive = absl::SimpleAtoi(value, &number) && number > 0;
    if (flag == "--connections" && positive) {
      options.load.connections = number;
    } else if (flag == "--in-flight" && positive) {
      options.load.in_flight = number;
    } else if (flag == "--seconds" && positive) {
      options.load.seconds = number;
    } else if (flag == "--loops" && positive) {
      options.loops = number;
    } else if (flag == "--files" && positive) {
      options.files = number;
    } else if (flag == "--pid" && positive) {
      options.pid = number;
    } else if (flag == "--namenode") {
      ASSIGN_OR_RETURN(options.namenode, ParseHostPort(value, 8020));
    } else if (flag == "--user") {
      options.user = value;
    } else if (flag == "--method") {
      options.load.method = value;
    } else {
      return absl::InvalidArgumentError(
          fmt::format("{} {}: see the head of rpc_main.cc", flag, value));
    }
  }
  return options;
}

absl::StatusOr<std::unique_ptr<ipc::Server>> StartServer(int loops, Executor& executor) {
  using hadoop::hdfs::GetReplicaVisibleLengthRequestProto;
  using hadoop::hdfs::GetReplicaVisibleLengthResponseProto;
  const ipc::Handler echo = [](std::unique_ptr<ipc::Call> call) {
    call->ReplyBytes(call->request());
  };
  const auto message =
      ipc::Unary<GetReplicaVisibleLengthRequestProto, GetReplicaVisibleLengthResponseProto>(
          [](const ipc::Call&, const auto& request, auto& response) {
            response.set_length(request.block().numbytes());
            return absl::OkStatus();
          });
  ipc::ServerOptions options;
  options.listen = {"127.0.0.1", 0};
  options.event_loops = loops;
  return ipc::Server::Start(
      options,
      {{"bench",
        1,
        {{"echo", echo}, {"message", message}, {"elsewhere", ipc::OnExecutor(executor, echo)}}}},
      SystemClock());
}

// The child's part: tells its port and serves until it is killed.
[[noreturn]] void Serve(int loops, int port_pipe) {
  Executor executor("bench-handler", 1);
  const auto server = StartServer(loops, executor);
  const int port = server.ok() ? (*server)->port() : 0;
  if (::write(port_pipe, &port, sizeof(port)) != sizeof(port)) ::_exit(1);
  while (true) ::pause();
}

// A block, so that "message" has something to parse.
std::string SampleRequest() {
  hadoop::hdfs::GetReplicaVisibleLengthRequestProto request;
  auto& block = *request.mutable_block();
  block.set_poolid("BP-1339938219-127.0.0.1-1795380590243");
  block.set_blockid(1073741825);
  block.set_generationstamp(1001);
  block.set_numbytes(134217728);
  return request.SerializeAsString();
}

// On a server of its own, which is killed afterwards: then its CPU is known exactly.
absl::Status BenchOwnServer(Options options) {
  RpcLoad& load = options.load;
  int ends[2];
  if (::pipe(ends) != 0) return absl::ResourceExhaustedError("pipe");
  const pid_t child = ::fork();
  if (child == 0) Serve(options.loops, ends[1]);
  int port = 0;
  if (::read(ends[0], &port, sizeof(port)) != sizeof(port) || port == 0) {
    return absl::UnavailableError("the server did not start");
  }
  load.address = {"127.0.0.1", port};
  load.request = [request = SampleRequest()](int64_t) { return request; };
  const auto result = RunRpcLoad(load);
  rusage usage = {};
  (void)::kill(child, SIGKILL);
  (void)::wait4(child, nullptr, 0, &usage);
  const double cpu_us = 1e6 * static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                        static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  RETURN_IF_ERROR(result.status());
  fmt::print(
      "{} x {} in flight, {}: {:.0f} calls/s, server {:.2f} us CPU/call, latency us: median "
      "{:.0f}, "
      "p99 {:.0f}, max {:.0f}; {} failed\n",
      load.connections, load.in_flight, load.method,
      static_cast<double>(result->calls) / result->seconds,
      cpu_us / static_cast<double>(result->calls), result->median_us, result->p99_us,
      result->max_us, result->failed);
  return absl::OkStatus();
}

absl::Status Run(int argc, char** argv) {
  ASSIGN_OR_RETURN(Options options, ParseOptions(argc, argv));
  if (!options.namenode) return BenchOwnServer(std::move(options));
  return BenchNamenode({.address = *options.namenode,
                        .pid = options.pid,
                        .files = options.files,
                        .warmup = std::max(1, options.files / 5),
                        .seconds = options.load.seconds,
                        .user = options.user,
                        .connections = options.load.connections,
                        .in_flight = options.load.in_flight});
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  const absl::Status status = cairn::bench::Run(argc, argv);
  if (!status.ok()) fmt::print(stderr, "cairn_rpc_bench: {}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
