// Journal bytes to structs and back.
#include "namenode/meta/journal_format.h"

#include <cstring>

#include "common/coding.h"
#include "common/crc32c.h"

namespace cairn::namenode {
namespace {

constexpr std::string_view kSegmentMagic = "CAIRNJNL";
constexpr std::string_view kBatchMagic = "CJB1";
constexpr std::string_view kEndMagic = "CAIRNEND";
constexpr uint32_t kJournalVersion = 1;
constexpr size_t kHeaderCrcOffset = 44;
constexpr size_t kEndCrcOffset = 28;
constexpr uint8_t kDeletedBit = 0x80;

static_assert(kSegmentHeaderBytes == kHeaderCrcOffset + 4 && kBatchHeaderBytes == 48);
static_assert(kJournalEndBytes == kEndCrcOffset + 4);

// CRC32C's register after a zero byte.
uint32_t AfterZeroByte(uint32_t crc) {
  constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected
  for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
  return crc;
}

// Whether the CRCs of two texts of `size` bytes that differ in one bit can differ by `difference`:
// CRCs are linear, so that it is the CRC of that bit and the zeros behind it.
bool IsCrcOfOneBit(uint32_t difference, size_t size) {
  uint32_t crcs[8];  // of the flipped bit and as many zero bytes as were looked at
  for (uint32_t bit = 0; bit < 8; ++bit) crcs[bit] = AfterZeroByte(1u << bit);
  for (size_t zeros = 0; zeros < size; ++zeros) {
    for (uint32_t& crc : crcs) {
      if (crc == difference) return true;
      crc = AfterZeroByte(crc);
    }
  }
  return false;
}

// Whether what stands at `offset` is the CRC of the bytes before.
bool CrcIsRight(std::string_view bytes, size_t offset) {
  return Crc32c(bytes.substr(0, offset)) == GetLittleEndian<uint32_t>(bytes.data() + offset);
}

}  // namespace

std::string EncodeJournalEnd(const JournalEnd& end) {
  std::string out(kEndMagic);
  PutLittleEndian(out, end.segment);
  PutLittleEndian(out, end.synced_bytes);
  PutLittleEndian(out, uint32_t{0});
  PutLittleEndian(out, Crc32c(out));
  return out;
}

std::optional<JournalEnd> DecodeJournalEnd(std::string_view bytes) {
  if (bytes.size() != kJournalEndBytes || !bytes.starts_with(kEndMagic) ||
      !CrcIsRight(bytes, kEndCrcOffset)) {
    return std::nullopt;
  }
  return JournalEnd{GetLittleEndian<int64_t>(bytes.data() + 8),
                    GetLittleEndian<int64_t>(bytes.data() + 16)};
}

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  PutLittleEndian(out, kJournalVersion);
  PutLittleEndian(out, header.namespace_id);
  PutLittleEndian(out, header.first_txid);
  PutLittleEndian(out, header.epoch);
  PutLittleEndian(out, header.previous_crc);
  PutLittleEndian(out, uint64_t{0});
  PutLittleEndian(out, Crc32c(out));
  return out;
}

std::optional<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic) ||
      !CrcIsRight(bytes, kHeaderCrcOffset)) {
    return std::nullopt;
  }
  const char* in = bytes.data();
  if (GetLittleEndian<uint32_t>(in + 8) != kJournalVersion) return std::nullopt;
  SegmentHeader header;
  header.namespace_id = GetLittleEndian<int32_t>(in + 12);
  header.first_txid = GetLittleEndian<int64_t>(in + 16);
  header.epoch = GetLittleEndian<int64_t>(in + 24);
  header.previous_crc = GetLittleEndian<uint32_t>(in + 32);
  if (header.first_txid < 1 || header.epoch < 1) return std::nullopt;
  return header;
}

void EncodeBatchHeader(BatchHeader& header, char* out) {
  std::string bytes(kBatchMagic);
  bytes.reserve(kBatchHeaderBytes);
  PutLittleEndian(bytes, header.payload_bytes);
  PutLittleEndian(bytes, header.epoch);
  PutLittleEndian(bytes, header.first_txid);
  PutLittleEndian(bytes, header.last_txid);
  PutLittleEndian(bytes, header.payload_crc);
  PutLittleEndian(bytes, header.previous_crc);
  PutLittleEndian(bytes, header.zero_sectors);
  header.crc = Crc32c(bytes);
  PutLittleEndian(bytes, header.crc);
  std::memcpy(out, bytes.data(), kBatchHeaderBytes);
}

std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes || !bytes.starts_with(kBatchMagic) ||
      !CrcIsRight(bytes, kHeaderCrcOffset)) {
    return std::nullopt;
  }
  const char* in = bytes.data();
  BatchHeader header;
  header.payload_bytes = GetLittleEndian<uint32_t>(in + 4);
  header.epoch = GetLittleEndian<int64_t>(in + 8);
  header.first_txid = GetLittleEndian<int64_t>(in + 16);
  header.last_txid = GetLittleEndian<int64_t>(in + 24);
  header.payload_crc = GetLittleEndian<uint32_t>(in + 32);
  header.previous_crc = GetLittleEndian<uint32_t>(in + 36);
  header.zero_sectors = GetLittleEndian<uint32_t>(in + 40);
  header.crc = GetLittleEndian<uint32_t>(in + kHeaderCrcOffset);
  // Every transaction has at least its count byte; only a marker has none.
  const bool sane = header.epoch >= 1 && header.first_txid >= 1 &&
                    header.last_txid >= header.first_txid - 1 &&
                    header.payload_bytes <= kMaxBatchPayloadBytes &&
                    header.last_txid - (header.first_txid - 1) <= header.payload_bytes &&
                    (header.is_marker() == (header.payload_bytes == 0));
  if (!sane) return std::nullopt;
  return header;
}

std::optional<BatchHeader> DecodeBatch(std::string_view bytes) {
  const std::optional<BatchHeader> header = DecodeBatchHeader(bytes);
  if (!header || bytes.size() - kBatchHeaderBytes < header->payload_bytes) return std::nullopt;
  if (Crc32c(bytes.substr(kBatchHeaderBytes, header->payload_bytes)) != header->payload_crc) {
    return std::nullopt;
  }
  return header;
}

bool IsOneBitFromBatch(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes) return false;
  if (const auto header = DecodeBatchHeader(bytes)) {
    if (bytes.size() - kBatchHeaderBytes < header->payload_bytes) return false;
    const std::string_view payload = bytes.substr(kBatchHeaderBytes, header->payload_bytes);
    return IsCrcOfOneBit(Crc32c(payload) ^ header->payload_crc, payload.size());
  }
  std::string tried(bytes.substr(0, kBatchHeaderBytes));
  for (size_t bit = 0; bit < 8 * kBatchHeaderBytes; ++bit) {
    const auto flip = static_cast<char>(1 << bit % 8);
    tried[bit / 8] = static_cast<char>(tried[bit / 8] ^ flip);
    const auto header = DecodeBatchHeader(tried);
    tried[bit / 8] = static_cast<char>(tried[bit / 8] ^ flip);
    if (!header || bytes.size() - kBatchHeaderBytes < header->payload_bytes) continue;
    return Crc32c(bytes.substr(kBatchHeaderBytes, header->payload_bytes)) == header->payload_crc;
  }
  return false;
}

uint32_t CountZeroSectors(std::string_view batch, int64_t offset) {
  constexpr int64_t kSectorBytes = 512;
  uint32_t count = 0;
  auto at = static_cast<size_t>(kSectorBytes - offset % kSectorBytes);
  for (; at < batch.size(); at += kSectorBytes) {
    if (batch.substr(at, kSectorBytes).find_first_not_of('\0') == std::string_view::npos) ++count;
  }
  return count;
}

void AppendTransaction(const std::vector<RowChange>& changes, std::string& payload) {
  PutVarint64(payload, changes.size());
  for (const RowChange& change : changes) {
    const auto table = static_cast<uint8_t>(change.table);
    payload.push_back(static_cast<char>(change.value ? table : table | kDeletedBit));
    PutVarint64(payload, change.key.size());
    payload.append(change.key);
    if (!change.value) continue;
    PutVarint64(payload, change.value->size());
    payload.append(*change.value);
  }
}

namespace {

// Removes one length-prefixed string from the front of `in`.
std::optional<std::string_view> TakeString(std::string_view& in) {
  const auto size = TakeVarint64(in);
  if (!size || *size > in.size()) return std::nullopt;
  return TakeBytes(in, static_cast<size_t>(*size));
}

bool TakeChange(std::string_view& in, ChangeView& change) {
  const auto tag = TakeBytes(in, 1);
  if (!tag) return false;
  const auto byte = static_cast<uint8_t>((*tag)[0]);
  const bool deleted = (byte & kDeletedBit) != 0;
  const auto table = static_cast<uint8_t>(byte & ~kDeletedBit);
  if (table >= kTableCount) return false;
  change.table = static_cast<Table>(table);
  const auto key = TakeString(in);
  if (!key) return false;
  change.key = *key;
  change.value.reset();
  if (deleted) return true;
  change.value = TakeString(in);
  return change.value.has_value();
}

}  // namespace

absl::Status ForEachChange(std::string_view payload, Txid first, Txid last,
                           absl::FunctionRef<void(const ChangeView&)> change) {
  const size_t size = payload.size();
  const auto damaged = [&](Txid txid) {
    return absl::DataLossError(fmt::format(
        "transaction {} is not decodable at byte {} of its batch", txid, size - payload.size()));
  };
  ChangeView view;
  for (Txid txid = first; txid <= last; ++txid) {
    auto count = TakeVarint64(payload);
    if (!count || *count > payload.size()) return damaged(txid);
    view.txid = txid;
    for (; *count > 0; --*count) {
      if (!TakeChange(payload, view)) return damaged(txid);
      change(view);
    }
  }
  if (!payload.empty()) return damaged(last);
  return absl::OkStatus();
}

}  // namespace cairn::namenode
