// Retries of NameNode calls, and the client's name.
#include "client/base/client_context.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "common/net/local_address.h"

namespace cairn::client {
namespace {

// Bounds background calls, so that a client can be destroyed while its NameNode does not answer.
constexpr int64_t kSingleAttemptTimeoutMs = 10'000;

}  // namespace

ClientEnvironment ClientEnvironment::Real() {
  ClientEnvironment environment;
  environment.clock = &SystemClock();
  environment.random = std::make_shared<Random>();
  environment.sleep = [](int64_t ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  };
  environment.is_local_address = IsLocalAddress;
  return environment;
}

ClientContext::ClientContext(ClientOptions options, std::unique_ptr<NamenodeStub> stub,
                             ClientEnvironment environment)
    : options_(std::move(options)),
      environment_(std::move(environment)),
      retry_policy_(options_.namenode_retries, options_.namenode_retry_interval_ms),
      // HDFS's form: DFSClient_<task>_<random>_<thread>.
      client_name_(fmt::format("DFSClient_NONMAPREDUCE_{}_1",
                               static_cast<int32_t>(environment_.random->Next64()))),
      stub_(std::move(stub)),
      connections_(options_, *environment_.clock),
      leases_(options_.lease_renewal_interval_ms, *environment_.clock, [this] {
        return Call(RetryMode::kSingleAttempt, [this](NamenodeStub& stub, const CallContext& call) {
          return stub.RenewLease(call, client_name_);
        });
      }) {}

ClientContext::~ClientContext() { leases_.Stop(); }

int64_t ClientContext::TimeoutMs(RetryMode mode) const {
  const int64_t timeout_ms = options_.rpc_timeout_ms;
  if (mode != RetryMode::kSingleAttempt) return timeout_ms;
  return timeout_ms == 0 ? kSingleAttemptTimeoutMs : std::min(timeout_ms, kSingleAttemptTimeoutMs);
}

bool ClientContext::PauseBeforeRetry(const absl::Status& status, RetryMode mode,
                                     const CallContext& call) const {
  if (mode == RetryMode::kSingleAttempt) return false;
  const auto pause =
      retry_policy_.NextPauseMs(status, call.attempt, mode == RetryMode::kOnOpenFile, random());
  if (!pause) return false;
  if (call.attempt == 0) {
    spdlog::info("namenode {}: {}; retrying for about {} ms", stub_->address(),
                 std::string(status.message()),
                 options_.namenode_retries * options_.namenode_retry_interval_ms);
  }
  Sleep(*pause);
  return true;
}

}  // namespace cairn::client
