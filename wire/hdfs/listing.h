// A page of a directory as Hadoop's clients read it, written without messages: it is the largest
// reply that is asked for often, and a thousand messages cost three times as much.
#pragma once

#include <string>

#include "common/types/file_status.h"

namespace cairn::wire {

// A serialized GetListingResponseProto with `listing` as its dirList.
std::string EncodeListing(const DirectoryListing& listing);

}  // namespace cairn::wire
