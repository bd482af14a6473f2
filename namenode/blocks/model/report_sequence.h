// Orders a storage's increments and full reports, which may overtake each other on their way.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/types/ids.h"

namespace cairn::namenode {

// A DataNode numbers the increments and full reports of a storage in one rising sequence; a
// report's number is taken when its snapshot begins. So a report numbered N knows nothing about a
// block that changed at S > N, and must neither add nor remove it. Remembers the latest changes, at
// most `limit` of them. Thread-compatible.
class ReportSequence {
 public:
  explicit ReportSequence(size_t limit = 65'536) : limit_(limit) {}

  // Notes that `block` changed at `sequence`. False when something newer is known about it: the
  // change is old news and must be ignored.
  bool NoteChange(BlockId block, int64_t sequence);
  // Whether a chunk of report `number` can be used. False when it is older than a finished report
  // or than changes that are no longer remembered: a fresh report is needed.
  bool Usable(int64_t number) const { return number > finished_ && number >= forgotten_; }
  // Whether report `number` may say anything about `block`.
  bool MaySpeakOf(BlockId block, int64_t number) const;
  // The whole of report `number` has been processed.
  void Finish(int64_t number);

 private:
  void Forget();

  size_t limit_;
  int64_t finished_ = -1;   // number of the last whole report
  int64_t forgotten_ = -1;  // highest sequence dropped from `changes_` for lack of room
  absl::flat_hash_map<BlockId, int64_t> changes_;
  std::deque<std::pair<int64_t, BlockId>> order_;  // of arrival; may hold superseded entries
};

}  // namespace cairn::namenode
