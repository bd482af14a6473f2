// The applier's thread.
#include "namenode/meta/applier.h"

#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

// Journal bytes in one RocksDB write. The memory that it takes is kept for the next one.
constexpr size_t kMaxApplicationBytes = 16 << 20;

}  // namespace

Applier::Applier(Options options, std::shared_ptr<RocksTables> tables,
                 std::function<void(const absl::Status&)> on_failure)
    : options_(options),
      tables_(std::move(tables)),
      on_failure_(std::move(on_failure)),
      applied_(options.applied),
      snapshot_(tables_->TakeSnapshot(options.applied)),
      thread_([this] { Run(); }) {}

Applier::~Applier() { Stop(true); }

void Applier::Add(Batch batch) {
  MutexLock lock(mu_);
  unapplied_bytes_ += static_cast<int64_t>(batch.record.size());
  const bool first = queue_.empty();
  queue_.push_back(std::move(batch));
  if (first || DueLocked()) work_.NotifyOne();
}

std::shared_ptr<const MetaSnapshot> Applier::Snapshot() const {
  MutexLock lock(mu_);
  return snapshot_;
}

absl::Status Applier::WaitApplied(Txid txid) {
  MutexLock lock(mu_);
  if (txid > wanted_) wanted_ = txid;
  work_.NotifyOne();
  while (applied_ < txid && aborted_.ok()) progress_.Wait(mu_);
  return applied_ >= txid ? absl::OkStatus() : aborted_;
}

void Applier::WaitForRoom() {
  MutexLock lock(mu_);
  while (unapplied_bytes_ > options_.max_unapplied_bytes && aborted_.ok()) progress_.Wait(mu_);
}

bool Applier::HasRoom() const {
  if (unapplied_bytes_ <= options_.max_unapplied_bytes) return true;
  MutexLock lock(mu_);
  return unapplied_bytes_ <= options_.max_unapplied_bytes || !aborted_.ok();
}

void Applier::SetListener(std::function<void(Txid)> listener) {
  MutexLock lock(mu_);
  listener_ = std::move(listener);
}

absl::Status Applier::Call(absl::AnyInvocable<absl::Status(Txid)> task) {
  absl::Status result;
  bool done = false;
  MutexLock lock(mu_);
  if (ended_) return EndedLocked();
  // What the task refers to stays valid: this waits until it has run, or the thread has ended.
  tasks_.push_back([&] {
    const absl::Status status = task(applied());
    MutexLock inner(mu_);
    result = status;
    done = true;
    progress_.NotifyAll();
  });
  work_.NotifyOne();
  while (!done && !ended_) progress_.Wait(mu_);
  return done ? result : EndedLocked();
}

absl::Status Applier::EndedLocked() const {
  return aborted_.ok() ? absl::CancelledError("the metadata store was closed") : aborted_;
}

void Applier::Abort(const absl::Status& why) {
  MutexLock lock(mu_);
  if (aborted_.ok()) aborted_ = why;
  work_.NotifyAll();
  progress_.NotifyAll();
}

void Applier::Stop(bool drain) {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mu_);
    if (!drain && aborted_.ok()) aborted_ = EndedLocked();
    progress_.NotifyAll();
    stopping_ = true;
    work_.NotifyAll();
  }
  thread_.join();
}

bool Applier::DueLocked() const {
  return stopping_ || wanted_ > applied_ || unapplied_bytes_ >= options_.max_unapplied_bytes / 4;
}

bool Applier::WaitForWork() {
  bool waited = false;
  while (aborted_.ok() && tasks_.empty()) {
    if (queue_.empty()) {
      if (stopping_) return false;
      work_.Wait(mu_);
      waited = false;
      continue;
    }
    if (waited || DueLocked()) return true;
    waited = !work_.WaitFor(mu_, options_.interval_ms);
  }
  return aborted_.ok();
}

void Applier::Run() {
  SetThreadName("applier");
  Work();
  MutexLock lock(mu_);
  ended_ = true;
  progress_.NotifyAll();
}

void Applier::Work() {
  while (true) {
    std::vector<Batch> batches;
    absl::AnyInvocable<void()> task;
    {
      MutexLock lock(mu_);
      if (!WaitForWork()) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      } else {
        for (size_t bytes = 0; !queue_.empty() && bytes < kMaxApplicationBytes;) {
          bytes += queue_.front().record.size();
          batches.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
    }
    if (task) {
      task();
      continue;
    }
    if (const absl::Status status = Apply(batches); !status.ok()) {
      Abort(status);
      on_failure_(status);
      return;
    }
  }
}

absl::Status Applier::Apply(const std::vector<Batch>& batches) {
  size_t bytes = 0;
  changes_.Clear();
  for (const Batch& batch : batches) {
    bytes += batch.record.size();
    RETURN_IF_ERROR(changes_.Add(batch.payload(), batch.first, batch.last));
  }
  const Txid txid = changes_.last_txid();
  RETURN_IF_ERROR(tables_->Apply(changes_.Sorted(), txid));
  std::shared_ptr<const MetaSnapshot> snapshot = tables_->TakeSnapshot(txid);
  std::function<void(Txid)> listener;
  {
    MutexLock lock(mu_);
    applied_ = txid;
    unapplied_bytes_ -= static_cast<int64_t>(bytes);
    snapshot_.swap(snapshot);  // the old one is released outside the lock
    listener = listener_;
    progress_.NotifyAll();
  }
  if (listener) listener(txid);
  return absl::OkStatus();
}

}  // namespace cairn::namenode
