// The journal alone: formats, torn tails against damage at every byte, mirrors, segments.
#include "namenode/meta/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/faulty_file_system.h"
#include "common/testing/temp_dir.h"
#include "namenode/meta/committer.h"
#include "namenode/meta/journal_reader.h"
#include "namenode/meta/name_dir.h"

namespace cairn::namenode {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kNamespaceId = 7;

// A journal of small batches in `count` fresh directories.
class JournalTest : public ::testing::Test {
 protected:
  void Start(int count = 1, int64_t segment_bytes = 1 << 20, Txid last = 0,
             int64_t reserve_bytes = 0) {
    dirs_.clear();
    for (int i = 0; i < count; ++i) {
      dirs_.push_back(temp_ / fmt::format("d{}", i));
      ASSERT_TRUE(fs_.CreateDirectories(dirs_.back()).ok());
    }
    auto journal = Journal::Start(fs_, dirs_, segment_bytes,
                                  {.namespace_id = kNamespaceId, .epoch = 1, .last_txid = last}, {},
                                  reserve_bytes);
    ASSERT_TRUE(journal.ok()) << journal.status();
    journal_ = *std::move(journal);
    last_ = last;
  }

  absl::Status Append(int transactions = 1) {
    Batch batch;
    for (int i = 0; i < transactions; ++i) {
      const Txid txid = last_ + 1 + i;
      AppendTransaction({{Table::kMeta, fmt::format("key{}", txid), fmt::format("v{}", txid)},
                         {Table::kLeases, fmt::format("gone{}", txid), std::nullopt}},
                        batch.record);
    }
    const absl::Status status = journal_->Append(last_ + 1, last_ + transactions, batch.record);
    last_ += transactions;
    return status;
  }

  absl::StatusOr<JournalScan> Scan(size_t dir = 0) {
    return ScanJournal(PosixFileSystem(), dirs_[dir], kNamespaceId);
  }
  // As after a power loss before the disk got what journal_end says of the segment's end.
  void ForgetEnd(Txid segment = 1) {
    Write(JournalEndPath(dirs_[0]), EncodeJournalEnd({segment, kSegmentHeaderBytes}));
  }
  std::string Segment(Txid first, size_t dir = 0) { return SegmentPath(dirs_[dir], first); }
  std::string Read(const std::string& path) { return *fs_.ReadFile(path, 1 << 24); }
  void Write(const std::string& path, const std::string& bytes) {
    const auto file = PosixFileSystem().Open(path, OpenMode::kCreateOrTruncate);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append(bytes).ok());
  }

  TempDir temp_;
  FaultyFileSystem fs_{PosixFileSystem()};
  std::vector<std::string> dirs_;
  std::unique_ptr<Journal> journal_;
  Txid last_ = 0;
};

TEST_F(JournalTest, WhatIsWrittenIsReadBack) {
  Start();
  ASSERT_TRUE(Append(3).ok());
  ASSERT_TRUE(Append(1).ok());
  ASSERT_TRUE(journal_->Mark().ok());
  ASSERT_TRUE(Append(2).ok());
  std::vector<std::string> seen;
  const auto visit = [&](const std::string&, int64_t, const BatchHeader& header,
                         std::string_view payload) {
    return ForEachChange(
        payload, header.first_txid, header.last_txid, [&](const ChangeView& change) {
          seen.push_back(
              fmt::format("{}:{}={}", change.txid, change.key, change.value.value_or("-")));
        });
  };
  const auto scan = ScanJournal(fs_, dirs_[0], kNamespaceId, visit);
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->last_txid, 6);
  EXPECT_EQ(scan->epoch, 1);
  ASSERT_EQ(seen.size(), 12u);
  EXPECT_EQ(seen[0], "1:key1=v1");
  EXPECT_EQ(seen[1], "1:gone1=-");
  EXPECT_EQ(seen[11], "6:gone6=-");
}

// Every prefix of a segment is what a power loss can leave: only its last batch may be lost.
TEST_F(JournalTest, ATruncationAtEveryByteIsATornTail) {
  Start();
  std::vector<size_t> ends = {kSegmentHeaderBytes};
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(Append().ok());
    ends.push_back(Read(Segment(1)).size());
  }
  ForgetEnd();
  const std::string whole = Read(Segment(1));
  for (size_t size = kSegmentHeaderBytes; size <= whole.size(); ++size) {
    Write(Segment(1), whole.substr(0, size));
    const auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << size << scan.status();
    const auto whole_batches = std::upper_bound(ends.begin(), ends.end(), size) - ends.begin() - 1;
    EXPECT_EQ(scan->last_txid, whole_batches) << size;
    EXPECT_EQ(scan->segments[0].valid_bytes, static_cast<int64_t>(ends[whole_batches]));
  }
}

// journal_end says how far the segment was synced: what was acknowledged does not vanish unnoticed.
TEST_F(JournalTest, ATruncationOfWhatWasSyncedIsDamage) {
  Start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Append().ok());
  const std::string whole = Read(Segment(1));
  for (size_t size = kSegmentHeaderBytes; size < whole.size(); ++size) {
    Write(Segment(1), whole.substr(0, size));
    EXPECT_THAT(Scan().status().ToString(),
                AllOf(HasSubstr(Segment(1)),
                      HasSubstr(fmt::format("{} bytes of it were synced", whole.size()))));
  }
  Write(Segment(1), whole + "more, which was not");
  EXPECT_EQ(Scan()->last_txid, 3);
}

TEST_F(JournalTest, AJournalEndThatIsDamagedMissingOrOfAnotherTimeIsRefusedByName) {
  Start(1, 100);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Append(2).ok());
  const std::string path = JournalEndPath(dirs_[0]);
  const std::string whole = Read(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    Write(path, flipped);
    EXPECT_THAT(Scan().status().ToString(), HasSubstr(path)) << at;
    Write(path, whole.substr(0, at));
    EXPECT_THAT(Scan().status().ToString(), HasSubstr(path)) << at;
  }
  ForgetEnd();
  EXPECT_THAT(Scan().status().ToString(), HasSubstr(path + " is not of this journal"));
  ASSERT_TRUE(fs_.Remove(path).ok());
  EXPECT_THAT(Scan().status().ToString(), HasSubstr(path + " is missing"));
  Write(path, whole);
  EXPECT_EQ(Scan()->last_txid, 6);
}

TEST_F(JournalTest, ATornTailOfZerosOrGarbageIsCut) {
  Start();
  ASSERT_TRUE(Append().ok());
  const std::string whole = Read(Segment(1));
  for (const std::string& tail :
       {std::string(1, '\0'), std::string(5000, '\0'), std::string(777, '\xff'),
        std::string("CJB1"), "CJB1" + std::string(100, 'x'), whole.substr(0, 60)}) {
    Write(Segment(1), whole + tail);
    const auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_EQ(scan->last_txid, 1);
    EXPECT_EQ(scan->segments[0].torn, tail.find_first_not_of('\0') != std::string::npos);
    EXPECT_EQ(scan->segments[0].valid_bytes, static_cast<int64_t>(whole.size()));
  }
}

constexpr int64_t kReserve = 8 << 10;

TEST_F(JournalTest, WhatIsReservedIsZerosUntilItIsWritten) {
  Start(1, 1 << 20, 0, kReserve);
  for (int i = 1; i <= 300; ++i) {
    ASSERT_TRUE(Append().ok());
    if (i % 50 != 0) continue;
    const auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << scan.status();
    const SegmentScan& segment = scan->segments[0];
    EXPECT_EQ(segment.last_txid, i);
    EXPECT_FALSE(segment.torn);
    EXPECT_GE(segment.file_bytes, segment.valid_bytes);
    EXPECT_LE(segment.file_bytes, segment.valid_bytes + kReserve);
  }
  journal_.reset();
  EXPECT_EQ(Scan()->segments[0].file_bytes, Scan()->segments[0].valid_bytes);
}

TEST_F(JournalTest, WhatFitsIsWrittenWhereNothingCanBeReserved) {
  Start(1, 1 << 20, 0, kReserve);
  fs_.Inject(Fault::NoSpace(FileOp::kWriteAt, Segment(1), /*after=*/1));  // behind the first batch
  ASSERT_TRUE(Append().ok());
  EXPECT_EQ(Scan()->segments[0].file_bytes, Scan()->segments[0].valid_bytes);
  ASSERT_TRUE(Append().ok());
  EXPECT_GT(Scan()->segments[0].file_bytes, Scan()->segments[0].valid_bytes);
  EXPECT_EQ(Scan()->last_txid, 2);
}

// A power loss leaves some sectors of the last batch as they were reserved.
TEST_F(JournalTest, ABatchThatIsTornWithinTheReserveIsCut) {
  constexpr size_t kSector = 512;
  Start(1, 1 << 20, 0, kReserve);
  ASSERT_TRUE(Append().ok());
  const auto before = static_cast<size_t>(Scan()->segments[0].valid_bytes);
  ASSERT_TRUE(Append(200).ok());
  const auto after = static_cast<size_t>(Scan()->segments[0].valid_bytes);
  ASSERT_GT(after, before + 4 * kSector);
  ForgetEnd();
  const std::string whole = Read(Segment(1));
  for (size_t sector = 0; sector < after; sector += kSector) {
    std::string torn = whole;
    const size_t begin = std::max(sector, before);
    torn.replace(begin, sector + kSector - begin, sector + kSector - begin, '\0');
    Write(Segment(1), torn);
    const auto scan = Scan();
    if (sector + kSector <= before) continue;
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_EQ(scan->last_txid, 1);
    EXPECT_TRUE(scan->segments[0].torn);
    EXPECT_EQ(scan->segments[0].valid_bytes, static_cast<int64_t>(before));
  }
}

TEST_F(JournalTest, AFlippedBitInABatchWithSectorsOfZerosIsDamage) {
  Start(1, 1 << 20, 0, kReserve);
  ASSERT_TRUE(Append().ok());
  const auto before = static_cast<size_t>(Scan()->segments[0].valid_bytes);
  std::string record(kBatchHeaderBytes, '\0');
  AppendTransaction({{Table::kXattrs, "zeros", std::string(2000, '\0')},
                     {Table::kMeta, "more", std::string(2000, 'x')}},
                    record);
  ASSERT_TRUE(journal_->Append(2, 2, record).ok());
  ForgetEnd();
  const std::string whole = Read(Segment(1));
  for (size_t at = before + kBatchHeaderBytes; at < before + record.size(); at += 97) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    Write(Segment(1), flipped);
    EXPECT_TRUE(absl::IsDataLoss(Scan().status())) << at;
  }
  for (size_t sector = (before / 512 + 1) * 512; sector + 512 <= before + record.size();
       sector += 512) {
    std::string torn = whole;
    torn.replace(sector, 512, 512, '\0');
    if (torn == whole) continue;
    Write(Segment(1), torn);
    const auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_TRUE(scan->segments[0].torn);
  }
}

// The sector that is missing may hold but the last bytes of the batch, with one bit set among them.
TEST_F(JournalTest, ABatchThatLacksItsLastFewBytesIsTorn) {
  for (size_t beyond = 1; beyond <= 8; ++beyond) {
    Start(1, 1 << 20, 0, kReserve);
    std::string record(kBatchHeaderBytes, '\0');
    const size_t overhead = [] {
      std::string empty;
      AppendTransaction({{Table::kMeta, "k", std::string(300, 'x')}}, empty);
      return empty.size() - 300;
    }();
    std::string value(512 + beyond - kSegmentHeaderBytes - kBatchHeaderBytes - overhead, 'x');
    std::fill(value.end() - 8, value.end(), '\0');
    value.back() = 0x10;
    AppendTransaction({{Table::kMeta, "k", value}}, record);
    ASSERT_EQ(kSegmentHeaderBytes + record.size(), 512 + beyond);
    ASSERT_TRUE(journal_->Append(1, 1, record).ok());
    ForgetEnd();
    std::string torn = Read(Segment(1));
    std::fill(torn.begin() + 512, torn.end(), '\0');
    Write(Segment(1), torn);
    const auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_TRUE(scan->segments[0].torn) << beyond;
    journal_.reset();
    ASSERT_TRUE(fs_.RemoveRecursively(dirs_[0]).ok());
  }
}

// Extended attributes hold any bytes.
TEST_F(JournalTest, WhatLooksLikeABatchWithinATornOneIsNone) {
  Start(1, 1 << 20, 0, kReserve);
  ASSERT_TRUE(Append().ok());
  const auto before = static_cast<size_t>(Scan()->segments[0].valid_bytes);
  for (const int64_t epoch : {1, 9}) {
    BatchHeader marker{.epoch = epoch, .first_txid = 5, .last_txid = 4};
    std::string bytes(kBatchHeaderBytes, '\0');
    EncodeBatchHeader(marker, bytes.data());
    std::string record(kBatchHeaderBytes, '\0');
    AppendTransaction(
        {{Table::kXattrs, "batch", bytes}, {Table::kMeta, "more", std::string(4000, 'x')}}, record);
    BatchHeader header{.payload_bytes = static_cast<uint32_t>(record.size() - kBatchHeaderBytes),
                       .epoch = 1,
                       .first_txid = 2,
                       .last_txid = 2};
    EncodeBatchHeader(header, record.data());
    std::string whole = Read(Segment(1)).substr(0, before) + record;
    std::fill(whole.begin() + static_cast<ptrdiff_t>(before + 2048), whole.end(), '\0');
    ForgetEnd();
    Write(Segment(1), whole);
    const auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_TRUE(scan->segments[0].torn);
    EXPECT_EQ(scan->last_txid, 1);
  }
}

TEST_F(JournalTest, ZerosInPlaceOfASyncedBatchAreDamage) {
  Start(1, 1 << 20, 0, kReserve);
  ASSERT_TRUE(Append().ok());
  const auto before = static_cast<size_t>(Scan()->segments[0].valid_bytes);
  ASSERT_TRUE(Append().ok());
  std::string bytes = Read(Segment(1));
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(before), bytes.end(), '\0');
  Write(Segment(1), bytes);
  EXPECT_THAT(Scan().status().ToString(), HasSubstr("bytes of it were synced"));
}

TEST_F(JournalTest, AClosedSegmentMayEndWithWhatWasReserved) {
  Start(1, 1 << 20, 0, kReserve);
  ASSERT_TRUE(Append().ok());
  ASSERT_TRUE(Append().ok());
  ASSERT_TRUE(journal_->Roll().ok());
  ASSERT_TRUE(Append().ok());
  const std::string closed = Read(Segment(1));
  EXPECT_EQ(Scan()->segments[0].valid_bytes, static_cast<int64_t>(closed.size()));
  Write(Segment(1), closed + std::string(kReserve, '\0'));  // the cut was not on the disk
  ASSERT_TRUE(Scan().ok()) << Scan().status();
  EXPECT_EQ(Scan()->last_txid, 3);
  // But nothing of it is missing: the next segment tells.
  std::string without_end = closed;
  std::fill(without_end.begin() + static_cast<ptrdiff_t>(closed.size() - 2 * kBatchHeaderBytes),
            without_end.end(), '\0');
  Write(Segment(1), without_end);
  EXPECT_FALSE(Scan().ok());
}

// A flipped bit never passes for a torn tail, be it in the last record.
TEST_F(JournalTest, AFlippedBitAtEveryByteIsDamage) {
  Start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Append(2).ok());
  for (const bool marked : {false, true}) {
    if (marked) ASSERT_TRUE(journal_->Mark().ok());
    ForgetEnd();
    const std::string whole = Read(Segment(1));
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const int bit : {0, 3, 7}) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        Write(Segment(1), flipped);
        const auto scan = Scan();
        ASSERT_FALSE(scan.ok()) << at;
        EXPECT_EQ(scan.status().code(), absl::StatusCode::kDataLoss);
        EXPECT_THAT(std::string(scan.status().message()), HasSubstr(Segment(1)));
        EXPECT_THAT(std::string(scan.status().message()), HasSubstr("offset"));
      }
    }
    Write(Segment(1), whole);
  }
}

// What a disk does not do to one bit alone may be a torn write.
TEST_F(JournalTest, TwoFlippedBitsInTheLastBatchAreATornTail) {
  Start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Append(2).ok());
  ForgetEnd();
  const std::string whole = Read(Segment(1));
  for (size_t at = 1; at < 30; ++at) {
    std::string flipped = whole;
    flipped[whole.size() - at] = static_cast<char>(flipped[whole.size() - at] ^ 0x21);
    Write(Segment(1), flipped);
    const auto scan = Scan();
    ASSERT_TRUE(scan.ok()) << at << scan.status();
    EXPECT_EQ(scan->last_txid, 4);
  }
}

TEST_F(JournalTest, AFlippedBitAnywhereInAClosedSegmentIsDamage) {
  Start(1, 100);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(Append(2).ok());
  const auto names = *ListSegments(fs_, dirs_[0]);
  ASSERT_GT(names.size(), 2u);
  const std::string path = Segment(names[1]);
  const std::string whole = Read(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    Write(path, flipped);
    const auto scan = Scan();
    ASSERT_FALSE(scan.ok()) << at;
    EXPECT_THAT(std::string(scan.status().message()), HasSubstr(path));
  }
}

TEST_F(JournalTest, MissingTruncatedAndForeignSegmentsAreDamage) {
  Start(1, 100);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(Append(2).ok());
  const auto names = *ListSegments(fs_, dirs_[0]);
  for (size_t i = 1; i < names.size(); ++i) {
    const std::string path = Segment(names[i]);
    const std::string whole = Read(path);
    ASSERT_TRUE(fs_.Remove(path).ok());
    EXPECT_FALSE(Scan().ok()) << path;
    Write(path, whole.substr(0, 20));
    EXPECT_FALSE(Scan().ok()) << path;
    Write(path, whole);
  }
  EXPECT_TRUE(Scan().ok());
  EXPECT_THAT(ScanJournal(fs_, dirs_[0], 99).status().ToString(), HasSubstr("namespace 7, not 99"));
}

TEST_F(JournalTest, TheOldestSegmentsCanBeDeleted) {
  Start(2, 100);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(Append(2).ok());
  const auto before = *ListSegments(fs_, dirs_[0]);
  journal_->DeleteThrough(7);
  for (size_t dir = 0; dir < 2; ++dir) {
    const auto after = *ListSegments(fs_, dirs_[dir]);
    EXPECT_LT(after.size(), before.size());
    EXPECT_LE(after.front(), 8);
    const auto scan = Scan(dir);
    ASSERT_TRUE(scan.ok()) << scan.status();
    EXPECT_EQ(scan->last_txid, 16);
  }
  journal_->DeleteThrough(1000);  // never the newest
  EXPECT_EQ(ListSegments(fs_, dirs_[0])->size(), 1u);
  EXPECT_TRUE(Append().ok());
}

TEST_F(JournalTest, MirrorsAreEqual) {
  Start(3, 200);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append().ok());
  const auto names = *ListSegments(fs_, dirs_[0]);
  for (const Txid name : names) {
    EXPECT_EQ(Read(Segment(name, 0)), Read(Segment(name, 1)));
    EXPECT_EQ(Read(Segment(name, 0)), Read(Segment(name, 2)));
  }
}

TEST_F(JournalTest, AFailingDirectoryIsDroppedAndTheOthersGoOn) {
  for (const FileOp op : {FileOp::kWriteAt, FileOp::kSync}) {
    TempDir fresh;
    Start(2);
    ASSERT_TRUE(Append().ok());
    fs_.Inject(Fault::NoSpace(op, dirs_[0] + "/journal_", 0, -1));
    ASSERT_TRUE(Append().ok());
    fs_.ClearFaults();  // it stays dropped
    ASSERT_TRUE(Append().ok());
    ASSERT_EQ(journal_->FailedDirectories().size(), 1u);
    EXPECT_THAT(journal_->FailedDirectories()[0], HasSubstr(dirs_[0]));
    EXPECT_EQ(Scan(1)->last_txid, 3);
    EXPECT_LE(Scan(0)->last_txid, 2);
    ASSERT_TRUE(fs_.RemoveRecursively(dirs_[0]).ok());
    ASSERT_TRUE(fs_.RemoveRecursively(dirs_[1]).ok());
  }
}

// Whichever was dropped last has everything.
TEST_F(JournalTest, WithoutAHealthyDirectoryNoneIsMarkedAsBehind) {
  Start(2);
  ASSERT_TRUE(Append().ok());
  journal_->Drop(dirs_[0], absl::DataLossError("first"));
  ASSERT_TRUE(Append().ok());
  journal_->Drop(dirs_[1], absl::DataLossError("second"));
  EXPECT_FALSE(journal_->KeepMarked(dirs_[1]).ok());
  EXPECT_FALSE(fs_.Exists(BehindPath(dirs_[1])));
  EXPECT_FALSE(journal_->CopyClosedSegments(dirs_[1]).ok());
}

TEST_F(JournalTest, TheLastDirectorysFailureIsAnError) {
  Start(2);
  fs_.Inject(Fault::Eio(FileOp::kSync, "journal_", 0, -1));
  const absl::Status status = Append();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(Append().ok());
}

TEST_F(JournalTest, AFailedRollDropsTheDirectory) {
  Start(2, 100);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Append(2).ok());
  fs_.Inject(Fault::NoSpace(FileOp::kOpen, dirs_[1] + "/journal_", 0, -1));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Append(2).ok());
  EXPECT_EQ(journal_->FailedDirectories().size(), 1u);
  EXPECT_EQ(Scan(0)->last_txid, 12);
}

TEST_F(JournalTest, ALostDirectoryIsNotMadeUpByARoll) {
  Start(2, 100);
  ASSERT_TRUE(Append(2).ok());
  ASSERT_TRUE(fs_.RemoveRecursively(dirs_[1]).ok());
  ASSERT_TRUE(fs_.CreateDirectories(dirs_[1]).ok());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Append(2).ok());
  ASSERT_EQ(journal_->FailedDirectories().size(), 1u);
  EXPECT_THAT(journal_->FailedDirectories()[0], HasSubstr(dirs_[1]));
  EXPECT_TRUE(fs_.List(dirs_[1])->empty());
  EXPECT_EQ(Scan(0)->last_txid, 10);
}

TEST_F(JournalTest, UndecodableTransactionsAreRefused) {
  const auto none = [](const ChangeView&) {};
  std::string payload;
  AppendTransaction({{Table::kMeta, "k", "v"}}, payload);
  EXPECT_TRUE(ForEachChange(payload, 5, 5, none).ok());
  EXPECT_FALSE(ForEachChange(payload, 5, 6, none).ok());        // a transaction short
  EXPECT_FALSE(ForEachChange(payload + "x", 5, 5, none).ok());  // bytes left over
  for (size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(ForEachChange(payload.substr(0, size), 5, 5, none).ok());
  }
  std::string bad_table = payload;
  bad_table[1] = kTableCount;
  EXPECT_FALSE(ForEachChange(bad_table, 5, 5, none).ok());
  EXPECT_FALSE(ForEachChange(std::string(9, '\xff') + '\x01', 1, 1, none).ok());  // a huge count
}

}  // namespace
}  // namespace cairn::namenode
