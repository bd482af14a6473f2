// Checks a journal batch by batch.
#include "namenode/meta/journal_reader.h"

#include "common/status_macros.h"
#include "namenode/meta/name_dir.h"

namespace cairn::namenode {
namespace {

absl::Status Damaged(const std::string& path, size_t offset, std::string_view why) {
  return absl::DataLossError(
      fmt::format("journal segment {} is damaged at offset {}: {}", path, offset, why));
}

// Whether a sector of the batch at `offset` is still the zeros it was reserved as: a write that a
// crash tore leaves such sectors, a flipped bit does not.
bool LacksSector(std::string_view bytes, size_t offset) {
  const auto header = DecodeBatchHeader(bytes.substr(offset));
  if (!header) return false;
  const size_t size = kBatchHeaderBytes + header->payload_bytes;
  return CountZeroSectors(bytes.substr(offset, size), static_cast<int64_t>(offset)) >
         header->zero_sectors;
}

// Checks one segment's bytes.
class SegmentScanner {
 public:
  SegmentScanner(std::string path, std::string_view bytes, bool last, const BatchVisitor& visit)
      : bytes_(bytes), last_(last), visit_(visit) {
    scan_.path = std::move(path);
    scan_.file_bytes = static_cast<int64_t>(bytes.size());
  }

  absl::StatusOr<SegmentScan> Run() {
    const auto header = DecodeSegmentHeader(bytes_);
    if (!header) return Damaged(scan_.path, 0, "its header is invalid");
    scan_.header = *header;
    scan_.last_txid = header->first_txid - 1;
    scan_.last_crc = header->previous_crc;
    size_t offset = kSegmentHeaderBytes;
    while (offset < bytes_.size()) {
      const std::string_view rest = bytes_.substr(offset);
      const auto batch = DecodeBatch(rest);
      if (!batch) {
        if (rest.find_first_not_of('\0') == std::string_view::npos) break;  // reserved
        RETURN_IF_ERROR(CheckTornTail(offset));
        scan_.torn = true;
        break;
      }
      RETURN_IF_ERROR(CheckChain(*batch, offset));
      if (visit_) {
        RETURN_IF_ERROR(visit_(scan_.path, static_cast<int64_t>(offset), *batch,
                               rest.substr(kBatchHeaderBytes, batch->payload_bytes)));
      }
      scan_.last_txid = batch->last_txid;
      scan_.last_crc = batch->crc;
      offset += kBatchHeaderBytes + batch->payload_bytes;
    }
    scan_.valid_bytes = static_cast<int64_t>(std::min(offset, bytes_.size()));
    return scan_;
  }

 private:
  absl::Status CheckTornTail(size_t offset) const {
    if (!last_) return Damaged(scan_.path, offset, "invalid batch, and a later segment exists");
    const size_t behind = FindBatchBehind(offset);
    if (behind == std::string_view::npos) {
      if (LacksSector(bytes_, offset) || !IsOneBitFromBatch(bytes_.substr(offset))) {
        return absl::OkStatus();
      }
      return Damaged(scan_.path, offset, "a bit of its last batch is flipped");
    }
    return Damaged(scan_.path, offset,
                   fmt::format("invalid batch, and a valid one is behind it at {}", behind));
  }

  // Offset of a later batch of this segment behind the invalid one at `from`; npos when there is
  // none. What looks like a batch within another's payload is a user's bytes.
  size_t FindBatchBehind(size_t from) const {
    const auto header = DecodeBatchHeader(bytes_.substr(from));
    for (size_t at = from + (header ? kBatchHeaderBytes + header->payload_bytes : 1);; ++at) {
      at = bytes_.find("CJB1", at);
      if (at == std::string_view::npos) return at;
      const auto batch = DecodeBatch(bytes_.substr(at));
      if (batch && batch->epoch == scan_.header.epoch && batch->first_txid > scan_.last_txid) {
        return at;
      }
    }
  }

  absl::Status CheckChain(const BatchHeader& batch, size_t offset) const {
    if (batch.epoch != scan_.header.epoch) {
      return Damaged(scan_.path, offset,
                     fmt::format("a batch of epoch {} in a segment of epoch {}", batch.epoch,
                                 scan_.header.epoch));
    }
    if (batch.first_txid != scan_.last_txid + 1 || batch.previous_crc != scan_.last_crc) {
      return Damaged(
          scan_.path, offset,
          fmt::format("the batch of transactions {} to {} does not follow transaction {}",
                      batch.first_txid, batch.last_txid, scan_.last_txid));
    }
    return absl::OkStatus();
  }

  const std::string_view bytes_;
  const bool last_;
  const BatchVisitor& visit_;
  SegmentScan scan_;
};

// Whether `next` continues where `before` ends.
absl::Status CheckFollows(const SegmentScan& before, const SegmentScan& next) {
  if (next.header.first_txid != before.last_txid + 1) {
    return Damaged(
        next.path, 0,
        fmt::format("transactions {} to {} are missing: {} ends at {}", before.last_txid + 1,
                    next.header.first_txid - 1, before.path, before.last_txid));
  }
  if (next.header.previous_crc != before.last_crc || next.header.epoch < before.header.epoch) {
    return Damaged(next.path, 0, fmt::format("it does not continue {}", before.path));
  }
  return absl::OkStatus();
}

// What the directory says of its newest segment's end.
absl::StatusOr<JournalEnd> ReadJournalEnd(FileSystem& fs, const std::string& dir,
                                          const JournalState& state) {
  const std::string path = JournalEndPath(dir);
  const auto bytes = fs.ReadFile(path, kMaxTextFileBytes);
  if (absl::IsNotFound(bytes.status())) return absl::DataLossError(path + " is missing");
  RETURN_IF_ERROR(bytes.status());
  const auto end = DecodeJournalEnd(*bytes);
  if (!end) return absl::DataLossError(path + " is damaged: its checksum is wrong");
  if (end->segment < state.segment) {
    return absl::DataLossError(
        fmt::format("{} is not of this journal: it names segment {}, and {} segment {}", path,
                    end->segment, JournalStatePath(dir), state.segment));
  }
  return *end;
}

}  // namespace

absl::StatusOr<JournalScan> ScanJournal(FileSystem& fs, const std::string& dir,
                                        int32_t namespace_id, const BatchVisitor& visit,
                                        Txid skip_through) {
  JournalScan journal;
  ASSIGN_OR_RETURN(const JournalState state, ReadJournalState(fs, dir));
  journal.epoch = state.epoch;
  ASSIGN_OR_RETURN(const std::vector<Txid> names, ListSegments(fs, dir));
  JournalEnd end;
  if (state.epoch > 0) {
    ASSIGN_OR_RETURN(end, ReadJournalEnd(fs, dir, state));
    if (!std::binary_search(names.begin(), names.end(), end.segment)) {
      return absl::DataLossError(
          fmt::format("journal segment {} is missing", SegmentPath(dir, end.segment)));
    }
  }
  const BatchVisitor no_visit;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    const bool skip = !last && names[i + 1] <= skip_through + 1;
    const std::string path = SegmentPath(dir, names[i]);
    ASSIGN_OR_RETURN(const std::string bytes, fs.ReadFile(path, kMaxSegmentBytes));
    ASSIGN_OR_RETURN(SegmentScan scan,
                     SegmentScanner(path, bytes, last, skip ? no_visit : visit).Run());
    if (scan.header.first_txid != names[i]) {
      return Damaged(path, 0,
                     fmt::format("its header names transaction {}", scan.header.first_txid));
    }
    if (scan.header.namespace_id != namespace_id) {
      return Damaged(path, 0,
                     fmt::format("it belongs to namespace {}, not {}", scan.header.namespace_id,
                                 namespace_id));
    }
    if (names[i] == end.segment) scan.synced_bytes = end.synced_bytes;
    if (last && scan.valid_bytes < scan.synced_bytes) {
      return Damaged(path, static_cast<size_t>(scan.valid_bytes),
                     fmt::format("it ends here, and {} bytes of it were synced", end.synced_bytes));
    }
    if (!journal.segments.empty()) {
      RETURN_IF_ERROR(CheckFollows(journal.segments.back(), scan));
    }
    journal.last_txid = scan.last_txid;
    journal.segments.push_back(std::move(scan));
  }
  return journal;
}

}  // namespace cairn::namenode
