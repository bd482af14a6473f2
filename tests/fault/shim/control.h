// What a test and the shim inside a daemon share: one mapped file a daemon.
#pragma once

#include <atomic>
#include <cstdint>

namespace cairn::fault {

// Calls of the C library that a rule can be about, as bits.
enum CallKind : uint32_t {
  kCallOpen = 1 << 0,
  kCallRead = 1 << 1,   // read, pread, readv, preadv, sendfile from a file
  kCallWrite = 1 << 2,  // write, pwrite, writev, pwritev, copy_file_range, fallocate
  kCallSync = 1 << 3,   // fsync, fdatasync, of directories too
  kCallTruncate = 1 << 4,
  kCallName = 1 << 5,    // rename, link, mkdir
  kCallUnlink = 1 << 6,  // unlink, rmdir
};

inline constexpr int kMaxRules = 8;
inline constexpr int kMaxRuleText = 240;

// One fault. Plain fields are written while `active` is 0.
struct ShimRule {
  std::atomic<uint32_t> active;
  uint32_t calls;                // bits of CallKind
  char prefix[kMaxRuleText];     // of the absolute path
  char contains[kMaxRuleText];   // anywhere in the path; empty: everything
  int32_t error;                 // errno of the failing call; 0: it is done
  int32_t short_write;           // 1: about half of the bytes are written
  int64_t delay_us;              // before the call
  uint32_t per_million;          // how likely each matching call is struck
  int64_t after;                 // matching calls spared first
  int64_t times;                 // calls struck at most; -1: no limit
  std::atomic<int64_t> matched;  // calls seen
  std::atomic<int64_t> struck;   // calls failed, cut or delayed
};

// The mapped file. All zero is a shim that does nothing.
struct ShimControl {
  std::atomic<int64_t> clock_offset_ms;  // added to the wall clock
  std::atomic<uint64_t> random;          // state of the rules' dice
  std::atomic<int64_t> loaded;           // processes that have mapped it so far
  std::atomic<int64_t> boots;            // of the machine; above 0 its boot id says so
  ShimRule rules[kMaxRules];
};

// Environment of a process under the shim.
inline constexpr char kShimControlVariable[] = "CAIRN_SHIM_CONTROL";  // path of the mapped file
inline constexpr char kShimSourceVariable[] = "CAIRN_SHIM_SOURCE";    // 127.x.y.z to connect from
// Directories (split by ':') whose un-synced changes are written down, and where.
inline constexpr char kShimWatchVariable[] = "CAIRN_SHIM_WATCH";
inline constexpr char kShimUndoVariable[] = "CAIRN_SHIM_UNDO";

}  // namespace cairn::fault
