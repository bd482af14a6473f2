// A block store in a temporary directory whose disk and clock a test controls.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/random.h"
#include "common/testing/faulty_file_system.h"
#include "common/testing/manual_clock.h"
#include "common/testing/temp_dir.h"
#include "common/threads.h"
#include "common/types/errors.h"
#include "datanode/store/block_store.h"
#include "datanode/store/storage_layout.h"

namespace cairn::datanode {

// Keeps every event. Thread-safe.
class RecordingListener : public StoreListener {
 public:
  void OnReplicaChange(const ReplicaChange& change) override {
    MutexLock lock(mu_);
    changes_.push_back(change);
  }
  void OnBadReplica(const Block& block, const std::string&, const std::string&) override {
    MutexLock lock(mu_);
    bad_.push_back(block);
  }
  void OnVolumeFailure(const VolumeFailure& failure) override {
    MutexLock lock(mu_);
    failures_.push_back(failure);
  }
  std::vector<ReplicaChange> TakeChanges() {
    MutexLock lock(mu_);
    return std::exchange(changes_, {});
  }
  std::vector<Block> TakeBad() {
    MutexLock lock(mu_);
    return std::exchange(bad_, {});
  }
  std::vector<VolumeFailure> TakeFailures() {
    MutexLock lock(mu_);
    return std::exchange(failures_, {});
  }

 private:
  Mutex mu_;
  std::vector<ReplicaChange> changes_ GUARDED_BY(mu_);
  std::vector<Block> bad_ GUARDED_BY(mu_);
  std::vector<VolumeFailure> failures_ GUARDED_BY(mu_);
};

// One volume "d0" unless a test changes `options` before Open.
class StoreTest : public ::testing::Test {
 public:
  static constexpr BlockId kId = 1073741825;
  static constexpr GenerationStamp kStamp = 1001;

 protected:
  StoreTest() {
    options.volumes = {{dir / "d0", StorageType::kDisk}};
    options.background = false;
    options.boot_id = "boot-1";
    options.stop_writer_timeout_ms = 5'000;
    options.scan_bytes_per_second = 1 << 30;
    options.directory_scan_entries_per_second = 1'000'000;
    options.deletions_per_second = 100'000;
  }
  ~StoreTest() override { store.reset(); }

  absl::Status TryOpen() {
    store.reset();
    auto opened = OpenBlockStore(options, pool, StoreEnv{fs, clock, random});
    if (!opened.ok()) return opened.status();
    store = *std::move(opened);
    store->SetListener(&listener);
    return absl::OkStatus();
  }
  void Open() {
    const absl::Status opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened;
  }

  static WriteRequest Request(BlockId id = kId, GenerationStamp stamp = kStamp,
                              GenerationStamp latest = 0) {
    WriteRequest request;
    request.block = Block{id, stamp, 0};
    request.latest_generation_stamp = latest;
    return request;
  }
  static WriteRequest Recovery(GenerationStamp latest, int64_t min, int64_t max) {
    WriteRequest request = Request(kId, kStamp, latest);
    request.min_bytes_received = min;
    request.max_bytes_received = max;
    return request;
  }
  // Different bytes everywhere, the same for the same seed.
  static std::string Bytes(size_t n, uint64_t seed = 1) { return Random(seed).Bytes(n); }

  // Writes `data` from `offset` in one packet with the sender's checksums.
  static absl::Status Put(ReplicaWriter& writer, int64_t offset, std::string_view data,
                          const DataChecksum& sender = DataChecksum(), bool verify = true) {
    return writer.Write(offset, data, sender.Compute(data), verify);
  }
  // A finalized, synced replica.
  void MakeFinalized(const std::string& data, BlockId id = kId, GenerationStamp stamp = kStamp) {
    auto writer = store->CreateRbw(Request(id, stamp));
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE(Put(**writer, 0, data).ok());
    ASSERT_TRUE((*writer)->Finalize(/*sync=*/true, "").ok());
  }
  // An RBW of `data` with `acked` bytes acked, its writer still attached.
  std::unique_ptr<ReplicaWriter> MakeRbw(const std::string& data, int64_t acked) {
    auto writer = store->CreateRbw(Request());
    EXPECT_TRUE(writer.ok()) << writer.status();
    EXPECT_TRUE(Put(**writer, 0, data).ok());
    (*writer)->SetBytesAcked(acked);
    return *std::move(writer);
  }
  // The whole replica, verified.
  absl::StatusOr<std::string> ReadAll(BlockId id = kId, GenerationStamp stamp = 0) {
    auto reader = store->OpenReader(Block{id, stamp, 0}, 0);
    if (!reader.ok()) return reader.status();
    std::string out(static_cast<size_t>((*reader)->block().num_bytes), '\0');
    const absl::Status read = (*reader)->ReadVerified(0, out.size(), out.data());
    if (!read.ok()) return read;
    return out;
  }

  // Waits for what the background does.
  template <typename Condition>
  void Eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }

  std::string OnlyStorage() { return store->Usage().at(0).storage_id; }
  PoolPaths Paths(const std::string& volume = "d0") {
    return PoolPaths(dir / volume, pool.pool_id);
  }
  void FlipByte(const std::string& path, int64_t offset) {
    auto file = PosixFileSystem().Open(path, OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok()) << file.status();
    char byte = 0;
    ASSERT_EQ(*(*file)->ReadAt(offset, 1, &byte), 1u);
    byte = static_cast<char>(byte ^ 1);
    ASSERT_TRUE((*file)->WriteAt(offset, std::string_view(&byte, 1)).ok());
  }
  void SetSize(const std::string& path, int64_t size) {
    auto file = PosixFileSystem().Open(path, OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Truncate(size).ok());
  }
  void WriteFile(const std::string& path, std::string_view content) {
    auto file = PosixFileSystem().Open(path, OpenMode::kCreateOrTruncate);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append(content).ok());
  }

  TempDir dir;
  FaultyFileSystem fs{PosixFileSystem()};
  ManualClock clock;
  Random random{7};
  StoreOptions options;
  PoolIdentity pool{"CID-1", "BP-1-127.0.0.1-1", 77, 1};
  RecordingListener listener;
  std::unique_ptr<BlockStore> store;
};

}  // namespace cairn::datanode
