// When the NameNode accepts changes: HDFS's safe mode.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace cairn::namenode {

// What safe mode looks at.
struct SafeModeInputs {
  bool loading = false;
  int64_t safe_blocks = 0;   // complete blocks with enough reported replicas
  int64_t total_blocks = 0;  // complete blocks
  int live_datanodes = 0;
  int64_t future_bytes = 0;  // in replicas of blocks this metadata never heard of
};

// On at start; ends by itself when blocks are loaded, the thresholds are met and the extension has
// passed. Beside that an administrator or lack of disk space may keep it on. Thread-compatible;
// times are monotonic milliseconds.
class SafeMode {
 public:
  struct Options {
    double threshold = 0.999;
    int64_t extension_ms = 30'000;
    int min_datanodes = 0;
    std::string host_name;
  };
  explicit SafeMode(const Options& options) : options_(options) {}

  bool on() const { return startup_ || manual_ || low_space_; }
  // The first safe mode, after start.
  bool startup() const { return startup_; }
  // Looks at the inputs again.
  void Update(const SafeModeInputs& inputs, int64_t now_ms);
  void Enter(bool for_lack_of_space);
  void SpaceReturned();
  // By an administrator. kIo while loading, and without `force` while future replicas are known.
  absl::Status Leave(bool force, const SafeModeInputs& inputs);
  // HDFS's text after the first line of a SafeModeException.
  std::string Tip(const SafeModeInputs& inputs, int64_t now_ms) const;

 private:
  int64_t BlocksNeeded(const SafeModeInputs& inputs) const;
  bool ThresholdsMet(const SafeModeInputs& inputs) const;
  std::string StartupTip(const SafeModeInputs& inputs, int64_t now_ms) const;

  const Options options_;
  bool startup_ = true;
  bool manual_ = false;
  bool low_space_ = false;
  int64_t extension_ends_ms_ = -1;  // -1: not in the extension
};

}  // namespace cairn::namenode
