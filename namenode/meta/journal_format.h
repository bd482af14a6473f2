// Bytes of the journal: segment and batch headers, and the row changes of a batch
// (docs/storage_format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

inline constexpr size_t kSegmentHeaderBytes = 48;
inline constexpr size_t kBatchHeaderBytes = 48;
// Largest payload a reader accepts. Writers close a batch at kTargetBatchBytes, so that only one
// huge transaction can come near.
inline constexpr size_t kMaxBatchPayloadBytes = 256 << 20;
inline constexpr size_t kTargetBatchBytes = 4 << 20;
// Largest segment a reader accepts: a writer closes a segment at MetaStoreOptions::segment_bytes.
inline constexpr int64_t kMaxSegmentBytes = int64_t{4} << 30;

// The first bytes of a segment. All integers little-endian:
//   0 "CAIRNJNL" · 8 u32 version · 12 i32 namespace id · 16 i64 first txid · 24 i64 epoch ·
//   32 u32 CRC of the last batch before · 36 8 zero bytes · 44 u32 CRC32C of bytes 0..43
struct SegmentHeader {
  int32_t namespace_id = 0;
  Txid first_txid = 0;
  int64_t epoch = 0;
  uint32_t previous_crc = 0;  // what the first batch must name as its predecessor
};

// In front of a batch's payload. All integers little-endian:
//   0 "CJB1" · 4 u32 payload length · 8 i64 epoch · 16 i64 first txid · 24 i64 last txid ·
//   32 u32 CRC32C of the payload · 36 u32 CRC of the previous batch · 40 u32 zero sectors ·
//   44 u32 CRC32C of bytes 0..43
// The last field is "the CRC of the batch": it covers the payload's CRC and the predecessor's, so
// that equal CRCs mean equal histories. A batch with last = first - 1 and no payload is a marker:
// it proves that what is before it was synced.
struct BatchHeader {
  uint32_t payload_bytes = 0;
  int64_t epoch = 0;
  Txid first_txid = 0;
  Txid last_txid = 0;
  uint32_t payload_crc = 0;
  uint32_t previous_crc = 0;
  uint32_t zero_sectors = 0;  // CountZeroSectors of the whole batch
  uint32_t crc = 0;           // of this batch

  bool is_marker() const { return last_txid < first_txid; }
};

// How far the newest segment was synced, so that an end of it that is gone is missed.
// All integers little-endian:
//   0 "CAIRNEND" · 8 i64 first txid of the segment · 16 i64 bytes of it · 24 u32 zero ·
//   28 u32 CRC32C of bytes 0..27
struct JournalEnd {
  Txid segment = 0;
  int64_t synced_bytes = 0;
};
inline constexpr size_t kJournalEndBytes = 32;

std::string EncodeJournalEnd(const JournalEnd& end);
// Empty when `bytes` is anything else.
std::optional<JournalEnd> DecodeJournalEnd(std::string_view bytes);

std::string EncodeSegmentHeader(const SegmentHeader& header);
// Empty when `bytes` does not begin with a valid header.
std::optional<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

// Writes the kBatchHeaderBytes at `out` and sets header.crc.
void EncodeBatchHeader(BatchHeader& header, char* out);
// Empty when `bytes` does not begin with a header whose own CRC and fields are right; the payload
// is not looked at.
std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes);
// A whole batch at the front of `bytes`, payload CRC checked.
std::optional<BatchHeader> DecodeBatch(std::string_view bytes);

// Whether one flipped bit lies between the front of `bytes` and a whole valid batch. A disk does
// that; a write that a crash tore does not, but for a chance of one in 2^32 for each bit.
bool IsOneBitFromBatch(std::string_view bytes);

// In how many sectors (512 bytes, aligned in the file) that begin within a batch at `offset` of its
// file its bytes are zeros only. More than were written: what is missing is still the zeros that
// were reserved.
uint32_t CountZeroSectors(std::string_view batch, int64_t offset);

// Appends one transaction: varint count, then per change u8 (table | 0x80 for a deletion), varint
// key length, key, and unless deleted varint value length, value.
void AppendTransaction(const std::vector<RowChange>& changes, std::string& payload);

// A change inside a payload.
struct ChangeView {
  Txid txid = 0;
  Table table = Table::kMeta;
  std::string_view key;
  std::optional<std::string_view> value;
  bool repeated = false;  // in a ChangeSet: it replaces an earlier change of the same key
};
// Calls `change` for every change of the transactions [first, last], in order. kDataLoss when the
// payload is not exactly that many transactions; changes before the damage have been visited.
absl::Status ForEachChange(std::string_view payload, Txid first, Txid last,
                           absl::FunctionRef<void(const ChangeView&)> change);

}  // namespace cairn::namenode
