// Blocking TCP for the data plane: every wait has a bound, every error names the peer.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/net/address.h"

namespace cairn {

// One connected TCP socket, or UNIX domain socket (unix_socket.h). One thread may read while
// another writes; Shutdown may be called from any thread while the object lives. The descriptor is
// non-blocking underneath and is closed by the destructor. TCP_NODELAY and keepalive are on.
//
// A timeout bounds the wait for progress (some bytes), not the whole call, as Java's SO_TIMEOUT
// does; 0 waits for ever. Errors: kDeadlineExceeded a timeout, kOutOfRange the peer closed before
// the first byte of a read, kUnavailable everything else (reset, closed in the middle, shut down).
class TcpSocket {
 public:
  // Connects to the first address of `peer` that answers; `timeout_ms` bounds all attempts
  // together. Name resolution is not bounded.
  static absl::StatusOr<std::unique_ptr<TcpSocket>> Connect(const HostPort& peer,
                                                            int64_t timeout_ms);
  // Takes over a connected descriptor; `peer` is only for messages.
  static std::unique_ptr<TcpSocket> Adopt(int fd, std::string peer);

  ~TcpSocket();
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;

  // For the calls that follow; not while another thread reads or writes.
  void SetReadTimeout(int64_t ms) { read_timeout_ms_ = ms; }
  void SetWriteTimeout(int64_t ms) { write_timeout_ms_ = ms; }

  // Reads at least one and at most `n` bytes.
  absl::StatusOr<size_t> ReadSome(char* out, size_t n);
  // Reads exactly `n` bytes.
  absl::Status ReadFull(char* out, size_t n);
  // True when bytes (or the end of the stream) are there within `timeout_ms`; 0 only looks.
  absl::StatusOr<bool> WaitReadable(int64_t timeout_ms);

  // Writes all of `data`.
  absl::Status WriteFull(std::string_view data);
  // Writes all of `parts` in order with as few system calls as possible. At most IOV_MAX parts.
  absl::Status WriteV(std::span<const iovec> parts);
  // Sends `n` bytes of the open file `file_fd` from `offset` without copying them through user
  // space. kDataLoss when the file is shorter or cannot be read. The process must ignore SIGPIPE
  // (StopSignal does).
  absl::Status SendFile(int file_fd, int64_t offset, int64_t n);

  // Ends both directions: waiting and later calls of any thread return kUnavailable.
  void Shutdown();
  // Tells the peer that nothing more will be written.
  void ShutdownWrite();

  absl::Status SetBufferSizes(int receive_bytes, int send_bytes);  // 0: leave to the system

  // The other end is a process of this machine on a UNIX domain socket.
  bool is_local() const { return local_; }
  int fd() const { return fd_; }
  // Gives the descriptor away; the object is only good for destruction afterwards.
  int Release();
  // The other end as "ip:port".
  const std::string& peer() const { return peer_; }
  SocketAddress local_address() const;
  SocketAddress remote_address() const;

 private:
  TcpSocket(int fd, std::string peer);
  absl::Status Wait(short events, int64_t timeout_ms, std::string_view doing) const;
  absl::Status Failure(std::string_view doing, int error) const;

  int fd_;
  bool local_ = false;
  std::string peer_;
  int64_t read_timeout_ms_ = 0;
  int64_t write_timeout_ms_ = 0;
};

// A listening TCP socket. Thread-safe.
class TcpListener {
 public:
  // Listens on `address`; an empty host or "0.0.0.0" is every interface, "::" also IPv6. Port 0
  // takes a free one (see port()). kUnavailable names the address, e.g. when it is in use.
  static absl::StatusOr<std::unique_ptr<TcpListener>> Listen(const HostPort& address,
                                                             int backlog = 1024);
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  // Waits for a connection. kCancelled after Shutdown, kResourceExhausted when descriptors or
  // memory have run out (the caller should pause and try again).
  absl::StatusOr<std::unique_ptr<TcpSocket>> Accept();
  // Makes every current and later Accept return kCancelled.
  void Shutdown();

  int port() const { return port_; }
  int fd() const { return fd_; }

 private:
  TcpListener(int fd, int wake_fd, int port) : fd_(fd), wake_fd_(wake_fd), port_(port) {}

  const int fd_;
  const int wake_fd_;  // an eventfd, readable once shut down
  const int port_;
};

}  // namespace cairn
