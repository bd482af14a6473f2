// Takes back what processes had not synced: what their disk would hold after a power cut.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace cairn::fault {

// What becomes of changes that were not synced.
enum class Unsynced {
  kLost,  // all of them
  kKept,  // none: as after the death of the process alone
  kMixed  // any pages of a file and any prefix of a directory's changes may have reached the disk
};

// Applies the undo log in `undo_directory` to the watched directories it is about, whose processes
// must be dead, and empties it. `seed` chooses what survives in a mix. As POSIX has it, the sync of
// a file does not cover its name: that is the sync of its directory's. A rename is whole, and
// durable with the directory it goes to. Bytes that did not reach a file that grew read as zeros.
// kDataLoss: the log or a change is not as the shim left it.
absl::Status CutPower(const std::vector<std::string>& watched, const std::string& undo_directory,
                      Unsynced fate, uint64_t seed);

}  // namespace cairn::fault
