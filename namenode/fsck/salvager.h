// Saves what is left of damaged files.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/types/file_status.h"
#include "namenode/namespace/caller.h"

namespace cairn::namenode {

// Thread-safe.
class Salvager {
 public:
  virtual ~Salvager() = default;
  // Copies the readable blocks of the file, which has locations, below /lost+found as the caller: a
  // directory with the file's path, and in it one file for each run of consecutive readable blocks,
  // numbered from 0. kAlreadyExists: the directory is there, nothing was saved. kDataLoss:
  // everything was saved but blocks that have replicas and cannot be read; any other error: not
  // even that. Blocks.
  virtual absl::Status Salvage(const Caller& caller, const std::string& path,
                               const FileStatus& status) = 0;
};

}  // namespace cairn::namenode
