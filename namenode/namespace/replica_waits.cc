// Waits in the order in which they end.
#include "namenode/namespace/replica_waits.h"

#include <algorithm>
#include <iterator>

#include "common/clock.h"

namespace cairn::namenode {
namespace {

// Beyond this a wait costs more than it saves: the client tries again by itself.
constexpr size_t kMaxWaits = 4'096;

// Real time: what waits is a client.
int64_t NowMs() { return SystemClock().MonotonicMs(); }

}  // namespace

ReplicaWaits::ReplicaWaits(int64_t wait_ms, Resume resume)
    : wait_ms_(wait_ms), resume_(std::move(resume)) {
  if (wait_ms_ <= 0) return;
  thread_ = std::thread([this] {
    SetThreadName("ns-replica");
    Run();
  });
}

ReplicaWaits::~ReplicaWaits() { Stop(); }

bool ReplicaWaits::Add(BlockId block, std::shared_ptr<OpTask> task) {
  MutexLock lock(mu_);
  if (wait_ms_ <= 0 || stopping_ || waits_.size() >= kMaxWaits) return false;
  waits_.push_back({block, NowMs() + wait_ms_, std::move(task)});
  ++waiting_;
  changed_.NotifyOne();
  return true;
}

void ReplicaWaits::Wake(absl::Span<const BlockId> blocks) {
  if (waiting_.load() == 0) return;
  MutexLock lock(mu_);
  bool found = false;
  for (Wait& wait : waits_) {
    if (wait.task == nullptr || std::find(blocks.begin(), blocks.end(), wait.block) == blocks.end())
      continue;
    ready_.push_back(std::move(wait.task));
    wait.task = nullptr;
    found = true;
  }
  if (found) changed_.NotifyOne();
}

std::vector<std::shared_ptr<OpTask>> ReplicaWaits::Stop() {
  std::vector<std::shared_ptr<OpTask>> left;
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
  MutexLock lock(mu_);
  left = std::move(ready_);
  ready_.clear();
  for (Wait& wait : waits_) {
    if (wait.task != nullptr) left.push_back(std::move(wait.task));
  }
  waits_.clear();
  waiting_ = 0;
  return left;
}

void ReplicaWaits::Run() {
  while (true) {
    std::vector<std::shared_ptr<OpTask>> ready;
    {
      MutexLock lock(mu_);
      while (!stopping_ && ready_.empty()) {
        const int64_t now_ms = NowMs();
        while (!waits_.empty() &&
               (waits_.front().task == nullptr || waits_.front().until_ms <= now_ms)) {
          if (waits_.front().task != nullptr) ready_.push_back(std::move(waits_.front().task));
          waits_.pop_front();
          --waiting_;
        }
        if (!ready_.empty()) break;
        if (waits_.empty()) {
          changed_.Wait(mu_);
        } else {
          changed_.WaitFor(mu_, std::max<int64_t>(1, waits_.front().until_ms - now_ms));
        }
      }
      if (stopping_) return;
      ready = std::exchange(ready_, {});
    }
    for (std::shared_ptr<OpTask>& task : ready) resume_(std::move(task));
  }
}

}  // namespace cairn::namenode
