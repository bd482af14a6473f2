// Connects the tree walker, the report and the stream.
#include "namenode/grpc/fsck_reactor.h"

#include <set>

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
          .open_for_write = request.open_for_write(),
          .list_corrupt_file_blocks = request.list_corrupt_file_blocks()};
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
  call_.audit = {.command = "fsck", .source = message_.path()};
  FsckSubject subject;
  subject.path = message_.path();
  subject.user = call_.caller.user;
  subject.address = call_.caller.address;
  subject.started_wall_ms = front_.core.clock.WallMs();
  std::set<std::string> racks;
  for (const DatanodeInfo& datanode : front_.core.blocks.Datanodes()) {
    if (!datanode.live) continue;
    ++subject.datanodes;
    racks.insert(datanode.network_location);
  }
  subject.racks = static_cast<int>(racks.size());
  subject.default_replication = front_.core.names.GetServerDefaults().replication;
  subject.min_replication = front_.core.min_replication;
  subject.queued_for_replication = front_.core.blocks.Stats().pending_replication_blocks;
  report_ = std::make_unique<FsckReport>(OptionsOf(message_), std::move(subject),
                                         [this](const std::string& text) { Append(text); });
  front_.core.names.Walk(
      call_.caller, message_.path(),
      [this](const std::string& path, const FileStatus& status) { return Visit(path, status); },
      [this](const absl::Status& status) { WalkEnded(status); });
}

bool FsckReactor::Visit(const std::string& path, const FileStatus& status) {
  {
    MutexLock lock(mu_);
    while (!broken_ && pending_.size() > kMaxPending) {
      if (!drained_.WaitFor(mu_, kPatienceMs) && pending_.size() > kMaxPending) broken_ = true;
    }
    if (broken_) return false;
  }
  report_->Add(path, status);
  return true;
}

void FsckReactor::WalkEnded(const absl::Status& status) {
  const FsckOutcome outcome =
      report_->Finish(status, front_.core.clock.WallMs(), MicrosSince(start_) / 1000);
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

void FsckReactor::Append(const std::string& text) {
  Step step = Step::kNothing;
  {
    MutexLock lock(mu_);
    pending_ += text;
    step = NextStep();
  }
  Do(step);
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
