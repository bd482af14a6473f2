// dfsadmin -metasave: what the block manager has to do, as text.
#pragma once

#include <functional>
#include <string>

#include "common/clock.h"
#include "common/types/file_status.h"
#include "common/types/ids.h"
#include "namenode/blocks/block_manager.h"

namespace cairn::namenode {

// The text in HDFS's form (Hadoop 3.4: FSNamesystem.metaSave). `path_of` gives a file's path, empty
// for one that is gone; it may block.
std::string MetaSaveText(const BlockManager& blocks, const FsStats& stats, const Clock& clock,
                         const std::function<std::string(InodeId)>& path_of);

}  // namespace cairn::namenode
