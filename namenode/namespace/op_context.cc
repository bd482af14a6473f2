// The statuses by which an operation asks the runner for something instead of answering.
#include "namenode/namespace/op_context.h"

#include "absl/strings/cord.h"
#include "common/coding.h"

namespace cairn::namenode {
namespace {
constexpr char kSubtreeUrl[] = "cairn.namenode.SubtreeCheck";
constexpr char kCommitUrl[] = "cairn.namenode.FailAfterCommit";
}  // namespace

absl::Status FailAfterCommit(absl::Status error) {
  error.SetPayload(kCommitUrl, absl::Cord());
  return error;
}

std::optional<absl::Status> ErrorAfterCommit(const absl::Status& status) {
  if (!status.GetPayload(kCommitUrl)) return std::nullopt;
  absl::Status error = status;
  error.ErasePayload(kCommitUrl);
  return error;
}

absl::Status NeedsSubtreeCheck(InodeId root) {
  absl::Status status(absl::StatusCode::kAborted, "the subtree is to be checked first");
  std::string payload;
  PutBigEndian<InodeId>(payload, root);
  status.SetPayload(kSubtreeUrl, absl::Cord(payload));
  return status;
}

std::optional<InodeId> SubtreeToCheck(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kAborted) return std::nullopt;
  const auto payload = status.GetPayload(kSubtreeUrl);
  if (!payload || payload->size() != sizeof(InodeId)) return std::nullopt;
  const std::string bytes(*payload);
  return GetBigEndian<InodeId>(bytes.data());
}

}  // namespace cairn::namenode
