// Runs operations under the namespace lock: loads what they miss without it, commits what they
// write, answers when that is durable, each remembered call once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/task_queue.h"
#include "common/threads.h"
#include "namenode/namespace/namespace_state.h"
#include "namenode/namespace/op_task.h"
#include "namenode/namespace/replica_waits.h"
#include "namenode/namespace/txn_impl.h"

namespace cairn::namenode {

// Thread-safe.
//
// An attempt is one critical section. It ends with a result, or with
// - a miss: an I/O thread fetches the rows, and the operation runs again from the start with its
//   working set pinned. After three misses it runs alone: others wait at the gate, so that nothing
//   changes under it;
// - a subtree to be checked: the subtree is marked and walked without the lock, then the operation
//   runs again;
// - a subtree marked by another: it waits until the mark is gone;
// - a replica that is missing: what the operation wrote is committed, and it runs again once.
class OpRunner {
 public:
  // What the caller of a whole-tree change needs of every entry below its root.
  using EntryCheck = std::function<absl::Status(const Caller&, const WalkEntry&)>;

  // Told of damaged rows (kDataLoss): the process must end.
  using DamageHandler = std::function<void(const absl::Status&)>;

  // Everything in `deps`, and `options`, must outlive this.
  OpRunner(const NamespaceDeps& deps, const NamespaceOptions& options, EntryCheck check,
           DamageHandler damage);
  // Operations that wait are failed with errors::Retriable; those that are running end.
  ~OpRunner();

  // Runs `op(OpContext&)`, which gives absl::StatusOr<Result>. `done` is called exactly once,
  // without the lock.
  template <typename Result, typename Op>
  void Run(const Caller& caller, OpMode mode, Op op, Done<Result> done) {
    if (mode == OpMode::kRead) {
      // Nearly always everything is in the cache.
      if (ReadCached<Result>(caller, op, done)) return;
    }
    Start(std::make_shared<TypedOpTask<Result, Op>>(caller, mode, std::move(op), std::move(done)));
  }
  // The same for operations that give absl::Status.
  template <typename Op>
  void RunVoid(const Caller& caller, OpMode mode, Op op, DoneVoid done) {
    Run<Nothing>(
        caller, mode,
        [op = std::move(op)](OpContext& ctx) mutable -> absl::StatusOr<Nothing> {
          absl::Status status = op(ctx);
          if (!status.ok()) return status;
          return Nothing{};
        },
        [done = std::move(done)](absl::StatusOr<Nothing> result) mutable {
          done(result.status());
        });
  }
  // A read `absl::Status op(OpContext&)` that is carried out at once or not at all. False: it
  // failed, or needs what is not cached; whatever it did then means nothing.
  template <typename Op>
  bool TryRead(const Caller& caller, Op op) {
    MutexLock lock(mu_);
    if (exclusive_ != nullptr) return false;
    TxnImpl txn(deps_, state_, no_rows_, /*mutation=*/false, nullptr);
    OpContext ctx = ContextOf(txn, caller);
    if (!op(ctx).ok()) return false;
    Tidy();
    return true;
  }
  // Waits for the result; for background threads only, never one of the runner's or store's.
  template <typename Result, typename Op>
  absl::StatusOr<Result> RunAndWait(const Caller& caller, OpMode mode, Op op) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<Result>>>();
    auto future = promise->get_future();
    Run<Result>(caller, mode, std::move(op), [promise](absl::StatusOr<Result> result) {
      promise->set_value(std::move(result));
    });
    return future.get();
  }

  // See Namespace::BeginGroup.
  void BeginGroup();
  void EndGroup(const std::shared_ptr<TaskQueue>& replies);

  // A mutation of the engine itself, with access to everything; `body(TxnImpl&)` may write and must
  // not miss. Returns the transaction, 0 when nothing was written.
  Txid CommitInternal(const std::function<void(TxnImpl&, NamespaceState&)>& body);

  // Short accesses that are no operations. The body must be memory only.
  template <typename Body>
  auto WithState(Body body) {
    MutexLock lock(mu_);
    return body(state_);
  }

  // Queues work that may block on the disk or on the applier.
  bool AddWork(absl::AnyInvocable<void()> work) { return walks_.Add(std::move(work)); }

  // Replicas of these blocks were reported finished: operations that wait for one run again.
  void ReplicasReceived(absl::Span<const BlockId> blocks) { replicas_.Wake(blocks); }

  // Passes an error of reading rows on to the damage handler if it is damage.
  void ReportDamage(const absl::Status& status) const;

  // Called (without the lock) after a commit that queued something for the purger. Set once, before
  // the first operation.
  void SetPurgeListener(std::function<void()> listener) { purge_listener_ = std::move(listener); }

  // Attempts that missed, and operations that had to run alone.
  struct Statistics {
    int64_t misses = 0;
    int64_t exclusive_runs = 0;
  };
  Statistics statistics() const;

 private:
  // Answers a read by its first attempt, without a task; false when it needs one.
  template <typename Result, typename Op>
  bool ReadCached(const Caller& caller, Op& op, Done<Result>& done) {
    bool answered = false;
    absl::StatusOr<Result> result = [&]() -> absl::StatusOr<Result> {
      MutexLock lock(mu_);
      if (exclusive_ != nullptr) return absl::AbortedError("somebody runs alone");
      TxnImpl txn(deps_, state_, no_rows_, /*mutation=*/false, nullptr);
      OpContext ctx = ContextOf(txn, caller);
      absl::StatusOr<Result> found = op(ctx);
      answered = !AsksForMore(found.status());
      if (answered) Tidy();
      return found;
    }();
    if (answered) done(std::move(result));
    return answered;
  }
  OpContext ContextOf(TxnImpl& txn, const Caller& caller) const REQUIRES(mu_);
  // Whether a status is no answer but tells the runner what to do.
  static bool AsksForMore(const absl::Status& status);

  enum class Next { kNothing, kReply, kLoad, kCheck, kAwait };
  // What is to be done after an attempt, without the lock.
  struct Outcome {
    Next next = Next::kNothing;
    absl::Status status;  // of a reply
    Txid txid = 0;        // the reply waits for it; 0: for nothing
    LoadRequest load;
    std::vector<std::shared_ptr<OpTask>> resume;
    std::optional<Inode> check_root;
    std::string check_path;
    BlockId awaited = 0;
    bool purge = false;
  };

  void Start(std::shared_ptr<OpTask> task);
  void Attempt(const std::shared_ptr<OpTask>& task);
  void AttemptLocked(const std::shared_ptr<OpTask>& task, Outcome& outcome) REQUIRES(mu_);
  // Answers a duplicate of a call, or lets it wait. False: the call is to be run.
  bool Replay(const std::shared_ptr<OpTask>& task, Outcome& outcome) REQUIRES(mu_);
  void Judge(const std::shared_ptr<OpTask>& task, absl::Status status, TxnImpl& txn,
             Outcome& outcome) REQUIRES(mu_);
  void Missed(const std::shared_ptr<OpTask>& task, TxnImpl& txn, Outcome& outcome) REQUIRES(mu_);
  void BeginCheck(const std::shared_ptr<OpTask>& task, InodeId root, TxnImpl& txn, Outcome& outcome)
      REQUIRES(mu_);
  void Succeed(const std::shared_ptr<OpTask>& task, TxnImpl& txn, Outcome& outcome) REQUIRES(mu_);
  void Fail(const std::shared_ptr<OpTask>& task, absl::Status status, Outcome& outcome)
      REQUIRES(mu_);
  void Await(const std::shared_ptr<OpTask>& task, BlockId block, TxnImpl& txn, Outcome& outcome)
      REQUIRES(mu_);
  // Gives back pins, marks and the gate; those who waited for them are resumed.
  void Release(OpTask& task, Outcome& outcome) REQUIRES(mu_);
  void OpenGate(Outcome& outcome) REQUIRES(mu_);
  void Park(const std::shared_ptr<OpTask>& task, InodeId marked, Outcome& outcome) REQUIRES(mu_);
  // Lets the cache drop what it may.
  void Tidy() REQUIRES(mu_);

  void Act(const std::shared_ptr<OpTask>& task, Outcome& outcome);
  void Reply(const std::shared_ptr<OpTask>& task, absl::Status status, Txid txid);
  void Load(const std::shared_ptr<OpTask>& task, LoadRequest request);
  void CheckSubtree(const std::shared_ptr<OpTask>& task, const Inode& root,
                    const std::string& path);
  void AwaitUnlocked(const std::shared_ptr<OpTask>& task, BlockId block);
  void FailUnlocked(const std::shared_ptr<OpTask>& task, absl::Status status);
  void Resume(std::vector<std::shared_ptr<OpTask>> tasks);

  const NamespaceDeps deps_;
  const NamespaceOptions& options_;
  const EntryCheck check_;
  const DamageHandler damage_;
  std::function<void()> purge_listener_;

  const WorkingSet no_rows_;  // of a first attempt

  mutable Mutex mu_;  // the namespace lock
  NamespaceState state_ GUARDED_BY(mu_);
  const OpTask* exclusive_ GUARDED_BY(mu_) = nullptr;  // runs alone
  std::vector<std::shared_ptr<OpTask>> gate_ GUARDED_BY(mu_);
  Statistics statistics_ GUARDED_BY(mu_);

  Executor loads_;  // fetch rows
  Executor room_;   // mutations that wait for the journal
  Executor walks_;  // whole trees
  ReplicaWaits replicas_;
};

}  // namespace cairn::namenode
