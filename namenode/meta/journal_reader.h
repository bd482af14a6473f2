// Reads and checks the journal of one name directory: tells a torn tail from damage.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "common/types/ids.h"
#include "namenode/meta/journal_format.h"

namespace cairn::namenode {

// One segment as found on disk.
struct SegmentScan {
  std::string path;
  SegmentHeader header;
  Txid last_txid = 0;       // header.first_txid - 1 when it holds no transaction
  uint32_t last_crc = 0;    // CRC of the last valid batch, or header.previous_crc
  int64_t valid_bytes = 0;  // zeros behind it are reserved; anything else is a torn tail, which was
                            // never acknowledged
  int64_t file_bytes = 0;
  int64_t synced_bytes = 0;  // what journal_end says of it; 0: it names another
  bool torn = false;

  bool has_transactions() const { return last_txid >= header.first_txid; }
};

// The journal of a directory: a contiguous chain.
struct JournalScan {
  int64_t epoch = 0;  // of journal_state; 0: the directory has no journal yet
  std::vector<SegmentScan> segments;
  Txid last_txid = 0;  // 0 when there is no segment

  Txid first_txid() const { return segments.empty() ? 0 : segments.front().header.first_txid; }
};

// Receives each valid batch; `offset` is the header's place in the file. An error ends the scan.
using BatchVisitor = std::function<absl::Status(
    const std::string& path, int64_t offset, const BatchHeader& header, std::string_view payload)>;

// Scans every segment of `dir`. Zeros up to the end of a segment are what was reserved of it. An
// invalid suffix of the last segment with no valid batch behind it is a torn tail; everything else
// that is wrong (bad bytes, a missing segment, a break of the chain, another cluster's segment) is
// kDataLoss naming the file and the offset. `visit` may be empty; segments whose transactions are
// all <= `skip_through` are then checked and not visited.
absl::StatusOr<JournalScan> ScanJournal(FileSystem& fs, const std::string& dir,
                                        int32_t namespace_id, const BatchVisitor& visit = nullptr,
                                        Txid skip_through = 0);

}  // namespace cairn::namenode
