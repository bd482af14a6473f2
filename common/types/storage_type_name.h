// The names of storage types.
#pragma once

#include <string_view>

#include "common/types/block.h"

namespace cairn {

// HDFS's name, "DISK"; what is no type is DISK, as everywhere in HDFS.
std::string_view StorageTypeName(StorageType type);

}  // namespace cairn
