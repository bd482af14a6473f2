// Runs checks of the file system for whatever front end was asked.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "common/threads.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/fsck/fsck_options.h"
#include "namenode/fsck/salvager.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// One question.
struct FsckCall {
  Caller caller;
  std::string path = "/";
  FsckOptions options;
  // Takes a piece of text, in order, one at a time, and may wait for the reader; false ends the
  // check: nobody reads on.
  std::function<bool(std::string text)> sink;
  // Called once, after the last piece, with what the audit log is to say: the status is an error
  // when the caller may not ask this.
  absl::AnyInvocable<void(FsckOutcome, absl::Status)> done;
};

// The names of the blocks or the path that a question is about, as HDFS's audit log has it.
std::string FsckAuditSource(const FsckCall& call);

// Thread-safe. Checks run on a few threads of their own; walking the tree takes one of the
// namespace's, too.
class FsckService {
 public:
  // What a check works on; all must outlive the service.
  struct Deps {
    Namespace& names;
    BlockManager& blocks;
    const Clock& clock;
    Salvager& salvager;
    int32_t min_replication = 1;  // dfs.namenode.replication.min
  };
  static constexpr int kThreads = 2;
  static constexpr size_t kMaxWaiting = 32;
  // Entries of a page of corrupt files (dfs.namenode.max-corrupt-file-blocks-returned).
  static constexpr int64_t kCorruptPage = 100;

  explicit FsckService(const Deps& deps);
  // Stops.
  ~FsckService();

  // Queues the check. False, and nothing is called: too many wait already, or Stop was called.
  bool Start(FsckCall call);
  // Ends the checks under way as failed, and returns when their `done` has been called.
  void Stop();

 private:
  class Run;

  const Deps deps_;
  std::atomic<bool> stopping_{false};
  Executor pool_;
};

}  // namespace cairn::namenode
