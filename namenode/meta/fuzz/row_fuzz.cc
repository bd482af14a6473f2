// Every row decoder on arbitrary keys and values; what decodes as an inode or a block survives
// another round.
#include <cstdint>
#include <cstdlib>

#include "namenode/meta/describe.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/testing/map_snapshot.h"

using namespace cairn::namenode;  // NOLINT: a fuzz target is one function

namespace {

void CheckInode(std::string_view key, std::string_view value) {
  const auto stored = DecodeInode(key, value);
  if (!stored.ok() || stored->full_chunks != 0) return;
  RowChanges changes;
  EncodeInodeChange(nullptr, stored->inode, changes);
  const auto again = DecodeInode(changes.back().key, *changes.back().value);
  if (!again.ok() || !SameInode(again->inode, stored->inode)) std::abort();
}

void CheckBlock(std::string_view key, std::string_view value) {
  const auto block = DecodeBlock(key, value);
  if (!block.ok()) return;
  RowChanges changes;
  EncodeBlock(*block, changes);
  const auto again = DecodeBlock(changes.back().key, *changes.back().value);
  if (!again.ok() || *again != *block) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto table = static_cast<Table>(data[0] % kTableCount);
  const size_t key_bytes = std::min<size_t>(data[1], size - 2);
  const std::string_view key = bytes.substr(2, key_bytes);
  const std::string_view value = bytes.substr(2 + key_bytes);
  DescribeRow(table, key, value);
  CheckInode(key, value);
  CheckBlock(key, value);
  return 0;
}
