// Iteration over a directory, and the printed form of checksums.
#include "client/client_types.h"

#include <fmt/format.h>

#include <utility>

#include "client/base/client_context.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {

std::string FileChecksum::Hex() const {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return hex;
}

ListingIterator::ListingIterator(ClientContext& context, std::string path, bool with_locations)
    : context_(context), path_(std::move(path)), with_locations_(with_locations) {}

absl::StatusOr<std::optional<FileStatus>> ListingIterator::Next() {
  if (page_.empty() && !at_end_) {
    ASSIGN_OR_RETURN(auto listing, context_.Call(RetryMode::kPlain, [&](NamenodeStub& stub,
                                                                        const CallContext& call) {
      return stub.GetListing(call, path_, last_name_, with_locations_);
    }));
    if (!listing) return errors::FileDoesNotExist(path_);
    // An empty page that promises more would be asked for again for ever.
    at_end_ = listing->remaining == 0 || listing->entries.empty();
    if (!listing->entries.empty()) last_name_ = listing->entries.back().path;
    for (FileStatus& entry : listing->entries) page_.push_back(std::move(entry));
  }
  if (page_.empty()) return std::optional<FileStatus>();
  std::optional<FileStatus> next = std::move(page_.front());
  page_.pop_front();
  return next;
}

}  // namespace cairn::client
