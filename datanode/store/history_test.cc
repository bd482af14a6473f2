// Long random lives of a block with crashes of every kind at any moment, the start after a crash
// included: what was promised is there, and what is there is what was written.
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class HistoryTest : public StoreTest, public ::testing::WithParamInterface<int> {
 protected:
  static constexpr int kSteps = 120;

  HistoryTest() : dice_(static_cast<uint64_t>(GetParam())) {
    options.volumes = {{dir / "d0", StorageType::kDisk}, {dir / "d1", StorageType::kArchive}};
  }
  // Ends before the store does.
  ~HistoryTest() override { writer_.reset(); }

  int64_t Length() const { return static_cast<int64_t>(data_.size()); }
  WriteRequest Next(int64_t min, int64_t max) {
    WriteRequest request = Request(id_, kStamp, stamp_ + 1);
    request.min_bytes_received = min;
    request.max_bytes_received = max;
    return request;
  }
  // What the block holds from now on, and how much of it is promised.
  void SetLength(int64_t bytes, bool durable) {
    data_.resize(static_cast<size_t>(bytes));
    durable_ = durable ? bytes : std::min(durable_, bytes);
  }

  // ---- Operations. Each may be cut short by the crash; then nothing but its beginning counts.

  void Create() {
    ++id_;
    stamp_ = kStamp;
    data_.clear();
    durable_ = 0;
    promised_ = false;
    auto writer = store->CreateRbw(Request(id_));
    if (writer.ok()) writer_ = *std::move(writer);
  }
  void Write() {
    const auto begin = static_cast<size_t>(Length() / 512 * 512);
    const std::string written = data_ + dice_.Bytes(1 + dice_.Uniform(700));
    if (!Put(*writer_, static_cast<int64_t>(begin), std::string_view(written).substr(begin)).ok()) {
      attempted_ = written;
      return;
    }
    data_ = written;
    writer_->SetBytesAcked(Length());
  }
  void Sync() {
    if (!writer_->Sync().ok()) return;
    durable_ = Length();
    promised_ = true;
  }
  void Finalize() {
    const bool sync = dice_.Uniform(2) == 0;
    if (writer_->Finalize(sync, "").ok() && (sync || promised_)) {
      durable_ = Length();
      promised_ = true;
    }
    writer_.reset();
  }
  void RecoverPipeline() {
    writer_.reset();
    auto writer = store->RecoverRbw(Next(Length(), Length()));
    ++stamp_;
    if (writer.ok()) writer_ = *std::move(writer);
  }
  void RecoverClose() {
    writer_.reset();
    const auto closed = store->RecoverClose(Next(Length(), Length()));
    ++stamp_;
    if (closed.ok() && promised_) durable_ = Length();
  }
  void Append() {
    auto writer = store->Append(Next(Length(), Length()));
    ++stamp_;
    if (!writer.ok()) return;
    writer_ = *std::move(writer);
  }
  // Of a lease, or a truncation.
  void Recover() {
    writer_.reset();
    const auto found = store->InitReplicaRecovery(Block{id_, kStamp, 0}, ++stamp_);
    if (!found.ok() || !*found) return;
    const int64_t length = (*found)->block.num_bytes;
    const int64_t target = dice_.Uniform(2) == 0 ? length : RandomLength(length);
    // From here on a crash may leave either.
    durable_ = std::min(durable_, target);
    kept_ = target;
    if (!store->UpdateReplicaUnderRecovery((*found)->block, stamp_, target).ok()) return;
    ASSERT_LE(target, Length());
    SetLength(target, /*durable=*/true);
    promised_ = true;
  }
  int64_t RandomLength(int64_t below) {
    return static_cast<int64_t>(dice_.Uniform(static_cast<uint64_t>(below) + 1));
  }
  void Move() {
    const auto info = store->Get(id_);
    if (!info.ok()) return;
    const bool moved = store
                           ->MoveToStorage({.block = info->block,
                                            .storage_type = info->storage_type == StorageType::kDisk
                                                                ? StorageType::kArchive
                                                                : StorageType::kDisk})
                           .ok();
    if (!moved) return;
    durable_ = Length();
    promised_ = true;
  }

  void Step() {
    attempted_.clear();
    kept_ = Length();
    if (writer_ != nullptr) {
      void (HistoryTest::*const while_written[])() = {
          &HistoryTest::Write,        &HistoryTest::Write,
          &HistoryTest::Write,        &HistoryTest::Sync,
          &HistoryTest::Sync,         &HistoryTest::Finalize,
          &HistoryTest::Finalize,     &HistoryTest::RecoverPipeline,
          &HistoryTest::RecoverClose, &HistoryTest::Recover};
      (this->*while_written[dice_.Uniform(std::size(while_written))])();
      return;
    }
    const auto info = store->Get(id_);
    if (!info.ok() || data_.size() > 20'000) return Create();
    if (info->state != ReplicaState::kFinalized) return Recover();
    void (HistoryTest::*const when_finalized[])() = {&HistoryTest::Append, &HistoryTest::Append,
                                                     &HistoryTest::Recover, &HistoryTest::Move};
    (this->*when_finalized[dice_.Uniform(std::size(when_finalized))])();
  }

  // ---- Crashes.

  // `power_was_cut`: by the crash before this one.
  void CrashAndOpen(bool power_was_cut = false) {
    const uint64_t kind = dice_.Uniform(4);
    const bool power = kind > 0 || power_was_cut;
    writer_.reset();
    store.reset();
    fs.CutPower();
    if (kind > 0) {
      ASSERT_TRUE(fs.RestorePower(kind > 1 ? &dice_ : nullptr).ok());
    } else {
      fs.RestartProcess();
    }
    if (dice_.Uniform(4) == 0) {
      // And again, while what the crash left is being looked at.
      fs.CutPowerAfter(static_cast<int64_t>(dice_.Uniform(12)));
      const absl::Status opened = TryOpen();
      if (fs.power_is_cut()) return CrashAndOpen(power);
      ASSERT_TRUE(opened.ok()) << opened;
      fs.CutPowerAfter(-1);
    } else {
      Open();
    }
    CheckAfter(power);
  }

  void CheckAfter(bool power) {
    const auto info = store->Get(id_);
    if (!info.ok()) {
      ASSERT_TRUE(!promised_ && (power || kept_ == 0)) << "it is gone: " << info.status();
      return Create();
    }
    const int64_t bytes = info->block.num_bytes;
    ASSERT_GE(bytes, power ? durable_ : kept_);
    const std::string& longest = attempted_.size() > data_.size() ? attempted_ : data_;
    ASSERT_LE(bytes, static_cast<int64_t>(longest.size()));
    data_ = longest.substr(0, static_cast<size_t>(bytes));
    if (info->state == ReplicaState::kWaitingToBeRecovered) {
      stamp_ = std::max(stamp_, info->block.generation_stamp) + 1;
      ASSERT_TRUE(store->InitReplicaRecovery(info->block, stamp_).ok());
      ASSERT_TRUE(store->UpdateReplicaUnderRecovery(info->block, stamp_, bytes).ok());
      promised_ = true;
      durable_ = bytes;
    }
    stamp_ = std::max(stamp_, store->Get(id_)->block.generation_stamp);
    const auto read = ReadAll(id_);
    if (!read.ok() && !promised_) return Create();  // an error, not a lie
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(*read, data_);
  }

  Random dice_;
  std::unique_ptr<ReplicaWriter> writer_;
  BlockId id_ = 0;
  GenerationStamp stamp_ = kStamp;
  std::string data_;       // what calls that returned have written
  std::string attempted_;  // the same with what a call that failed may have written
  int64_t kept_ = 0;       // bytes that must survive the end of the process
  int64_t durable_ = 0;    // bytes that must survive a power cut
  bool promised_ = false;  // the replica itself must
};

TEST_P(HistoryTest, KeepsEveryPromise) {
  SCOPED_TRACE(fmt::format("seed {}", GetParam()));
  Open();
  Create();
  for (int step = 0; step < kSteps; ++step) {
    SCOPED_TRACE(fmt::format("step {}", step));
    const bool crash = dice_.Uniform(4) == 0;
    if (crash) fs.CutPowerAfter(static_cast<int64_t>(dice_.Uniform(14)));
    Step();
    if (fs.power_is_cut()) {
      CrashAndOpen();
    } else if (crash) {
      fs.CutPowerAfter(-1);
    }
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HistoryTest, ::testing::Range(1, 13));

}  // namespace
}  // namespace cairn::datanode
