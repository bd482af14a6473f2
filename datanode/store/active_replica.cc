// What changes while a replica is being written or recovered.
#include "datanode/store/active_replica.h"

#include <fmt/format.h>

#include <chrono>

namespace cairn::datanode {
namespace {

using SteadyTime = std::chrono::steady_clock;

int64_t MsUntil(SteadyTime::time_point deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyTime::now())
      .count();
}

}  // namespace

ActiveReplica::Progress ActiveReplica::progress() const {
  MutexLock lock(mu_);
  return progress_;
}

void ActiveReplica::Advance(int64_t bytes_on_disk, std::string last_checksum) {
  MutexLock lock(mu_);
  progress_.bytes_on_disk = bytes_on_disk;
  progress_.last_checksum = std::move(last_checksum);
}

void ActiveReplica::Reset(Progress progress) {
  MutexLock lock(mu_);
  progress_ = std::move(progress);
  ++cuts_;
  changed_.NotifyAll();
}

int64_t ActiveReplica::cuts() const {
  MutexLock lock(mu_);
  return cuts_;
}

void ActiveReplica::SetAcked(int64_t bytes) {
  MutexLock lock(mu_);
  bytes = std::min(bytes, progress_.bytes_on_disk);
  if (bytes <= progress_.bytes_acked) return;
  progress_.bytes_acked = bytes;
  changed_.NotifyAll();
}

void ActiveReplica::WaitAcked(int64_t bytes, int64_t timeout_ms) {
  const auto deadline = SteadyTime::now() + std::chrono::milliseconds(timeout_ms);
  MutexLock lock(mu_);
  while (progress_.bytes_acked < bytes) {
    const int64_t left_ms = MsUntil(deadline);
    if (left_ms <= 0) return;
    changed_.WaitFor(mu_, left_ms);
  }
}

void ActiveReplica::MarkSynced() {
  MutexLock lock(mu_);
  synced_ = true;
}

bool ActiveReplica::synced() const {
  MutexLock lock(mu_);
  return synced_;
}

void ActiveReplica::Attach(std::function<void()> stop) {
  MutexLock lock(mu_);
  attached_ = true;
  stop_requested_ = false;
  stop_ = std::move(stop);
}

void ActiveReplica::Detach() {
  MutexLock lock(mu_);
  attached_ = false;
  stop_requested_ = false;
  stop_ = nullptr;
  changed_.NotifyAll();
}

bool ActiveReplica::attached() const {
  MutexLock lock(mu_);
  return attached_;
}

bool ActiveReplica::stop_requested() const {
  MutexLock lock(mu_);
  return stop_requested_;
}

absl::Status ActiveReplica::StopWriter(int64_t timeout_ms) {
  const auto deadline = SteadyTime::now() + std::chrono::milliseconds(timeout_ms);
  MutexLock lock(mu_);
  if (attached_ && !stop_requested_) {
    stop_requested_ = true;
    // Under the lock, so that it never runs after Detach.
    if (stop_) stop_();
  }
  while (attached_) {
    const int64_t left_ms = MsUntil(deadline);
    if (left_ms <= 0) {
      return absl::UnavailableError(
          fmt::format("the writer of the replica did not stop within {} ms", timeout_ms));
    }
    changed_.WaitFor(mu_, left_ms);
  }
  return absl::OkStatus();
}

void ActiveReplica::SetRecovery(GenerationStamp recovery_id, ReplicaState original_state) {
  MutexLock lock(mu_);
  recovery_id_ = recovery_id;
  original_state_ = original_state;
}

GenerationStamp ActiveReplica::recovery_id() const {
  MutexLock lock(mu_);
  return recovery_id_;
}

ReplicaState ActiveReplica::original_state() const {
  MutexLock lock(mu_);
  return original_state_;
}

}  // namespace cairn::datanode
