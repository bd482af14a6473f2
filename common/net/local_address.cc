// Asks the system by trying to use the address.
#include "common/net/local_address.h"

#include <sys/socket.h>
#include <unistd.h>

#include "common/net/address.h"

namespace cairn {

bool IsLocalAddress(const std::string& ip) {
  const auto addresses = Resolve({ip, 0});
  if (!addresses.ok() || addresses->empty()) return false;
  // The system binds a socket only to its own addresses.
  const SocketAddress& address = addresses->front();
  const int fd = ::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool local = ::bind(fd, address.get(), address.length()) == 0;
  ::close(fd);
  return local;
}

}  // namespace cairn
