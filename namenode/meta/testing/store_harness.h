// A MetaStore in temporary directories, with crashes and remembered failures, for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/file_system.h"
#include "common/testing/manual_clock.h"
#include "common/testing/temp_dir.h"
#include "common/threads.h"
#include "namenode/meta/meta_store.h"

namespace cairn::namenode {

// Thread-compatible. Everything is removed at the end of its scope.
class StoreHarness {
 public:
  // `dirs` name directories below a temporary one, on `fs` (the machine's disk when null). Nothing
  // is formatted yet.
  explicit StoreHarness(int dirs = 1, FileSystem* fs = nullptr);
  ~StoreHarness();

  // An identity that is the same in every harness.
  static ClusterIdentity Identity();

  absl::Status Format(std::vector<RowChange> rows = {}, bool force = false);
  // Opens, or opens again after Close or Crash.
  absl::Status Open();
  // Formats and opens; a failure fails the test.
  void Start(std::vector<RowChange> rows = {});
  void Close();
  // As SIGKILL: nothing is drained or flushed. Snapshots must be gone.
  void Crash();

  // Appends one transaction that sets the row `key` of the meta table, and returns its id.
  Txid Put(const std::string& key, const std::string& value);
  Txid Delete(const std::string& key);
  // Blocks until everything appended is durable, or the store has failed (then false).
  bool Sync();
  // The row's applied value; waits for everything appended. "(none)" when there is none, the
  // error's text after a failure.
  std::string Get(const std::string& key);

  MetaStore& store() { return *store_; }
  const std::string& dir(size_t i) const { return options.name_dirs[i]; }
  // The first fatal error; OK while there is none.
  absl::Status fatal() const;
  // Waits up to `seconds` for it.
  absl::Status WaitFatal(int seconds = 20) const;

  MetaStoreOptions options;  // may be changed before Format and Open
  ManualClock clock;
  FileSystem& fs;

 private:
  // Outlives the store: a callback may come late.
  struct Fatal {
    mutable Mutex mu;
    mutable CondVar told;
    absl::Status status GUARDED_BY(mu);
  };
  const TempDir temp_;
  std::shared_ptr<Fatal> fatal_ = std::make_shared<Fatal>();
  std::unique_ptr<MetaStore> store_;
};

}  // namespace cairn::namenode
