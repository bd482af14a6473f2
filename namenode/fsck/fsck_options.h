// What fsck is asked, whatever front end brings the question.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cairn::namenode {

// The names are those of HDFS's options.
struct FsckOptions {
  bool files = false;
  bool blocks = false;
  bool locations = false;
  bool racks = false;
  bool replica_details = false;
  bool upgrade_domains = false;
  bool maintenance = false;
  bool storage_policies = false;
  bool open_for_write = false;
  bool show_progress = false;  // has no effect any more, which is said
  bool move = false;           // copy what is left of damaged files to /lost+found
  bool remove = false;         // -delete: delete damaged files
  bool replicate = false;      // have badly placed blocks replicated
  // Only a page of the blocks without a good replica, no check; the page begins after so many.
  bool list_corrupt_file_blocks = false;
  int64_t start_block_after = 0;
  // -blockId: only these blocks, names separated by spaces.
  std::optional<std::string> block_ids;
};

// How a check ended. The words at the end of its text tell HDFS's client the same.
enum class FsckOutcome { kHealthy, kCorrupt, kNotFound, kFailed };

}  // namespace cairn::namenode
