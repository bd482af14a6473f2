// The text of -blockId: one block, its file and its replicas.
#pragma once

#include <string>

#include "namenode/blocks/block_manager.h"

namespace cairn::namenode {

// `name` as it was asked for, `path` the file's. `maintenance` adds what the option of that name
// shows.
std::string BlockReport(const std::string& name, const std::string& path,
                        const BlockInspection& block, bool maintenance);

}  // namespace cairn::namenode
