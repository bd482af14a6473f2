// The statuses by which an operation asks the runner for something instead of answering.
#include "namenode/namespace/op_context.h"

#include <type_traits>

#include "absl/strings/cord.h"
#include "common/coding.h"

namespace cairn::namenode {
namespace {
constexpr char kSubtreeUrl[] = "cairn.namenode.SubtreeCheck";
constexpr char kAwaitUrl[] = "cairn.namenode.AwaitReplica";
constexpr char kCommitUrl[] = "cairn.namenode.FailAfterCommit";

static_assert(std::is_same_v<InodeId, BlockId>);

// A status that asks for something to be done about `id`.
absl::Status Asking(const char* message, const char* url, int64_t id) {
  absl::Status status(absl::StatusCode::kAborted, message);
  std::string payload;
  PutBigEndian<int64_t>(payload, id);
  status.SetPayload(url, absl::Cord(payload));
  return status;
}

// The id of such a status; empty for any other.
std::optional<int64_t> AskedFor(const absl::Status& status, const char* url) {
  if (status.code() != absl::StatusCode::kAborted) return std::nullopt;
  const auto payload = status.GetPayload(url);
  if (!payload || payload->size() != sizeof(int64_t)) return std::nullopt;
  const std::string bytes(*payload);
  return GetBigEndian<int64_t>(bytes.data());
}

}  // namespace

absl::Status FailAfterCommit(absl::Status error) {
  error.SetPayload(kCommitUrl, absl::Cord());
  return error;
}

std::optional<absl::Status> ErrorAfterCommit(const absl::Status& status) {
  if (status.ok() || !status.GetPayload(kCommitUrl)) return std::nullopt;
  absl::Status error = status;
  error.ErasePayload(kCommitUrl);
  return error;
}

absl::Status NeedsSubtreeCheck(InodeId root) {
  return Asking("the subtree is to be checked first", kSubtreeUrl, root);
}

std::optional<InodeId> SubtreeToCheck(const absl::Status& status) {
  return AskedFor(status, kSubtreeUrl);
}

absl::Status AwaitReplica(BlockId block) {
  return Asking("a replica is to be reported first", kAwaitUrl, block);
}

std::optional<BlockId> ReplicaAwaited(const absl::Status& status) {
  return AskedFor(status, kAwaitUrl);
}

}  // namespace cairn::namenode
