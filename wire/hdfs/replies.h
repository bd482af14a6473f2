// The replies that are asked for most, as Hadoop's clients read them, written without messages: a
// page of a directory by way of a thousand messages costs five times as much. Values are those of
// ToProto (convert.h), to the byte.
#pragma once

#include <string>

#include "common/types/block.h"
#include "common/types/file_status.h"

namespace cairn::wire {

// A serialized GetListingResponseProto with `listing` as its dirList.
std::string EncodeListing(const DirectoryListing& listing);

// A serialized response with a status as its first field, `fs`: GetFileInfoResponseProto and
// CreateResponseProto.
std::string EncodeStatusResponse(const FileStatus& status);

// A serialized GetBlockLocationsResponseProto.
std::string EncodeBlockLocations(const LocatedBlocks& blocks);

}  // namespace cairn::wire
