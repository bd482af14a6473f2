// UNIX domain sockets: connections to processes of this machine, which can pass open files.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/net/socket.h"

namespace cairn {

// An open file, closed with the object. Movable only.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();

  int get() const { return fd_; }
  // Gives the descriptor away.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Whether only this process's user and root decide what is found at `path`, an absolute path: no
// directory above it may be writable by others, or by a group that is not root's, or belong to
// another user (Hadoop: DomainSocket.validateSocketPathSecurity). The first `trusted` components
// are not looked at. kFailedPrecondition names the one to blame, in HDFS's words.
absl::Status CheckSocketPath(const std::string& path, int trusted = 0);

// Connects to the socket at `path`. kUnavailable when nobody listens there.
absl::StatusOr<std::unique_ptr<TcpSocket>> ConnectUnix(const std::string& path);

// Sends `byte` and with it the open files, of which the receiver gets descriptors of its own.
// Errors as TcpSocket's; waits at most `timeout_ms`.
absl::Status SendFiles(TcpSocket& socket, char byte, std::span<const int> fds, int64_t timeout_ms);

// What SendFiles sent.
struct ReceivedFiles {
  char byte = 0;
  std::vector<OwnedFd> files;
};
// Receives at most `most` files with one byte. The socket must not have been read ahead of it.
absl::StatusOr<ReceivedFiles> ReceiveFiles(TcpSocket& socket, size_t most, int64_t timeout_ms);

// A listening socket in the file system. Thread-safe.
class UnixListener {
 public:
  // Listens at `path`, which every user may connect to; a socket left there by a process that ended
  // is replaced. kUnavailable names the path.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Listen(const std::string& path);
  // Removes the socket.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // As TcpListener::Accept.
  absl::StatusOr<std::unique_ptr<TcpSocket>> Accept();
  void Shutdown();
  const std::string& path() const { return path_; }

 private:
  UnixListener(int fd, int wake_fd, std::string path)
      : fd_(fd), wake_fd_(wake_fd), path_(std::move(path)) {}

  const OwnedFd fd_;
  const OwnedFd wake_fd_;  // an eventfd, readable once shut down
  const std::string path_;
};

}  // namespace cairn
