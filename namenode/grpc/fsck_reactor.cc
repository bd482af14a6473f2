// Connects the check and the stream.
#include "namenode/grpc/fsck_reactor.h"

#include <optional>

#include <grpcpp/impl/codegen/proto_utils.h>

namespace cairn::namenode {
namespace {

v1::FsckOutcome ToProto(FsckOutcome outcome) {
  switch (outcome) {
    case FsckOutcome::kHealthy:
      return v1::FSCK_OUTCOME_HEALTHY;
    case FsckOutcome::kCorrupt:
      return v1::FSCK_OUTCOME_CORRUPT;
    case FsckOutcome::kNotFound:
      return v1::FSCK_OUTCOME_NOT_FOUND;
    case FsckOutcome::kFailed:
      break;
  }
  return v1::FSCK_OUTCOME_FAILED;
}

FsckOptions OptionsOf(const v1::FsckRequest& request) {
  return {.files = request.files(),
          .blocks = request.blocks(),
          .locations = request.locations(),
          .racks = request.racks(),
          .replica_details = request.replica_details(),
          .upgrade_domains = request.upgrade_domains(),
          .maintenance = request.maintenance(),
          .storage_policies = request.storage_policies(),
          .open_for_write = request.open_for_write(),
          .show_progress = request.show_progress(),
          .move = request.move(),
          .remove = request.remove(),
          .replicate = request.replicate(),
          .list_corrupt_file_blocks = request.list_corrupt_file_blocks(),
          .start_block_after = request.start_block_after(),
          .block_ids = request.has_block_ids() ? std::optional(request.block_ids()) : std::nullopt};
}

// The start of `text` that fits into `limit` bytes and does not cut a character.
size_t CutAt(const std::string& text, size_t limit) {
  if (text.size() <= limit) return text.size();
  size_t cut = limit;
  while (cut > limit - 4 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return cut;
}

}  // namespace

FsckReactor::FsckReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
                         ::grpc::GenericCallbackServerContext& context)
    : ServedCall(front, method, method_index, context) {
  Read();
}

void FsckReactor::OnReadDone(bool ok) {
  handover_.Take();
  Dispatch(ok, [this] { Run(); });
}

absl::Status FsckReactor::Prepare() {
  call_.caller.address = PeerAddress(context_.peer());
  absl::Status status = front_.resolver.Resolve(context_.client_metadata(), false, call_);
  if (!status.ok()) return status;
  if (!::grpc::SerializationTraits<v1::FsckRequest>::Deserialize(&request_, &message_).ok()) {
    return absl::InvalidArgumentError("the request of fsck is malformed, or its path is not UTF-8");
  }
  return absl::OkStatus();
}

void FsckReactor::Run() {
  if (const absl::Status status = Prepare(); !status.ok()) {
    Refuse(status);
    return;
  }
  FsckCall check{
      .caller = call_.caller,
      .path = message_.path(),
      .options = OptionsOf(message_),
      .sink = [this](std::string text) { return Append(std::move(text)); },
      .done = [this](FsckOutcome outcome, const absl::Status& status) { Ended(outcome, status); }};
  call_.audit = {.command = "fsck", .source = FsckAuditSource(check)};
  if (!front_.fsck.Start(std::move(check))) Refuse(TooBusy());
}

void FsckReactor::Ended(FsckOutcome outcome, const absl::Status& status) {
  front_.audit.Record(call_, status);
  Measure(status.ok());
  Step step = Step::kNothing;
  {
    MutexLock lock(mu_);
    ended_ = true;
    outcome_ = outcome;
    step = NextStep();
  }
  Do(step);
}

bool FsckReactor::Append(std::string text) {
  Step step = Step::kNothing;
  {
    MutexLock lock(mu_);
    while (!broken_ && pending_.size() > kMaxPending) {
      if (!drained_.WaitFor(mu_, kPatienceMs) && pending_.size() > kMaxPending) broken_ = true;
    }
    if (broken_) return false;
    pending_ += text;
    step = NextStep();
  }
  Do(step);
  return true;
}

FsckReactor::Step FsckReactor::NextStep() {
  if (writing_ || finished_) return Step::kNothing;
  if (broken_) {
    finished_ = ended_;  // not before the walk has let go of this object
    return ended_ ? Step::kAbort : Step::kNothing;
  }
  if (!ended_ && pending_.size() < kPieceBytes) return Step::kNothing;
  v1::FsckResponse piece;
  const size_t length = CutAt(pending_, kPieceBytes);
  piece.set_text(pending_.substr(0, length));
  pending_.erase(0, length);
  finished_ = ended_ && pending_.empty();
  if (finished_) piece.set_outcome(ToProto(outcome_));
  bool own = false;
  write_bytes_.Clear();
  if (!::grpc::SerializationTraits<v1::FsckResponse>::Serialize(piece, &write_bytes_, &own).ok()) {
    broken_ = true;
    finished_ = ended_;
    return ended_ ? Step::kAbort : Step::kNothing;
  }
  writing_ = true;
  return finished_ ? Step::kWriteLast : Step::kWrite;
}

void FsckReactor::Do(Step step) {
  if (step == Step::kNothing) return;
  handover_.Give();
  switch (step) {
    case Step::kNothing:
      return;
    case Step::kWrite:
      StartWrite(&write_bytes_);
      return;
    case Step::kWriteLast:
      StartWriteAndFinish(&write_bytes_, ::grpc::WriteOptions(), ::grpc::Status::OK);
      return;
    case Step::kAbort:
      Finish(ToGrpcStatus(absl::CancelledError("the reader of fsck's text is gone or too slow")));
  }
}

void FsckReactor::OnWriteDone(bool ok) {
  handover_.Take();
  // To the executor, as all that touches our state.
  auto next = [this, ok] {
    Step step = Step::kNothing;
    {
      MutexLock lock(mu_);
      writing_ = false;
      if (!ok) broken_ = true;
      step = NextStep();
      drained_.NotifyAll();
    }
    Do(step);
  };
  if (!front_.PoolOf(method_).Add(next)) next();
}

void FsckReactor::OnCancel() {
  handover_.Take();
  Step step = Step::kNothing;
  {
    MutexLock lock(mu_);
    broken_ = true;
    step = NextStep();
    drained_.NotifyAll();
  }
  Do(step);
}

}  // namespace cairn::namenode
