// Parsing and resolving of addresses.
#include "common/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "common/status_macros.h"

namespace cairn {
namespace {

constexpr int kMaxPort = 65'535;

absl::Status Malformed(std::string_view what, std::string_view text) {
  return absl::InvalidArgumentError(fmt::format("{} '{}' is not valid", what, text));
}

absl::StatusOr<int> ParsePort(std::string_view digits, std::string_view whole) {
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 0 || port > kMaxPort) {
    return absl::InvalidArgumentError(
        fmt::format("Port '{}' in '{}' is not a number from 0 to {}", digits, whole, kMaxPort));
  }
  return port;
}

// host, host:port, [v6], [v6]:port, :port.
absl::StatusOr<HostPort> ParseAuthority(std::string_view authority, int default_port,
                                        std::string_view whole) {
  HostPort result{.host = "", .port = default_port};
  std::string_view rest = authority;
  if (rest.starts_with('[')) {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return Malformed("Address", whole);
    result.host = std::string(rest.substr(1, close - 1));
    rest.remove_prefix(close + 1);
    if (!rest.empty() && rest.front() != ':') return Malformed("Address", whole);
  } else {
    const size_t colon = rest.find(':');
    if (colon != rest.rfind(':')) return Malformed("Address", whole);  // IPv6 needs its brackets
    result.host = std::string(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon, rest.size()));
  }
  if (!rest.empty()) {
    ASSIGN_OR_RETURN(result.port, ParsePort(rest.substr(1), whole));
  }
  if (result.host.find_first_of(" \t/@?#") != std::string::npos) {
    return Malformed("Address", whole);
  }
  return result;
}

}  // namespace

std::string HostPort::ToString() const {
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text, int default_port) {
  std::string_view authority = text;
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    authority.remove_prefix(scheme + 3);
    authority = authority.substr(0, authority.find('/'));
  }
  if (authority.empty()) return Malformed("Address", text);
  return ParseAuthority(authority, default_port, text);
}

std::string Uri::ToString() const {
  if (scheme.empty()) return path;
  if (authority.host.empty() && authority.port == 0) return fmt::format("{}://{}", scheme, path);
  std::string where = authority.ToString();
  if (authority.port == 0) where.resize(where.size() - 2);  // ":0"
  return fmt::format("{}://{}{}", scheme, where, path);
}

absl::StatusOr<Uri> ParseUri(std::string_view text) {
  Uri uri;
  std::string_view rest = text;
  const size_t colon = rest.find(':');
  const size_t slash = rest.find('/');
  if (colon != std::string_view::npos && colon > 0 && colon < slash) {
    uri.scheme = std::string(rest.substr(0, colon));
    for (const char c : uri.scheme) {
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '+' && c != '-' && c != '.') {
        return Malformed("URI", text);
      }
    }
    rest.remove_prefix(colon + 1);
  }
  if (rest.starts_with("//") && !uri.scheme.empty()) {
    rest.remove_prefix(2);
    const size_t end = std::min(rest.find('/'), rest.size());
    if (end > 0) {
      ASSIGN_OR_RETURN(uri.authority, ParseAuthority(rest.substr(0, end), 0, text));
    }
    rest.remove_prefix(end);
  }
  uri.path = std::string(rest);
  return uri;
}

SocketAddress::SocketAddress(const sockaddr* address, socklen_t length)
    : length_(std::min<socklen_t>(length, sizeof(storage_))) {
  std::memcpy(&storage_, address, length_);
}

int SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  }
  return 0;
}

std::string SocketAddress::ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, text,
                sizeof(text));
  } else if (family() == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      ::inet_ntop(AF_INET, address.s6_addr + 12, text, sizeof(text));
    } else {
      ::inet_ntop(AF_INET6, &address, text, sizeof(text));
    }
  }
  return text;
}

std::string SocketAddress::ToString() const {
  return HostPort{.host = ip(), .port = port()}.ToString();
}

absl::StatusOr<std::vector<SocketAddress>> Resolve(const HostPort& host_port) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(host_port.host.c_str(), std::to_string(host_port.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        fmt::format("Cannot resolve host '{}': {}", host_port.host, ::gai_strerror(error)));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    addresses.emplace_back(entry->ai_addr, entry->ai_addrlen);
  }
  ::freeaddrinfo(found);
  return addresses;
}

std::string LocalHostName() {
  char name[256] = "";
  if (::gethostname(name, sizeof(name) - 1) != 0) return "localhost";
  return name;
}

}  // namespace cairn
