// Remembers what was to be saved.
#pragma once

#include <string>
#include <vector>

#include "common/threads.h"
#include "namenode/fsck/salvager.h"

namespace cairn::namenode::testing {

// Thread-safe.
class FakeSalvager : public Salvager {
 public:
  absl::Status Salvage(const Caller& caller, const std::string& path, const FileStatus&) override {
    MutexLock lock(mu_);
    saved_.push_back(caller.user + ":" + path);
    return result_;
  }
  // What the next calls answer.
  void SetResult(absl::Status result) {
    MutexLock lock(mu_);
    result_ = std::move(result);
  }
  // "user:path" of each call.
  std::vector<std::string> saved() const {
    MutexLock lock(mu_);
    return saved_;
  }

 private:
  mutable Mutex mu_;
  absl::Status result_ GUARDED_BY(mu_);
  std::vector<std::string> saved_ GUARDED_BY(mu_);
};

}  // namespace cairn::namenode::testing
