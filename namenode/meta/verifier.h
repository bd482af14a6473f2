// The background pass that reads RocksDB's table files for damage nobody has met yet.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "common/file_system.h"
#include "common/threads.h"
#include "namenode/meta/rocks.h"

namespace cairn::namenode {

// Compares every live table file with the checksum RocksDB recorded when it wrote it: a pass at
// start and then one after each pause. Thread-safe.
class Verifier {
 public:
  // `failure` hears of damage. `fs` must outlive this.
  Verifier(std::shared_ptr<RocksTables> tables, FileSystem& fs, int64_t bytes_per_second,
           int64_t pause_ms, std::function<void(const absl::Status&)> on_damage);
  // Stops within a fraction of a second.
  ~Verifier();

 private:
  void Run();
  absl::Status VerifyAll();
  absl::Status VerifyFile(const TableFile& table);
  // Sleeps for what `bytes` may take; false when stopping.
  bool Pace(size_t bytes);
  bool Sleep(int64_t ms);

  const std::shared_ptr<RocksTables> tables_;
  FileSystem& fs_;
  const int64_t bytes_per_second_;
  const int64_t pause_ms_;
  const std::function<void(const absl::Status&)> on_damage_;
  int64_t debt_bytes_ = 0;  // read and not yet slept for; the thread's
  Mutex mu_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace cairn::namenode
