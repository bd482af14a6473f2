// The shim's knowledge within a process: its orders, and which descriptor is which file.
#pragma once

#include <cstddef>
#include <string>

#include "tests/fault/shim/control.h"

namespace cairn::fault {

// An open descriptor of a file that rules or the undo log may be about.
struct OpenFile {
  std::string path;  // absolute, as it was when opened
  bool watched = false;
  bool appending = false;  // O_APPEND
};

// What the rules say of one call. Delays are over when it is returned.
struct Verdict {
  int error = 0;
  bool short_write = false;
};

// The mapped control file; null without one.
ShimControl* Control();
Verdict Judge(CallKind kind, const std::string& path);

// Absolute form of `path` relative to `directory_fd`, by text alone.
std::string AbsolutePath(int directory_fd, const char* path);
bool IsWatched(const std::string& path);
// Whether the path's name is: that of a watched directory itself belongs to its parent, who is not
// watched.
bool IsWatchedName(const std::string& path);

// Thread-safe as long as nobody uses a descriptor that another thread closes.
void Track(int fd, OpenFile file);
void Untrack(int fd);
const OpenFile* Tracked(int fd);

}  // namespace cairn::fault
