// The rules of retrying calls to the NameNode.
#include "client/base/retry_policy.h"

#include <algorithm>

#include "common/types/errors.h"

namespace cairn::client {

FailureClass Classify(const absl::Status& status) {
  if (const auto kind = KindOf(status)) {
    if (*kind == ErrorKind::kRetriable) return FailureClass::kRetriable;
    if (*kind == ErrorKind::kSafeMode) return FailureClass::kSafeMode;
    return FailureClass::kFinal;
  }
  // This side cancels nothing: a cancelled call is one that a stopping server dropped.
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
      absl::IsCancelled(status)) {
    return FailureClass::kUnreachable;
  }
  return FailureClass::kFinal;
}

std::optional<int64_t> RetryPolicy::NextPauseMs(const absl::Status& status, int32_t attempt,
                                                bool through_safe_mode, Random& random) const {
  const FailureClass failure = Classify(status);
  if (failure == FailureClass::kFinal) return std::nullopt;
  if (failure == FailureClass::kSafeMode && !through_safe_mode) return std::nullopt;
  if (attempt >= retries_) return std::nullopt;
  if (interval_ms_ <= 0) return 0;
  return interval_ms_ / 2 + static_cast<int64_t>(random.Uniform(interval_ms_));
}

BoundedPolling::BoundedPolling(int64_t first_ms, int64_t max_ms, int32_t retries)
    : next_ms_(std::min<int64_t>(10, first_ms)), max_ms_(max_ms) {
  int64_t pause_ms = std::min(first_ms, max_ms);
  for (int32_t i = 0; i < retries; ++i) {
    left_ms_ += pause_ms;
    pause_ms = std::min(pause_ms * 2, max_ms);
  }
}

std::optional<int64_t> BoundedPolling::NextPauseMs() {
  if (left_ms_ <= 0) return std::nullopt;
  const int64_t pause_ms = std::max<int64_t>(1, std::min(next_ms_, left_ms_));
  left_ms_ -= pause_ms;
  next_ms_ = std::min(next_ms_ * 2, max_ms_);
  return pause_ms;
}

}  // namespace cairn::client
