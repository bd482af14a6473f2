// Checkpoints: closed copies of RocksDB that, with the journal since, restore the namespace.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "common/types/ids.h"

namespace cairn::namenode {

// One file of a checkpoint, as its manifest has it.
struct CheckpointFile {
  std::string name;
  int64_t bytes = 0;
  uint32_t crc = 0;  // CRC32C
  friend bool operator==(const CheckpointFile&, const CheckpointFile&) = default;
};

// A checkpoint is <name directory>/checkpoints/<txid>: RocksDB's files and this manifest, a line
// "name bytes crc" per file. It is made under a temporary name and renamed when it is complete and
// synced.
inline constexpr std::string_view kCheckpointManifest = "CAIRN_MANIFEST";

// kDataLoss naming the manifest when it is damaged.
absl::StatusOr<std::vector<CheckpointFile>> ReadCheckpointManifest(FileSystem& fs,
                                                                   const std::string& path);
// Reads every byte; kDataLoss naming the first file that is not as the manifest says.
absl::Status VerifyCheckpoint(FileSystem& fs, const std::string& path);

// Where a new checkpoint of `dir` is put together.
std::string UnfinishedCheckpointPath(const std::string& dir);
// Removes what an interrupted checkpoint left.
absl::Status RemoveUnfinishedCheckpoints(FileSystem& fs, const std::string& dir);

// Turns RocksDB's files in UnfinishedCheckpointPath(dir) into the checkpoint of `txid`.
// `table_crcs` has the CRC32C each table file was written with, by name: kDataLoss naming the file
// when one has changed since, so that damage never gets a good manifest.
absl::Status FinishCheckpoint(FileSystem& fs, const std::string& dir, Txid txid,
                              const std::map<std::string, uint32_t>& table_crcs);
// Copies a finished checkpoint into another name directory. Files that the newest checkpoint there
// already has (same name, size and CRC) are linked instead. Every copied byte is checked.
absl::Status CopyCheckpoint(FileSystem& fs, const std::string& from_dir, Txid txid,
                            const std::string& to_dir);
// Copies a finished checkpoint's database to `rocks_path`, which must not exist.
absl::Status UnpackCheckpoint(FileSystem& fs, const std::string& checkpoint,
                              const std::string& rocks_path);
// Keeps the newest `retained`. Returns the oldest that is left, 0 when there is none.
absl::StatusOr<Txid> PruneCheckpoints(FileSystem& fs, const std::string& dir, int retained);

}  // namespace cairn::namenode
