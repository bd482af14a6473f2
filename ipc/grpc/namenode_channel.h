// The gRPC connection of a client or a DataNode to the NameNode.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace cairn {

// Connects by itself when it is used. Thread-safe.
class NamenodeChannel {
 public:
  // `address`: host:port; the host is looked up again whenever a connection is lost.
  explicit NamenodeChannel(const std::string& address);

  const std::string& address() const { return address_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // To be called before each call: gives a connection that was lost a moment to come up again.
  void AwaitConnection() const;
  // The status as common/types/errors.h has it; one without a kind names the address.
  absl::Status ToStatus(const grpc::Status& status) const;

 private:
  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace cairn
