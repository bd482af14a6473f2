// A crash before every single change that an operation makes on the disk: of the process, of the
// power, and of the power with some of what was not synced written out.
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

enum class Crash { kProcess, kPower, kTornPower };

// What may be left of the replica.
struct Allowed {
  int64_t min_bytes = 0;  // promised before the crash
  std::vector<int64_t> finalized_lengths;
};

class StepCrashTest : public StoreTest, public ::testing::WithParamInterface<Crash> {
 protected:
  static constexpr int64_t kLength = 2'000;
  static constexpr GenerationStamp kLater = 1005;

  // Runs `prepare`, then `operation` with a crash before its n-th change, for every n until it gets
  // through, and checks what the next process finds.
  void CrashEverywhere(const Allowed& allowed, const std::function<void()>& prepare,
                       const std::function<void()>& operation) {
    for (int64_t step = 0;; ++step) {
      SCOPED_TRACE(fmt::format("crash before change {}", step));
      ASSERT_LT(step, 200) << "the operation never ends";
      store.reset();
      ASSERT_TRUE(PosixFileSystem().RemoveRecursively(dir / "d0").ok());
      Open();
      prepare();
      if (HasFatalFailure()) return;
      fs.CutPowerAfter(step);
      operation();
      const bool through = !fs.power_is_cut();
      writer_.reset();
      store.reset();
      fs.CutPower();
      Random torn(static_cast<uint64_t>(step) + 1);
      if (GetParam() == Crash::kProcess) {
        fs.RestartProcess();
      } else {
        ASSERT_TRUE(fs.RestorePower(GetParam() == Crash::kTornPower ? &torn : nullptr).ok());
      }
      Open();
      Check(allowed);
      if (HasFailure() || through) return;
    }
  }

  void Check(const Allowed& allowed) {
    auto info = store->Get(kId);
    ASSERT_TRUE(info.ok()) << info.status();
    const int64_t bytes = info->block.num_bytes;
    ASSERT_GE(bytes, allowed.min_bytes);
    ASSERT_LE(bytes, static_cast<int64_t>(data_.size()));
    ASSERT_TRUE(info->block.generation_stamp == kStamp || info->block.generation_stamp == kLater)
        << info->block.ToString();
    if (info->state == ReplicaState::kFinalized) {
      const auto& lengths = allowed.finalized_lengths;
      EXPECT_NE(std::find(lengths.begin(), lengths.end(), bytes), lengths.end())
          << "finalized with " << bytes;
    } else {
      ASSERT_EQ(info->state, ReplicaState::kWaitingToBeRecovered);
    }
    // The next recovery gets it, and reads what was written.
    const auto init = store->InitReplicaRecovery(info->block, kLater + 1);
    ASSERT_TRUE(init.ok()) << init.status();
    if (GetParam() == Crash::kProcess) {
      EXPECT_FALSE((*init)->may_have_lost_bytes) << "the death of a process takes nothing";
    }
    ASSERT_TRUE(store->UpdateReplicaUnderRecovery(info->block, kLater + 1, bytes).ok());
    const auto read = ReadAll();
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, data_.substr(0, static_cast<size_t>(bytes)));
    EXPECT_TRUE(listener.TakeBad().empty());
    for (const std::string& directory : {Paths().rbw(), Paths().tmp()}) {
      EXPECT_TRUE(PosixFileSystem().List(directory)->empty()) << directory;
    }
  }

  // Bytes [0, kLength) hsynced within a chunk, then `more` bytes that were only acknowledged.
  void PrepareSynced(int64_t more) {
    writer_ = MakeRbw(data_.substr(0, kLength), kLength);
    ASSERT_TRUE(writer_->Sync().ok());
    if (more == 0) return;
    ASSERT_TRUE(Put(*writer_, 1'536, std::string_view(data_).substr(1'536, 464 + more)).ok());
    writer_->SetBytesAcked(kLength + more);
  }
  WriteRequest Later(int64_t min, int64_t max) {
    WriteRequest request = Recovery(kLater, min, max);
    return request;
  }

  const std::string data_ = Bytes(4'000);
  std::unique_ptr<ReplicaWriter> writer_;
};

TEST_P(StepCrashTest, GrowingAndSyncing) {
  CrashEverywhere(
      {.min_bytes = kLength}, [&] { PrepareSynced(0); },
      [&] {
        for (const int64_t end : {2'010, 2'040, 2'500, 2'900}) {
          const int64_t begin = writer_->bytes_on_disk() / 512 * 512;
          const auto packet = std::string_view(data_).substr(begin, end - begin);
          if (!Put(*writer_, begin, packet).ok()) return;
          if (end == 2'040 && !writer_->Sync().ok()) return;
        }
      });
}

TEST_P(StepCrashTest, Finalizing) {
  CrashEverywhere(
      {.min_bytes = kLength, .finalized_lengths = {kLength + 100}}, [&] { PrepareSynced(100); },
      [&] { writer_->Finalize(true, "").IgnoreError(); });
}

TEST_P(StepCrashTest, Appending) {
  CrashEverywhere(
      {.min_bytes = kLength, .finalized_lengths = {kLength, 3'000}},
      [&] { MakeFinalized(data_.substr(0, kLength)); },
      [&] {
        auto writer = store->Append(Later(kLength, kLength));
        if (!writer.ok()) return;
        writer_ = *std::move(writer);
        if (!Put(*writer_, 1'536, data_.substr(1'536, 512)).ok()) return;
        if (!Put(*writer_, 2'048, data_.substr(2'048, 952)).ok()) return;
        writer_->Finalize(false, "").IgnoreError();
      });
}

TEST_P(StepCrashTest, RecoveringThePipeline) {
  CrashEverywhere(
      {.min_bytes = kLength},
      [&] {
        PrepareSynced(100);
        ASSERT_TRUE(Put(*writer_, 2'048, data_.substr(2'048, 900)).ok());  // not acknowledged
        writer_.reset();
      },
      [&] {
        auto writer = store->RecoverRbw(Later(kLength + 100, 4'000));
        if (!writer.ok()) return;
        writer_ = *std::move(writer);
        if (Put(*writer_, 2'048, data_.substr(2'048, 600)).ok()) writer_->Sync().IgnoreError();
      });
}

TEST_P(StepCrashTest, ClosingAfterAFailure) {
  CrashEverywhere(
      {.min_bytes = kLength, .finalized_lengths = {kLength + 100}},
      [&] {
        PrepareSynced(100);
        writer_.reset();
      },
      [&] { store->RecoverClose(Later(kLength + 100, kLength + 100)).IgnoreError(); });
}

TEST_P(StepCrashTest, RecoveringTheLeaseOfAnRbw) {
  CrashEverywhere(
      {.min_bytes = kLength, .finalized_lengths = {kLength}},
      [&] {
        PrepareSynced(900);
        writer_.reset();
      },
      [&] {
        const auto found = store->InitReplicaRecovery(Block{kId, kStamp, 0}, kLater);
        if (!found.ok() || !*found) return;
        store->UpdateReplicaUnderRecovery((*found)->block, kLater, kLength).IgnoreError();
      });
}

TEST_P(StepCrashTest, Truncating) {
  CrashEverywhere(
      {.min_bytes = 700, .finalized_lengths = {kLength, 700}},
      [&] { MakeFinalized(data_.substr(0, kLength)); },
      [&] {
        const auto found = store->InitReplicaRecovery(Block{kId, kStamp, 0}, kLater);
        if (!found.ok() || !*found) return;
        store->UpdateReplicaUnderRecovery((*found)->block, kLater, 700).IgnoreError();
      });
}

INSTANTIATE_TEST_SUITE_P(Crashes, StepCrashTest,
                         ::testing::Values(Crash::kProcess, Crash::kPower, Crash::kTornPower),
                         [](const auto& param_info) {
                           switch (param_info.param) {
                             case Crash::kProcess:
                               return "Process";
                             case Crash::kPower:
                               return "Power";
                             default:
                               return "TornPower";
                           }
                         });

}  // namespace
}  // namespace cairn::datanode
