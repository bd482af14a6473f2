// One call of the namespace on its way through the runner: the operation, who asked, and where the
// result goes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "namenode/namespace/caller.h"
#include "namenode/namespace/namespace.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/reply_codec.h"
#include "namenode/namespace/row_loader.h"
#include "namenode/namespace/working_set.h"

namespace cairn::namenode {

// How an operation is run.
enum class OpMode {
  kRead,        // answered at once; may see what is not yet durable. Must not write
  kMutation,    // answered when durable; may be repeated by its client without harm
  kRemembered,  // the same, and its reply is kept for duplicates of the call
};

// Thread-compatible: one thread at a time works on a task.
class OpTask {
 public:
  OpTask(const Caller& caller, OpMode mode) : mode_(mode), caller_(&caller) {}
  virtual ~OpTask() = default;

  // Runs the operation; a result is kept inside.
  virtual absl::Status Invoke(OpContext& ctx) = 0;
  // The kept result as a remembered reply, and back.
  virtual std::string EncodeReply() const = 0;
  virtual absl::Status DecodeReply(std::string_view reply) = 0;
  // Gives the caller the kept result, or `status` when it is an error. Once.
  virtual void Finish(absl::Status status) = 0;

  OpMode mode() const { return mode_; }
  bool mutation() const { return mode_ != OpMode::kRead; }
  const Caller& caller() const { return *caller_; }
  bool remembered() const { return mode_ == OpMode::kRemembered && caller_->call.remembered(); }
  // From now on the task may outlive the caller it was made with.
  void Detach() {
    if (own_caller_) return;
    own_caller_ = *caller_;
    caller_ = &*own_caller_;
  }

  // -- the runner's notes
  WorkingSet work;
  std::optional<LoadResult> loaded;  // to be adopted by the next attempt
  int misses = 0;
  bool waited = false;         // for a replica
  bool started = false;        // noted as running in the retry cache
  InodeId marked_subtree = 0;  // has a mark of this task
  InodeId checked_subtree = 0;

 private:
  const OpMode mode_;
  const Caller* caller_;
  std::optional<Caller> own_caller_;
};

// The task of an operation `absl::StatusOr<Result> op(OpContext&)`.
template <typename Result, typename Op>
class TypedOpTask final : public OpTask {
 public:
  TypedOpTask(const Caller& caller, OpMode mode, Op op, Done<Result> done)
      : OpTask(caller, mode), op_(std::move(op)), done_(std::move(done)) {}

  absl::Status Invoke(OpContext& ctx) override {
    absl::StatusOr<Result> result = op_(ctx);
    if (!result.ok()) return result.status();
    result_ = *std::move(result);
    return absl::OkStatus();
  }
  std::string EncodeReply() const override {
    if constexpr (requires { ReplyCodec<Result>::Encode(*result_); }) {
      return ReplyCodec<Result>::Encode(*result_);
    } else {
      return "";
    }
  }
  absl::Status DecodeReply(std::string_view reply) override {
    if constexpr (requires { ReplyCodec<Result>::Decode(reply); }) {
      absl::StatusOr<Result> result = ReplyCodec<Result>::Decode(reply);
      if (!result.ok()) return result.status();
      result_ = *std::move(result);
      return absl::OkStatus();
    } else {
      return absl::InternalError("this operation's replies are not remembered");
    }
  }
  void Finish(absl::Status status) override {
    Done<Result> done = std::move(done_);
    if (!status.ok()) {
      done(std::move(status));
    } else {
      done(*std::move(result_));
    }
  }

 private:
  Op op_;
  Done<Result> done_;
  std::optional<Result> result_;
};

}  // namespace cairn::namenode
