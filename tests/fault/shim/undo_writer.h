// Writes the undo log of the watched directories, within the process that changes them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "tests/fault/shim/undo_record.h"

namespace cairn::fault {

// Hold mu() from before a call of Before… until the change is made: the log then has the order in
// which things happened. Ends the process when the log cannot be written.
class UndoWriter {
 public:
  // The process's one, or null when nothing is watched.
  static UndoWriter* Get();

  std::mutex& mu() { return mu_; }

  // [offset, offset + n) of the open file is about to be written, or to go if `size` shrinks.
  void BeforeChange(int fd, int64_t offset, int64_t n);
  void AfterSync(int fd, bool directory);
  // A sync failed: as on Linux, what was not yet on the disk will not get there by a later one.
  void SyncFailed(int fd);

  void BeforeCreate(const std::string& path);
  void BeforeRemove(const std::string& path);
  void BeforeRename(const std::string& from, const std::string& to);

 private:
  // A file with changes that are not on the disk.
  struct Dirty {
    int64_t size = 0;  // when last on the disk
    std::set<int64_t> saved_pages;
    bool lost = false;  // a sync of it failed
  };

  explicit UndoWriter(const std::string& directory);
  void Append(UndoKind kind, uint64_t inode, int64_t number, const std::string& text1 = "",
              const std::string& text2 = "", const std::string& text3 = "");
  // A second name for the file at `path`, or nothing for a directory or a missing file.
  std::string SaveLink(const std::string& path);

  std::mutex mu_;
  const std::string directory_;
  const int log_;
  std::map<uint64_t, Dirty> dirty_;
  int64_t saved_ = 0;
};

}  // namespace cairn::fault
