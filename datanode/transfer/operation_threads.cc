// Threads on demand, with small stacks.
#include "datanode/transfer/operation_threads.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

namespace cairn::datanode {

namespace {

// Sanitizers put red zones around everything on the stack.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr size_t kStackBytes = 2 << 20;
#else
constexpr size_t kStackBytes = 256 << 10;
#endif
#else
constexpr size_t kStackBytes = 256 << 10;
#endif

// A thread without work ends after this.
constexpr int64_t kIdleMs = 10'000;

}  // namespace

OperationThreads::OperationThreads(int32_t max_operations) : max_operations_(max_operations) {}

void OperationThreads::SetMaxOperations(int32_t max_operations) {
  MutexLock lock(mu_);
  max_operations_ = max_operations;
}

OperationThreads::~OperationThreads() { Shutdown(); }

bool OperationThreads::Run(absl::AnyInvocable<void()> task) {
  return Start({.body = std::move(task), .counted = true});
}

bool OperationThreads::RunHelper(absl::AnyInvocable<void()> task) {
  return Start({.body = std::move(task), .counted = false});
}

bool OperationThreads::Start(Task task) {
  MutexLock lock(mu_);
  if (stopping_ || (task.counted && running_ >= max_operations_)) return false;
  const bool counted = task.counted;
  if (idle_ > 0) {
    --idle_;
    tasks_.push_back(std::move(task));
    work_.NotifyOne();
  } else {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    tasks_.push_back(std::move(task));
    pthread_t thread;
    const int error = pthread_create(&thread, &attributes, &OperationThreads::Entry, this);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
      tasks_.pop_back();
      spdlog::warn("cannot start a thread for a data transfer: error {}", error);
      return false;
    }
    ++threads_;
  }
  if (counted) ++running_;
  return true;
}

void* OperationThreads::Entry(void* self) {
  SetThreadName("transfer");
  static_cast<OperationThreads*>(self)->ThreadMain();
  return nullptr;
}

void OperationThreads::ThreadMain() {
  mu_.Lock();
  while (true) {
    if (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      mu_.Unlock();
      const bool counted = task.counted;
      task.body();
      task.body = nullptr;  // what it holds ends before the thread counts as free
      mu_.Lock();
      if (counted) --running_;
      ++idle_;
      continue;
    }
    if (stopping_) break;
    const bool notified = work_.WaitFor(mu_, kIdleMs);
    // Spare only while no task has been promised to a waiting thread.
    if (!notified && tasks_.empty() && idle_ > 0) break;
  }
  --idle_;
  --threads_;
  // Notified under the lock: the object may be gone as soon as Shutdown has seen zero.
  ended_.NotifyAll();
  mu_.Unlock();
}

int32_t OperationThreads::running() const {
  MutexLock lock(mu_);
  return running_;
}

void OperationThreads::Shutdown() {
  MutexLock lock(mu_);
  stopping_ = true;
  work_.NotifyAll();
  while (threads_ > 0) ended_.Wait(mu_);
}

}  // namespace cairn::datanode
