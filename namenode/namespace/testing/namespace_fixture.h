// A namespace over a store in memory or on disk and a fake block manager, with calls that wait: for
// the tests of the engine and of every operation, at each size of the cache.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/manual_clock.h"
#include "namenode/meta/testing/store_harness.h"
#include "namenode/namespace/namespace_impl.h"
#include "namenode/namespace/testing/fake_block_manager.h"
#include "namenode/namespace/testing/memory_meta_store.h"

namespace cairn::namenode {

// The caches every test of the namespace runs with.
enum class CacheSize { kNone, k64Entries, kDefault };
NamespaceOptions OptionsFor(CacheSize size);
std::string CacheSizeName(const ::testing::TestParamInfo<CacheSize>& info);

// Which MetaStore is below.
enum class StoreKind { kMemory, kDisk };

// Thread-compatible, but the namespace() may be called from any thread. Background threads are not
// started: Purge and ExpireReplies do their work when told.
class TestNamespace {
 public:
  explicit TestNamespace(CacheSize size = CacheSize::kDefault, StoreKind kind = StoreKind::kMemory);
  TestNamespace(NamespaceOptions options, StoreKind kind);
  ~TestNamespace();

  // As after SIGKILL: goes on with what was durable, with a new block manager that has all rows.
  void Restart();

  NamespaceImpl& ns() { return *ns_; }
  FakeBlockManager& blocks() { return *blocks_; }
  ManualClock& clock() { return harness_ ? harness_->clock : clock_; }
  MetaStore& store();
  // Only with StoreKind::kMemory.
  MemoryMetaStore& memory() { return *memory_; }
  // What is durable; only with StoreKind::kMemory.
  const MapSnapshot& disk() const { return disk_->rows; }
  const NamespaceOptions& options() const { return options_; }

  // The superuser, and an ordinary user whose only group has the same name. Neither call is
  // remembered.
  static Caller Root();
  static Caller User(const std::string& name);
  // `caller` with a call id to be remembered; `client` is one letter.
  static Caller Remembered(Caller caller, char client, int64_t call_id);

  // Waits for the result of one asynchronous call: Sync<bool>([&](auto done) { ns.Mkdirs(…,
  // std::move(done)); }).
  template <typename Result>
  static absl::StatusOr<Result> Sync(std::function<void(Done<Result>)> call) {
    std::promise<absl::StatusOr<Result>> promise;
    auto result = promise.get_future();
    call([&promise](absl::StatusOr<Result> value) { promise.set_value(std::move(value)); });
    return result.get();
  }
  static absl::Status SyncVoid(std::function<void(DoneVoid)> call) {
    std::promise<absl::Status> promise;
    auto result = promise.get_future();
    call([&promise](absl::Status value) { promise.set_value(std::move(value)); });
    return result.get();
  }

  // Frequent calls, waited for, by the superuser unless given.
  absl::StatusOr<bool> Mkdirs(const std::string& path, const Caller& caller = Root());
  absl::StatusOr<FileStatus> Create(const std::string& path, const std::string& client = "writer",
                                    const Caller& caller = Root());
  // Appends a block of `length` bytes to a file being written; it is committed by the next call.
  absl::StatusOr<LocatedBlock> AddBlock(const std::string& path, const std::string& client,
                                        std::optional<ExtendedBlock> previous = std::nullopt,
                                        const Caller& caller = Root());
  absl::StatusOr<bool> Complete(const std::string& path, const std::string& client,
                                std::optional<ExtendedBlock> last = std::nullopt,
                                const Caller& caller = Root());
  // Creates a closed file of `blocks` blocks of `block_length` bytes.
  absl::Status WriteFile(const std::string& path, int blocks = 0, int64_t block_length = 1 << 20,
                         const Caller& caller = Root());
  absl::StatusOr<bool> Delete(const std::string& path, bool recursive = true,
                              const Caller& caller = Root());
  absl::StatusOr<bool> Rename(const std::string& from, const std::string& to,
                              const Caller& caller = Root());
  absl::StatusOr<std::optional<FileStatus>> GetFileInfo(const std::string& path,
                                                        const Caller& caller = Root());
  // All names of a directory, over as many pages as needed; "(missing)" for a missing path.
  std::vector<std::string> List(const std::string& path, const Caller& caller = Root());
  int64_t InodeCount();
  // Reclaims everything deleted; returns the number of steps.
  int Purge();

 private:
  void Open();

  const NamespaceOptions options_;
  ManualClock clock_;
  std::unique_ptr<StoreHarness> harness_;  // kDisk
  std::shared_ptr<MemoryDisk> disk_;       // kMemory
  std::unique_ptr<MemoryMetaStore> memory_;
  std::unique_ptr<FakeBlockManager> blocks_;
  std::unique_ptr<NamespaceImpl> ns_;
};

}  // namespace cairn::namenode
