// Finds out at start which replicas a volume has, and repairs what a crash left half done.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/file_system.h"
#include "datanode/store/volume.h"

namespace cairn::datanode {

// What a load found beside good replicas.
struct LoadFindings {
  struct Bad {
    Block block;
    std::string reason;
  };
  std::vector<Bad> bad;            // replicas that are there but damaged
  std::vector<std::string> stray;  // files that belong to no replica; left where they are
};

// Loads `volume`: empties tmp; FINALIZED replicas stay what they are; those in rbw become RWR, cut
// to their last valid checksum, or stay RBW when the former process announced its return
// (restart_file.h) for not before `now_ms` (wall clock). Of an RWR that may have lost bytes,
// because the machine runs under another boot id than `boot_id` was at the last start or because
// its files are damaged, the valid beginning counts, and the boot record keeps that until it goes;
// one whose checksums are lost altogether has no byte, and its files stay as they are. Pairs that a
// crash put into two directories are joined again; meta files without block are removed. A block
// file without meta file is a replica with stamp 0, as in HDFS: the NameNode calls it corrupt and
// has it replaced. A replica that cannot be read is a finding; other errors are the disk's, or
// kUnavailable when the process lacks descriptors or memory.
absl::Status LoadVolume(FileSystem& fs, Volume& volume, int64_t now_ms, const std::string& boot_id,
                        LoadFindings& findings);

// Where two volumes have the same block, keeps the replica with the higher stamp, then the longer
// one, then the finalized one, and deletes the other.
absl::Status ResolveDuplicates(FileSystem& fs, const std::vector<std::shared_ptr<Volume>>& volumes);

}  // namespace cairn::datanode
