// AdminService.Fsck: streams the text of a check.
#pragma once

#include <string>

#include "common/threads.h"
#include "namenode/fsck/fsck_service.h"
#include "namenode/grpc/served_call.h"
#include "proto/cairn/v1/admin.pb.h"

namespace cairn::namenode {

// Deletes itself when the call is over and the check has ended; threads as ServedCall. Text waits
// in a bounded buffer: a reader that is too slow holds up the check for at most kPatienceMs at a
// time, then it ends.
class FsckReactor final : public ServedCall {
 public:
  // `front` must outlive the call.
  FsckReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
              ::grpc::GenericCallbackServerContext& context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;

 private:
  static constexpr size_t kPieceBytes = 64 << 10;  // of one message
  static constexpr size_t kMaxPending = 1 << 20;   // waiting to be sent
  static constexpr int64_t kPatienceMs = 30'000;

  // On the executor.
  void Run();
  absl::Status Prepare();
  // On the check's threads. False ends the check.
  bool Append(std::string text) EXCLUDES(mu_);
  void Ended(FsckOutcome outcome, const absl::Status& status) EXCLUDES(mu_);

  // What is to be done on the stream; decided under the lock, done without it, because the last
  // step may delete this object.
  enum class Step { kNothing, kWrite, kWriteLast, kAbort };
  Step NextStep() REQUIRES(mu_);
  void Do(Step step) EXCLUDES(mu_);

  v1::FsckRequest message_;

  Mutex mu_;
  CondVar drained_;
  std::string pending_ GUARDED_BY(mu_);
  bool writing_ GUARDED_BY(mu_) = false;
  bool broken_ GUARDED_BY(mu_) = false;  // the reader is gone
  bool ended_ GUARDED_BY(mu_) = false;   // all text is in pending_
  bool finished_ GUARDED_BY(mu_) = false;
  FsckOutcome outcome_ GUARDED_BY(mu_) = FsckOutcome::kFailed;
  ::grpc::ByteBuffer write_bytes_;  // of the write under way
};

}  // namespace cairn::namenode
