// Journal headers, batches and transactions from arbitrary bytes: nothing is read out of bounds,
// and what decodes encodes to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "namenode/meta/journal_format.h"

using namespace cairn::namenode;  // NOLINT: a fuzz target is one function

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto header = DecodeSegmentHeader(bytes)) {
    if (EncodeSegmentHeader(*header).substr(0, 36) != bytes.substr(0, 36)) std::abort();
  }
  if (auto header = DecodeBatch(bytes)) {
    char encoded[kBatchHeaderBytes];
    EncodeBatchHeader(*header, encoded);
    if (std::string_view(encoded, 40) != bytes.substr(0, 40)) std::abort();
  }
  if (size == 0) return 0;
  // Up to 255 transactions, as the first byte says.
  std::vector<std::vector<RowChange>> transactions(data[0]);
  const auto status = ForEachChange(bytes.substr(1), 1, data[0], [&](const ChangeView& change) {
    auto& row = transactions[static_cast<size_t>(change.txid) - 1].emplace_back();
    row.table = change.table;
    row.key = change.key;
    if (change.value) row.value = std::string(*change.value);
  });
  if (!status.ok()) return 0;
  std::string again;
  for (const auto& transaction : transactions) AppendTransaction(transaction, again);
  // Varints may have been longer than needed.
  if (again.size() > bytes.size() - 1) std::abort();
  return 0;
}
