// A file system that fails on command and can lose its power: what a machine's disk does once in a
// while, a test does every time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/file_system.h"
#include "common/random.h"
#include "common/threads.h"

namespace cairn {

// The calls a fault can be attached to: those of FileSystem, then those of File.
enum class FileOp {
  kOpen,
  kStat,
  kList,
  kCreateDirectories,
  kRemove,
  kRemoveRecursively,
  kRename,
  kLink,
  kSyncDirectory,
  kSpace,
  kAppend,
  kWriteAt,
  kReadAt,
  kTruncate,
  kSync,
  kSize
};

// One planned failure. `path_contains` is compared with the path of the call (either path of Rename
// and Link); empty matches all.
struct Fault {
  FileOp op = FileOp::kAppend;
  std::string path_contains;
  int after = 0;  // this many matching calls still succeed
  int times = 1;  // then this many fail; -1: all of them
  absl::Status error;

  // The two errors disks give most, with the codes the real file system uses for them.
  static Fault Eio(FileOp op, std::string path_contains, int after = 0, int times = 1);
  static Fault NoSpace(FileOp op, std::string path_contains, int after = 0, int times = 1);
};

// Wraps another FileSystem (which must outlive it). Thread-safe; its files as File says.
//
// Power cut: CutPower makes every later call fail, as for a process that no longer runs.
// RestorePower then rewinds the disk to what was durable (content as of the last Sync of the file,
// names as of the last SyncDirectory of their directory, a rename when the target's directory was
// synced) and lets new calls work; files opened before stay dead. Files and names that were there
// before this object first saw them count as durable. Removed and overwritten bytes are remembered
// in memory, so keep files small; the base is never asked to sync. As on Linux, what a Sync that
// failed should have written is not written by a later one, unless it was written to the file anew.
class FaultyFileSystem : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& base);
  ~FaultyFileSystem() override;

  void Inject(Fault fault);
  void ClearFaults();
  // Calls on paths that contain this, Space and Stat excepted, wait until Unhang: a disk that does
  // not answer (the system still knows what it knew of it).
  void Hang(const std::string& path_contains);
  void Unhang();
  // Calls of this kind so far, failed ones included.
  int64_t calls(FileOp op) const;

  void CutPower();
  // Cuts the power before the call that would be the (`changes` + 1)th from now to change or sync
  // something: a test that counts up visits every moment of an operation. Negative: never.
  void CutPowerAfter(int64_t changes);
  bool power_is_cut() const;
  // With `torn` every file keeps a random part of the bytes it appended since its last Sync, random
  // ones of its overwritten ranges and, perhaps, its smaller size; without, none.
  absl::Status RestorePower(Random* torn = nullptr);
  // Instead of RestorePower: only the process had died, the disk has everything.
  void RestartProcess();

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status CreateDirectories(const std::string& path) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status RemoveRecursively(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::StatusOr<SpaceInfo> Space(const std::string& path) override;

 private:
  class State;
  class FaultyFile;
  std::shared_ptr<State> state_;  // shared with open files, which may outlive this object
};

}  // namespace cairn
