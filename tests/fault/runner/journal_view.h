// What the NameNode has decided about blocks, in the order of its journal.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"

namespace cairn::fault {

// The rules of generation stamps as the NameNode gives them out, one transaction after another:
// - no stamp is given out twice, nor one below an earlier one;
// - a block gets only stamps that were given out, which no other block has, each above all that it
//   had before: as its generation stamp (a new block, a new pipeline) or as its recovery id.
// Thread-compatible.
class StampRules {
 public:
  // What one transaction says: of the stamp given out last (0: nothing), and rows of blocks.
  // kDataLoss for one that breaks a rule.
  absl::Status Observe(GenerationStamp last, const std::vector<namenode::BlockRow>& rows);
  // Transactions that gave out stamps.
  int64_t given_out() const { return given_out_; }
  // Blocks that got more than one.
  int64_t blocks_with_several() const;

 private:
  absl::Status ObserveStamp(BlockId block, GenerationStamp stamp);

  GenerationStamp last_ = 0;
  int64_t given_out_ = 0;
  std::map<GenerationStamp, BlockId> owners_;
  std::map<BlockId, std::set<GenerationStamp>> stamps_;
  std::map<BlockId, GenerationStamp> current_;
};

// Both read the journal of that name directory which has most of it. The NameNode may be running;
// then an error may come from a moment in which the journal changed.

// Applies the rules to all transactions.
absl::Status CheckStamps(const std::vector<std::string>& name_directories, StampRules& rules);
// The blocks there are.
absl::StatusOr<std::map<BlockId, namenode::BlockRow>> BlocksInJournal(
    const std::vector<std::string>& name_directories);

}  // namespace cairn::fault
