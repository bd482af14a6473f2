// Host, port and URI as users write them, and the numeric addresses they stand for.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn {

// A host name or numeric address (IPv6 without brackets) and a TCP port, 0 for "any" or "unset".
struct HostPort {
  std::string host;
  int port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
  // "host:port", "[::1]:port".
  std::string ToString() const;
};

// Parses "host:port", "[v6]:port", "host" and, as Hadoop does, ":port" and anything with a scheme
// ("hdfs://host:port/ignored"). A missing port is `default_port`. kInvalidArgument names the text.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text, int default_port);

// scheme://host:port/path; parts that are absent are empty, the port 0.
struct Uri {
  std::string scheme;
  HostPort authority;
  std::string path;

  friend bool operator==(const Uri&, const Uri&) = default;
  // Authority without its port when that is 0.
  std::string ToString() const;
};

// Parses "hdfs://host:port/p", "file:///p", "/p" and "hdfs:///p". A text without a scheme is a
// path. No percent-decoding, as in Hadoop's Path. kInvalidArgument names the text.
absl::StatusOr<Uri> ParseUri(std::string_view text);

// A numeric IPv4 or IPv6 address with a port, ready for the socket calls.
class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* address, socklen_t length);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  int family() const { return storage_.ss_family; }
  int port() const;
  // The address alone; an IPv4 address mapped into IPv6 is shown as IPv4.
  std::string ip() const;
  // "127.0.0.1:9866", "[::1]:9866".
  std::string ToString() const;

 private:
  sockaddr_storage storage_ = {};
  socklen_t length_ = 0;
};

// Every address of a name, in the resolver's order of preference. Blocks on DNS: never call it
// under a lock. kUnavailable names the host.
absl::StatusOr<std::vector<SocketAddress>> Resolve(const HostPort& host_port);

// The machine's own host name as the system knows it.
std::string LocalHostName();

}  // namespace cairn
