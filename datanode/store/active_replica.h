// What changes while a replica is being written or recovered, shared by its writer, its readers
// and recoveries.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/threads.h"
#include "common/types/block.h"

namespace cairn::datanode {

// Progress, attached writer and running recovery of one replica. Thread-safe.
class ActiveReplica {
 public:
  struct Progress {
    int64_t bytes_on_disk = 0;
    int64_t bytes_acked = 0;
    // Stored checksum of the partial last chunk of bytes_on_disk; empty when there is none.
    std::string last_checksum;
  };

  explicit ActiveReplica(Progress progress) : progress_(std::move(progress)) {}

  Progress progress() const;
  // Data and checksums up to `bytes_on_disk` are in the files.
  void Advance(int64_t bytes_on_disk, std::string last_checksum);
  // After a cut: replaces the progress.
  void Reset(Progress progress);
  // How often it was cut: what a reader knew of its files before no longer holds.
  int64_t cuts() const;
  // Raises bytes_acked, at most to bytes_on_disk.
  void SetAcked(int64_t bytes);
  // Waits until `bytes` are acked or `timeout_ms` of real time have passed.
  void WaitAcked(int64_t bytes, int64_t timeout_ms);

  // Some of the replica was promised to survive a power cut: from then on every move of its files
  // must be durable, or names that were synced could be lost with it.
  void MarkSynced();
  bool synced() const;

  // A writer takes the replica; there must be none. `stop` may be null.
  void Attach(std::function<void()> stop);
  // The writer leaves; its stop function will not run any more.
  void Detach();
  bool attached() const;
  // A recovery wants the attached writer to leave.
  bool stop_requested() const;
  // Asks the writer to leave and waits for it; kUnavailable after `timeout_ms`.
  absl::Status StopWriter(int64_t timeout_ms);

  // The recovery that owns the replica while its state is kUnderRecovery.
  void SetRecovery(GenerationStamp recovery_id, ReplicaState original_state);
  GenerationStamp recovery_id() const;
  ReplicaState original_state() const;

 private:
  mutable Mutex mu_;
  CondVar changed_;
  Progress progress_ GUARDED_BY(mu_);
  int64_t cuts_ GUARDED_BY(mu_) = 0;
  bool synced_ GUARDED_BY(mu_) = false;
  bool attached_ GUARDED_BY(mu_) = false;
  bool stop_requested_ GUARDED_BY(mu_) = false;
  std::function<void()> stop_ GUARDED_BY(mu_);
  GenerationStamp recovery_id_ GUARDED_BY(mu_) = 0;
  ReplicaState original_state_ GUARDED_BY(mu_) = ReplicaState::kBeingWritten;
};

}  // namespace cairn::datanode
