// The committer's thread and the open batch.
#include "namenode/meta/committer.h"

#include "common/status_macros.h"

namespace cairn::namenode {

Committer::Committer(Options options, Journal& journal, std::function<void(Batch)> on_durable,
                     std::function<void(const absl::Status&)> on_failure)
    : options_(options),
      journal_(journal),
      on_durable_(std::move(on_durable)),
      on_failure_(std::move(on_failure)),
      last_appended_(options.last_txid),
      durable_(options.last_txid),
      thread_([this] { Run(); }) {}

Committer::~Committer() { Stop(true); }

Txid Committer::Append(const std::vector<RowChange>& changes) {
  MutexLock lock(mu_);
  const Txid txid = ++last_appended_;
  if (open_.empty() || open_.back().record.size() >= kTargetBatchBytes) {
    open_.emplace_back().first = txid;
  }
  if (!due_ && (holds_ == 0 || open_.size() > 1)) {
    due_ = true;
    work_.NotifyOne();
  }
  Batch& batch = open_.back();
  batch.last = txid;
  const size_t before = batch.record.size();
  AppendTransaction(changes, batch.record);
  unsynced_bytes_ += static_cast<int64_t>(batch.record.size() - before);
  return txid;
}

void Committer::Release() {
  --holds_;
  {
    MutexLock lock(mu_);
    if (due_ || open_.empty()) return;
    due_ = true;
  }
  work_.NotifyOne();
}

void Committer::WhenDurable(Txid txid, absl::AnyInvocable<void()> done) {
  {
    MutexLock lock(mu_);
    if (txid > durable_) {
      // Nearly always at the end.
      auto at = waiting_.end();
      while (at != waiting_.begin() && std::prev(at)->first > txid) --at;
      waiting_.emplace(at, txid, std::move(done));
      return;
    }
  }
  done();
}

void Committer::Roll(RollDone done) { AddRoll({.readmit = "", .done = std::move(done)}); }

void Committer::Readmit(std::string dir, RollDone done) {
  AddRoll({.readmit = std::move(dir), .done = std::move(done)});
}

void Committer::AddRoll(WaitingRoll roll) {
  {
    MutexLock lock(mu_);
    if (!aborted_ && !stopping_) {
      rolls_.push_back(std::move(roll));
      work_.NotifyOne();
      return;
    }
  }
  roll.done(absl::CancelledError("the journal is closing"));
}

void Committer::WaitForRoom() {
  MutexLock lock(mu_);
  while (unsynced_bytes_ > options_.max_unsynced_bytes && !aborted_) room_.Wait(mu_);
}

bool Committer::HasRoom() const {
  if (unsynced_bytes_ <= options_.max_unsynced_bytes) return true;
  MutexLock lock(mu_);
  return unsynced_bytes_ <= options_.max_unsynced_bytes || aborted_;
}

void Committer::Abort() {
  MutexLock lock(mu_);
  aborted_ = true;
  work_.NotifyAll();
  room_.NotifyAll();
}

void Committer::Stop(bool drain) {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mu_);
    stopping_ = true;
    if (!drain) aborted_ = true;
    work_.NotifyAll();
    room_.NotifyAll();
  }
  thread_.join();
}

void Committer::Run() {
  SetThreadName("committer");
  bool marked = true;
  while (true) {
    Batch batch;
    std::vector<WaitingRoll> rolls;
    {
      MutexLock lock(mu_);
      bool idle = false;
      while (!due_ && rolls_.empty() && !aborted_ && !stopping_ && !idle) {
        if (marked || !open_.empty()) {
          work_.Wait(mu_);
        } else {
          idle = !work_.WaitFor(mu_, options_.marker_idle_ms) && open_.empty();
        }
      }
      if (aborted_) break;
      if (open_.empty() && rolls_.empty() && stopping_) break;
      if (!open_.empty()) {
        batch = std::move(open_.front());
        open_.pop_front();
        due_ = !open_.empty();
      } else {
        rolls.swap(rolls_);
      }
    }
    if (!rolls.empty()) {
      BeginSegment(std::move(rolls));
      marked = true;
      continue;
    }
    marked = batch.first == 0;
    if (marked) {
      Mark();
    } else if (!Commit(std::move(batch))) {
      break;
    }
  }
  std::vector<WaitingRoll> rolls;
  bool aborted = false;
  {
    MutexLock lock(mu_);
    rolls.swap(rolls_);
    aborted = aborted_;
  }
  for (WaitingRoll& roll : rolls) roll.done(absl::CancelledError("the journal is closing"));
  if (!aborted) Mark();
}

void Committer::BeginSegment(std::vector<WaitingRoll> rolls) {
  const absl::Status status = journal_.Roll();
  const Txid next = durable() + 1;
  if (!status.ok()) {
    Abort();
    on_failure_(status);
  }
  for (WaitingRoll& roll : rolls) {
    absl::Status result = status;
    if (result.ok() && !roll.readmit.empty()) result = journal_.Readmit(roll.readmit);
    result.ok() ? roll.done(next) : roll.done(std::move(result));
  }
}

void Committer::Mark() {
  if (const absl::Status status = journal_.Mark(); !status.ok()) {
    Abort();
    on_failure_(status);
  }
}

bool Committer::Commit(Batch batch) {
  const absl::Status status = journal_.Append(batch.first, batch.last, batch.record);
  const auto bytes = static_cast<int64_t>(batch.payload().size());
  const Txid durable = batch.last;
  std::vector<absl::AnyInvocable<void()>> ready;
  bool failed = false;
  {
    MutexLock lock(mu_);
    if (!status.ok()) aborted_ = true;
    failed = aborted_;
    if (!failed) {
      unsynced_bytes_ -= bytes;
      durable_ = durable;
      while (!waiting_.empty() && waiting_.front().first <= durable) {
        ready.push_back(std::move(waiting_.front().second));
        waiting_.pop_front();
      }
    }
    room_.NotifyAll();
  }
  if (!status.ok()) on_failure_(status);
  if (failed) return false;
  on_durable_(std::move(batch));
  for (auto& done : ready) done();
  return true;
}

}  // namespace cairn::namenode
