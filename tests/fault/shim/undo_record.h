// The undo log: how to take back what a process did to its watched directories and did not sync.
//
// Each record is written before the change it is about, so it is there whenever the change is.
// Records are only appended, by one process after another; a torn last one never had its change.
#pragma once

#include <cstdint>

namespace cairn::fault {

inline constexpr char kUndoLogName[] = "undo.log";
inline constexpr int64_t kUndoPageBytes = 4096;

// What a record says. `inode` is a file's for data and a directory's for names.
enum class UndoKind : uint32_t {
  kSize = 1,    // number: the file's size when it was first changed since its last sync
  kPage = 2,    // number: page index; text1: what it held below that size
  kSynced = 3,  // the file's data are on the disk
  kCreate = 4,  // text1: a name (file, directory or link) that was not there before
  kRemove = 5,  // text1: a name that goes; text2: a saved link to it, empty for a directory
  kRename = 6,  // text1 to text2; number: inode of what moves; text3: saved link to what text2 was
  kDirSynced = 7  // the directory's names are on the disk
};

// Followed by the bytes of text1, text2 and text3.
struct UndoHeader {
  UndoKind kind;
  uint32_t sizes[3];
  uint64_t inode;
  int64_t number;
};

}  // namespace cairn::fault
