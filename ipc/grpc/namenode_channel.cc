// Channel settings, and gRPC's statuses as Cairn's.
#include "ipc/grpc/namenode_channel.h"

#include <fmt/format.h>

#include <chrono>

#include "common/types/errors.h"
#include "common/types/limits.h"
#include "wire/cairn/rpc_status.h"

namespace cairn {
namespace {

// Long enough for a busy machine, short enough that an attempt which met a NameNode on its way down
// does not outlast the restart.
constexpr int kConnectTimeoutMs = 5'000;
// How long a call waits for a connection that has been lost to come up again.
constexpr int kReconnectWaitMs = 500;

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(limits::kMaxGrpcMessageBytes);
  // gRPC's own pauses between connections grow to two minutes; its users' retries decide instead.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name: how long one attempt to connect may take, handshake included.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // The name is looked up again when a connection is lost: a NameNode that was restarted may have
  // another address. gRPC would wait for half a minute between two look-ups.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1'000);
  // Clients of one process (tests, several users) must not share a broken connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A NameNode whose machine is gone is noticed without waiting for a call's deadline.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

NamenodeChannel::NamenodeChannel(const std::string& address)
    : address_(address), channel_(MakeChannel(address)) {}

void NamenodeChannel::AwaitConnection() const {
  // Connections only come up while somebody waits on the channel, and one that has failed lets no
  // call wait: without this a NameNode that is back would be missed again and again.
  if (channel_->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_TRANSIENT_FAILURE) {
    channel_->WaitForConnected(std::chrono::system_clock::now() +
                               std::chrono::milliseconds(kReconnectWaitMs));
  }
}

absl::Status NamenodeChannel::ToStatus(const grpc::Status& status) const {
  const absl::Status plain = wire::FromRpcStatus(static_cast<int>(status.error_code()),
                                                 status.error_message(), status.error_details());
  if (plain.ok() || KindOf(plain)) return plain;
  return absl::Status(plain.code(),
                      fmt::format("NameNode {}: {}", address_, std::string(plain.message())));
}

}  // namespace cairn
