// The mutexes, condition variable and executor everyone uses: std's, with clang's thread-safety
// attributes. Why not absl::Mutex: Debian's build of it is not instrumented, so TSan reports
// correct code.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"

#undef GUARDED_BY  // protobuf's and abseil's older headers define their own
#define GUARDED_BY ABSL_GUARDED_BY
#define REQUIRES ABSL_EXCLUSIVE_LOCKS_REQUIRED
#define REQUIRES_SHARED ABSL_SHARED_LOCKS_REQUIRED
#define EXCLUDES ABSL_LOCKS_EXCLUDED

namespace cairn {

// An exclusive lock. Thread-safe.
class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mu_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

// Holds a Mutex for its scope.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_.Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mu_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

// A lock with shared and exclusive holders. Thread-safe.
class ABSL_LOCKABLE SharedMutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mu_.unlock(); }
  void LockShared() ABSL_SHARED_LOCK_FUNCTION() { mu_.lock_shared(); }
  void UnlockShared() ABSL_UNLOCK_FUNCTION() { mu_.unlock_shared(); }

 private:
  std::shared_mutex mu_;
};

// Holds a SharedMutex in shared mode for its scope.
class ABSL_SCOPED_LOCKABLE ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mu) ABSL_SHARED_LOCK_FUNCTION(mu) : mu_(mu) { mu_.LockShared(); }
  ~ReaderLock() ABSL_UNLOCK_FUNCTION() { mu_.UnlockShared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mu_;
};

// Holds a SharedMutex in exclusive mode for its scope.
class ABSL_SCOPED_LOCKABLE WriterLock {
 public:
  explicit WriterLock(SharedMutex& mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_.Lock(); }
  ~WriterLock() ABSL_UNLOCK_FUNCTION() { mu_.Unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mu_;
};

// A condition variable for Mutex. Thread-safe. Waits may wake spuriously: wait in a loop.
class CondVar {
 public:
  void Wait(Mutex& mu) REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }
  // Returns false when `timeout_ms` passed without a notification.
  bool WaitFor(Mutex& mu, int64_t timeout_ms) REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
    const auto result = cv_.wait_for(lock, std::chrono::milliseconds(timeout_ms));
    lock.release();
    return result == std::cv_status::no_timeout;
  }
  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

// Names the calling thread for debuggers and `top -H`; at most 15 bytes are kept.
void SetThreadName(const std::string& name);

// A fixed number of threads that run tasks in the order they were added. Thread-safe.
class Executor {
 public:
  Executor(std::string name, int threads);
  // Runs every task already added, then joins the threads.
  ~Executor();
  // Queues `task`; after Shutdown has begun the task is dropped and false returned.
  bool Add(absl::AnyInvocable<void()> task);
  // Runs what is queued and joins; later calls do nothing. Must not be called from a task.
  void Shutdown();
  // Tasks queued and not yet begun.
  size_t queued() const;

 private:
  void Run();

  const std::string name_;
  mutable Mutex mu_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void()>> tasks_ GUARDED_BY(mu_);
  bool stopping_ GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

// One thread that calls `body` every `interval_ms` of real time, and at once when Kick() is called;
// for monitors and heartbeats. Thread-safe.
class PeriodicThread {
 public:
  PeriodicThread(std::string name, int64_t interval_ms, std::function<void()> body);
  // Stops after the current call of the body.
  ~PeriodicThread();
  void Kick();
  void Stop();

 private:
  void Run();

  const std::string name_;
  const int64_t interval_ms_;
  const std::function<void()> body_;
  Mutex mu_;
  CondVar wake_;
  bool kicked_ GUARDED_BY(mu_) = false;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace cairn
