// The sockets of one operation, so that another thread can end it.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "common/net/socket.h"
#include "common/threads.h"

namespace cairn::datanode {

// Thread-safe.
class SocketGroup {
 public:
  // `socket` takes part until Remove; it is shut down at once when the group already was.
  void Add(TcpSocket& socket) EXCLUDES(mu_) {
    MutexLock lock(mu_);
    sockets_.push_back(&socket);
    if (shut_down_) socket.Shutdown();
  }
  void Remove(TcpSocket& socket) EXCLUDES(mu_) {
    MutexLock lock(mu_);
    std::erase(sockets_, &socket);
  }
  // Shuts down every socket in the group, now and later.
  void ShutdownAll() EXCLUDES(mu_) {
    MutexLock lock(mu_);
    shut_down_ = true;
    for (TcpSocket* socket : sockets_) socket->Shutdown();
  }
  // The operation is a client's write: EvictWriters ends it.
  void SetWriter() EXCLUDES(mu_) {
    MutexLock lock(mu_);
    writer_ = true;
  }
  bool writer() const EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return writer_;
  }
  // Has `farewell` called (with the milliseconds it may take) by SayFarewell; null: nothing. When
  // this returns, no former one runs any more.
  void SetFarewell(std::function<void(int64_t)> farewell) EXCLUDES(mu_) {
    MutexLock lock(mu_);
    farewell_ = std::move(farewell);
  }
  // Lets the operation tell its peer that this DataNode restarts.
  void SayFarewell(int64_t timeout_ms) EXCLUDES(mu_) {
    MutexLock lock(mu_);
    if (farewell_ && !shut_down_) farewell_(timeout_ms);
  }
  bool shut_down() const EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return shut_down_;
  }

 private:
  mutable Mutex mu_;
  std::vector<TcpSocket*> sockets_ GUARDED_BY(mu_);
  bool shut_down_ GUARDED_BY(mu_) = false;
  bool writer_ GUARDED_BY(mu_) = false;
  std::function<void(int64_t)> farewell_ GUARDED_BY(mu_);
};

// Membership of one socket for a scope.
class SocketGroupMember {
 public:
  // Both must outlive this.
  SocketGroupMember(SocketGroup& group, TcpSocket& socket) : group_(group), socket_(socket) {
    group_.Add(socket_);
  }
  ~SocketGroupMember() { group_.Remove(socket_); }
  SocketGroupMember(const SocketGroupMember&) = delete;
  SocketGroupMember& operator=(const SocketGroupMember&) = delete;

 private:
  SocketGroup& group_;
  TcpSocket& socket_;
};

}  // namespace cairn::datanode
