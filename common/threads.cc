// Executor and PeriodicThread.
#include "common/threads.h"

#include <pthread.h>

#include <utility>

namespace cairn {

void SetThreadName(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

Executor::Executor(std::string name, int threads) : name_(std::move(name)) {
  threads_.reserve(threads);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Executor::~Executor() { Shutdown(); }

bool Executor::Add(absl::AnyInvocable<void()> task) {
  MutexLock lock(mu_);
  if (stopping_) return false;
  tasks_.push_back(std::move(task));
  wake_.NotifyOne();
  return true;
}

void Executor::Shutdown() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

size_t Executor::queued() const {
  MutexLock lock(mu_);
  return tasks_.size();
}

void Executor::Run() {
  SetThreadName(name_);
  while (true) {
    absl::AnyInvocable<void()> task;
    {
      MutexLock lock(mu_);
      while (tasks_.empty() && !stopping_) wake_.Wait(mu_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

PeriodicThread::PeriodicThread(std::string name, int64_t interval_ms, std::function<void()> body)
    : name_(std::move(name)), interval_ms_(interval_ms), body_(std::move(body)) {
  thread_ = std::thread([this] { Run(); });
}

PeriodicThread::~PeriodicThread() { Stop(); }

void PeriodicThread::Kick() {
  MutexLock lock(mu_);
  kicked_ = true;
  wake_.NotifyOne();
}

void PeriodicThread::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void PeriodicThread::Run() {
  SetThreadName(name_);
  while (true) {
    {
      MutexLock lock(mu_);
      const auto deadline =
          std::chrono::steady_clock::now() + std::chrono::milliseconds(interval_ms_);
      while (!stopping_ && !kicked_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        wake_.WaitFor(mu_, left.count());
      }
      if (stopping_) return;
      kicked_ = false;
    }
    body_();
  }
}

}  // namespace cairn
