// The life of an operation between its call and its answer.
#include "namenode/namespace/op_runner.h"

#include <algorithm>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/tree_walker.h"

namespace cairn::namenode {
namespace {

// An operation that has missed this often runs alone.
constexpr int kMaxMisses = 3;

// Changes released from the cache's pins per critical section, beyond twice its own: keeps the lock
// short and still catches up with a burst.
constexpr int kReleaseSteps = 64;

// The group of calls that this thread is making, if any.
struct ReplyGroup {
  const OpRunner* runner = nullptr;
  Txid txid = 0;  // all replies may leave when this is durable
  std::vector<std::pair<std::shared_ptr<OpTask>, absl::Status>> replies;
};
thread_local ReplyGroup group;

absl::Status Stopping() { return errors::Retriable("NameNode is shutting down"); }

}  // namespace

OpRunner::OpRunner(const NamespaceDeps& deps, const NamespaceOptions& options, EntryCheck check,
                   DamageHandler damage)
    : deps_(deps),
      options_(options),
      check_(std::move(check)),
      damage_(std::move(damage)),
      state_(options, deps.clock),
      loads_("ns-load", options.io_threads),
      room_("ns-room", 1),
      walks_("ns-walk", 2),
      replicas_(options.complete_wait_ms,
                [this](const std::shared_ptr<OpTask>& task) { Attempt(task); }) {
  state_.highest_generation_stamp = deps.highest_generation_stamp;
}

OpRunner::~OpRunner() {
  std::vector<std::shared_ptr<OpTask>> waiting = replicas_.Stop();
  room_.Shutdown();
  walks_.Shutdown();
  loads_.Shutdown();
  {
    MutexLock lock(mu_);
    std::vector<std::shared_ptr<OpTask>> duplicates = state_.retries.TakeWaiters();
    std::move(duplicates.begin(), duplicates.end(), std::back_inserter(waiting));
    std::move(gate_.begin(), gate_.end(), std::back_inserter(waiting));
    for (auto& [id, mark] : state_.marks) {
      std::move(mark.waiters.begin(), mark.waiters.end(), std::back_inserter(waiting));
    }
  }
  for (const auto& task : waiting) task->Finish(Stopping());
}

void OpRunner::ReportDamage(const absl::Status& status) const {
  if (absl::IsDataLoss(status) && damage_) damage_(status);
}

OpRunner::Statistics OpRunner::statistics() const {
  MutexLock lock(mu_);
  return statistics_;
}

void OpRunner::Start(std::shared_ptr<OpTask> task) {
  if (!task->mutation()) return Attempt(task);
  if (deps_.store.HasRoom()) return Attempt(task);
  task->Detach();
  const bool added = room_.Add([this, task] {
    deps_.store.WaitForRoom();
    Attempt(task);
  });
  if (!added) task->Finish(Stopping());
}

void OpRunner::Attempt(const std::shared_ptr<OpTask>& task) {
  Outcome outcome;
  {
    MutexLock lock(mu_);
    AttemptLocked(task, outcome);
    Tidy();
  }
  Act(task, outcome);
}

void OpRunner::AttemptLocked(const std::shared_ptr<OpTask>& task, Outcome& outcome) {
  if (exclusive_ != nullptr && exclusive_ != task.get()) {
    task->Detach();
    gate_.push_back(task);
    return;
  }
  if (task->loaded) {
    task->work.Adopt(state_, deps_.blocks, *std::move(task->loaded));
    task->loaded.reset();
  }
  if (task->remembered() && !task->started && Replay(task, outcome)) return;

  TxnImpl txn(deps_, state_, task->work, task->mutation(), task.get());
  OpContext ctx = ContextOf(txn, task->caller());
  ctx.checked_subtree = task->checked_subtree;
  ctx.may_wait = !task->waited && options_.complete_wait_ms > 0;
  absl::Status status = task->Invoke(ctx);
  Judge(task, std::move(status), txn, outcome);
}

OpContext OpRunner::ContextOf(TxnImpl& txn, const Caller& caller) const {
  const ClusterIdentity& identity = deps_.store.identity();
  return {.txn = txn,
          .caller = caller,
          .options = options_,
          .blocks = deps_.blocks,
          .leases = state_.leases,
          .block_pool_id = identity.block_pool_id,
          .creation_ms = identity.creation_ms};
}

bool OpRunner::AsksForMore(const absl::Status& status) {
  return absl::IsAborted(status) || ErrorAfterCommit(status);
}

bool OpRunner::Replay(const std::shared_ptr<OpTask>& task, Outcome& outcome) {
  const CallId& call = task->caller().call;
  const RetryCache::Seen seen = state_.retries.Look(call);
  switch (seen.state) {
    case RetryCache::State::kUnknown:
      return false;
    case RetryCache::State::kRunning:
      task->Detach();
      state_.retries.Wait(call, task);
      return true;
    case RetryCache::State::kFinished:
      Release(*task, outcome);
      outcome.next = Next::kReply;
      outcome.status = task->DecodeReply(seen.reply);
      outcome.txid = seen.txid;
      return true;
  }
  return false;
}

void OpRunner::Judge(const std::shared_ptr<OpTask>& task, absl::Status status, TxnImpl& txn,
                     Outcome& outcome) {
  if (status.ok()) return Succeed(task, txn, outcome);
  if (Txn::IsMiss(status)) return Missed(task, txn, outcome);
  if (TxnImpl::IsBlocked(status)) return Park(task, txn.blocked_on(), outcome);
  if (const auto root = SubtreeToCheck(status)) return BeginCheck(task, *root, txn, outcome);
  if (const auto block = ReplicaAwaited(status)) return Await(task, *block, txn, outcome);
  if (auto error = ErrorAfterCommit(status)) {
    if (!txn.writes().empty()) Commit(deps_, state_, txn.writes(), std::nullopt);
    return Fail(task, *std::move(error), outcome);
  }
  Fail(task, std::move(status), outcome);
}

void OpRunner::Missed(const std::shared_ptr<OpTask>& task, TxnImpl& txn, Outcome& outcome) {
  ++statistics_.misses;
  outcome.load = txn.TakeMisses();
  if (outcome.load.empty()) {
    return Fail(task, absl::InternalError("an operation missed nothing"), outcome);
  }
  task->Detach();
  for (CacheNode* node : txn.touched()) task->work.Pin(state_, node);
  task->work.BeginLoad(state_, deps_.store.applied());
  if (task->remembered() && !task->started) {
    state_.retries.Start(task->caller().call);
    task->started = true;
  }
  if (++task->misses >= kMaxMisses && exclusive_ == nullptr) {
    exclusive_ = task.get();
    ++statistics_.exclusive_runs;
  }
  outcome.next = Next::kLoad;
}

void OpRunner::BeginCheck(const std::shared_ptr<OpTask>& task, InodeId root, TxnImpl& txn,
                          Outcome& outcome) {
  const auto inode = txn.ById(root);
  if (!inode.ok()) return Judge(task, inode.status(), txn, outcome);
  if (*inode == nullptr) {
    return Fail(task, absl::InternalError("a subtree to be checked is not there"), outcome);
  }
  const auto chain = txn.Ancestors(**inode);
  if (!chain.ok()) return Judge(task, chain.status(), txn, outcome);
  std::string path;
  for (size_t i = 1; i < chain->size(); ++i) path += "/" + (*chain)[i]->name;
  outcome.check_root = **inode;
  outcome.check_path = path.empty() ? "/" : path;

  task->Detach();
  Release(*task, outcome);
  if (task->remembered() && !task->started) {
    state_.retries.Start(task->caller().call);
    task->started = true;
  }
  state_.marks[root].owner = task.get();
  task->marked_subtree = root;
  outcome.txid = deps_.store.last_appended();
  outcome.next = Next::kCheck;
}

void OpRunner::Park(const std::shared_ptr<OpTask>& task, InodeId marked, Outcome& outcome) {
  task->Detach();
  Release(*task, outcome);
  state_.marks[marked].waiters.push_back(task);
}

void OpRunner::Await(const std::shared_ptr<OpTask>& task, BlockId block, TxnImpl& txn,
                     Outcome& outcome) {
  task->Detach();
  task->waited = true;
  if (!txn.writes().empty()) Commit(deps_, state_, txn.writes(), std::nullopt);
  Release(*task, outcome);
  outcome.awaited = block;
  outcome.next = Next::kAwait;
}

void OpRunner::Succeed(const std::shared_ptr<OpTask>& task, TxnImpl& txn, Outcome& outcome) {
  WriteSet& writes = txn.writes();
  std::optional<RetryRow> reply;
  if (task->remembered()) {
    const CallId& call = task->caller().call;
    reply = RetryRow{std::string(call.client_id.bytes()), call.call_id, task->EncodeReply(),
                     txn.now_ms()};
  }
  const bool stored = !writes.empty();
  if (stored) {
    outcome.purge = !writes.purges.empty();
    outcome.txid = Commit(deps_, state_, writes, reply);
  } else {
    for (auto& [id, locations] : writes.expected_locations) {
      deps_.blocks.SetExpectedLocations(id, locations);
    }
    outcome.txid = task->mutation() ? deps_.store.last_appended() : 0;
  }
  if (reply) {
    outcome.resume =
        state_.retries.Finish(task->caller().call, outcome.txid, stored, std::move(reply->reply));
  }
  Release(*task, outcome);
  outcome.next = Next::kReply;
}

void OpRunner::Fail(const std::shared_ptr<OpTask>& task, absl::Status status, Outcome& outcome) {
  if (task->started) outcome.resume = state_.retries.Fail(task->caller().call);
  Release(*task, outcome);
  outcome.next = Next::kReply;
  outcome.status = std::move(status);
  outcome.txid = task->mutation() ? deps_.store.last_appended() : 0;
}

void OpRunner::Release(OpTask& task, Outcome& outcome) {
  task.work.Release(state_);
  if (task.marked_subtree != 0) {
    const auto mark = state_.marks.find(task.marked_subtree);
    std::move(mark->second.waiters.begin(), mark->second.waiters.end(),
              std::back_inserter(outcome.resume));
    state_.marks.erase(mark);
    task.marked_subtree = task.checked_subtree = 0;
  }
  if (exclusive_ == &task) OpenGate(outcome);
}

void OpRunner::OpenGate(Outcome& outcome) {
  exclusive_ = nullptr;
  std::move(gate_.begin(), gate_.end(), std::back_inserter(outcome.resume));
  gate_.clear();
}

void OpRunner::Tidy() {
  Txid watermark = deps_.store.applied();
  if (!state_.loads.empty()) watermark = std::min(watermark, state_.loads.begin()->first);
  state_.cache.Advance(watermark, kReleaseSteps);
  state_.cache.Trim();
}

Txid OpRunner::CommitInternal(const std::function<void(TxnImpl&, NamespaceState&)>& body) {
  MutexLock lock(mu_);
  const WorkingSet nothing;
  TxnImpl txn(deps_, state_, nothing, false, nullptr);
  body(txn, state_);
  Txid txid = 0;
  if (!txn.writes().empty()) txid = Commit(deps_, state_, txn.writes(), std::nullopt);
  Tidy();
  return txid;
}

// ---- without the lock

void OpRunner::BeginGroup() {
  group.runner = this;
  deps_.store.HoldCommits();
}

void OpRunner::EndGroup(const std::shared_ptr<TaskQueue>& replies) {
  group.runner = nullptr;
  if (!group.replies.empty()) {
    auto give = [replies = std::exchange(group.replies, {})]() mutable {
      for (auto& [task, status] : replies) task->Finish(std::move(status));
    };
    deps_.store.WhenDurable(
        std::exchange(group.txid, 0),
        [queue = replies, give = std::move(give)]() mutable { queue->Run(std::move(give)); });
  }
  deps_.store.ReleaseCommits();
}

void OpRunner::Act(const std::shared_ptr<OpTask>& task, Outcome& outcome) {
  if (!outcome.resume.empty()) Resume(std::move(outcome.resume));
  if (outcome.purge && purge_listener_) purge_listener_();
  switch (outcome.next) {
    case Next::kNothing:
      return;
    case Next::kReply:
      return Reply(task, std::move(outcome.status), outcome.txid);
    case Next::kLoad: {
      const bool added = loads_.Add([this, task, request = std::move(outcome.load)]() mutable {
        Load(task, std::move(request));
      });
      if (!added) FailUnlocked(task, Stopping());
      return;
    }
    case Next::kAwait:
      return AwaitUnlocked(task, outcome.awaited);
    case Next::kCheck: {
      const bool added = walks_.Add([this, task, root = *std::move(outcome.check_root),
                                     path = std::move(outcome.check_path), txid = outcome.txid] {
        if (absl::Status status = deps_.store.WaitApplied(txid); !status.ok()) {
          return FailUnlocked(task, std::move(status));
        }
        CheckSubtree(task, root, path);
      });
      if (!added) FailUnlocked(task, Stopping());
      return;
    }
  }
}

void OpRunner::Reply(const std::shared_ptr<OpTask>& task, absl::Status status, Txid txid) {
  if (txid <= deps_.store.durable()) return task->Finish(std::move(status));
  if (group.runner == this) {
    group.txid = std::max(group.txid, txid);
    group.replies.emplace_back(task, std::move(status));
    return;
  }
  if (status.ok()) {  // fits into the callback, which then needs no memory of its own
    return deps_.store.WhenDurable(txid, [task] { task->Finish(absl::OkStatus()); });
  }
  deps_.store.WhenDurable(
      txid, [task, status = std::move(status)]() mutable { task->Finish(std::move(status)); });
}

void OpRunner::Load(const std::shared_ptr<OpTask>& task, LoadRequest request) {
  absl::StatusOr<LoadResult> loaded = LoadRows(*deps_.store.Snapshot(), request);
  if (!loaded.ok()) {
    ReportDamage(loaded.status());
    return FailUnlocked(task, loaded.status());
  }
  task->loaded = *std::move(loaded);
  Attempt(task);
}

void OpRunner::CheckSubtree(const std::shared_ptr<OpTask>& task, const Inode& root,
                            const std::string& path) {
  const absl::Status status = WalkTree(deps_.store.Snapshot(), root, path,
                                       [&](const WalkEntry& entry) -> absl::StatusOr<WalkStep> {
                                         RETURN_IF_ERROR(check_(task->caller(), entry));
                                         return WalkStep::kContinue;
                                       });
  if (!status.ok()) {
    ReportDamage(status);
    return FailUnlocked(task, status);
  }
  task->checked_subtree = root.id;
  Attempt(task);
}

void OpRunner::AwaitUnlocked(const std::shared_ptr<OpTask>& task, BlockId block) {
  if (!replicas_.Add(block, task)) return Attempt(task);
  // The report may have come between the attempt and now.
  const auto view = deps_.blocks.Find(block);
  if (!view || view->live >= options_.min_replication) replicas_.Wake({block});
}

void OpRunner::FailUnlocked(const std::shared_ptr<OpTask>& task, absl::Status status) {
  Outcome outcome;
  {
    MutexLock lock(mu_);
    Fail(task, std::move(status), outcome);
    Tidy();
  }
  Act(task, outcome);
}

void OpRunner::Resume(std::vector<std::shared_ptr<OpTask>> tasks) {
  for (std::shared_ptr<OpTask>& task : tasks) {
    if (!loads_.Add([this, task] { Attempt(task); })) FailUnlocked(task, Stopping());
  }
}

}  // namespace cairn::namenode
