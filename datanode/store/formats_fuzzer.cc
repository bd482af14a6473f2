// Feeds arbitrary bytes to every parser of what lies on a disk: VERSION files, meta headers, names.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "datanode/store/meta_file.h"
#include "datanode/store/storage_layout.h"
#include "datanode/store/version_file.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn::datanode;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto header = DecodeMetaHeader(input, "fuzz"); header.ok()) {
    Require(EncodeMetaHeader(*header) == input.substr(0, kMetaHeaderBytes));
  }
  if (const auto version = VolumeVersion::Parse(input); version.ok()) {
    const auto again = VolumeVersion::Parse(version->Format(0));
    Require(again.ok() && again->storage_id == version->storage_id &&
            again->cluster_id == version->cluster_id);
  }
  if (const auto version = PoolVersion::Parse(input); version.ok()) {
    const auto again = PoolVersion::Parse(version->Format(0));
    Require(again.ok() && again->pool_id == version->pool_id &&
            again->namespace_id == version->namespace_id);
  }
  if (const auto id = ParseBlockFileName(input)) Require(BlockFileName(*id) == input);
  if (const auto meta = ParseMetaFileName(input)) {
    Require(MetaFileName(meta->id, meta->stamp) == input);
  }
  return 0;
}
