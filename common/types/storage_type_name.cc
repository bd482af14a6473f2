// HDFS's names.
#include "common/types/storage_type_name.h"

namespace cairn {

std::string_view StorageTypeName(StorageType type) {
  switch (type) {
    case StorageType::kDisk:
      return "DISK";
    case StorageType::kSsd:
      return "SSD";
    case StorageType::kArchive:
      return "ARCHIVE";
    case StorageType::kRamDisk:
      return "RAM_DISK";
    case StorageType::kProvided:
      return "PROVIDED";
    case StorageType::kNvdimm:
      return "NVDIMM";
  }
  return "DISK";
}

}  // namespace cairn
