// Bounded memory of a storage's latest changes.
#include "namenode/blocks/model/report_sequence.h"

#include <algorithm>

namespace cairn::namenode {

bool ReportSequence::NoteChange(BlockId block, int64_t sequence) {
  if (sequence <= finished_) return false;
  auto [it, inserted] = changes_.try_emplace(block, sequence);
  if (!inserted) {
    if (it->second >= sequence) return false;
    it->second = sequence;
  }
  order_.emplace_back(sequence, block);
  while (order_.size() > limit_) {
    forgotten_ = std::max(forgotten_, order_.front().first);
    Forget();
  }
  return true;
}

void ReportSequence::Forget() {
  const auto [sequence, block] = order_.front();
  order_.pop_front();
  const auto it = changes_.find(block);
  if (it != changes_.end() && it->second == sequence) changes_.erase(it);
}

bool ReportSequence::MaySpeakOf(BlockId block, int64_t number) const {
  const auto it = changes_.find(block);
  return it == changes_.end() || it->second <= number;
}

void ReportSequence::Finish(int64_t number) {
  finished_ = std::max(finished_, number);
  while (!order_.empty() && order_.front().first <= finished_) Forget();
}

}  // namespace cairn::namenode
