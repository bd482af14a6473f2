// The replies that are asked for most, as Hadoop's clients read them, written without messages: a
// page of a directory by way of a thousand messages costs five times as much. Values are those of
// ToProto (convert.h), to the byte.
#pragma once

#include <string>
#include <string_view>

#include "common/types/block.h"
#include "common/types/file_status.h"
#include "wire/hdfs/field_writer.h"

namespace cairn::wire {

// Replies are written into `room`, whose memory serves the next one as well; what is returned lies
// there.

// A serialized GetListingResponseProto, entry by entry. Thread-compatible.
class ListingWriter {
 public:
  // `room` must outlive this. It takes least time when there are about `expected_entries`.
  ListingWriter(std::string& room, size_t expected_entries);
  // `locations` are those of a file, null when they are not asked for.
  void Add(const FileStatusView& entry, const LocatedBlocks* locations);
  // The response, when all entries are added and `remaining` come after them.
  std::string_view Finish(int64_t remaining);

 private:
  FieldWriter out_;
  const FieldWriter::Nested page_;
};

// The same of a whole page.
std::string_view EncodeListing(const DirectoryListing& listing, std::string& room);

// A serialized response with a status as its first field, `fs`: GetFileInfoResponseProto and
// CreateResponseProto.
std::string_view EncodeStatusResponse(const FileStatusView& status, const LocatedBlocks* locations,
                                      std::string& room);
std::string_view EncodeStatusResponse(const FileStatus& status, std::string& room);

// A serialized GetBlockLocationsResponseProto.
std::string_view EncodeBlockLocations(const LocatedBlocks& blocks, std::string& room);

}  // namespace cairn::wire
