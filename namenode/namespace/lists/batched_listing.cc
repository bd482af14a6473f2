// One getListing after another. HDFS does it under one hold of its lock; here the paths of a call
// may be of different moments, as those of two calls are there.
#include "namenode/namespace/lists/batched_listing.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "common/types/errors.h"
#include "namenode/namespace/lists/repeat.h"

namespace cairn::namenode {
namespace {

struct Batch {
  Namespace& names;
  const Caller caller;
  const BatchedListRequest request;
  const size_t limit;  // entries
  Done<BatchedListing> done;
  size_t path;
  size_t found = 0;
  BatchedListing result;
};

// Errors that HDFS's server answers for one path; anything else is the call's.
bool ConcernsThePath(const absl::Status& status) {
  const auto kind = KindOf(status);
  return kind && *kind != ErrorKind::kAssertion && *kind != ErrorKind::kRetriable;
}

// Takes the listing of the path at work. True: another path is to be listed.
bool Take(Batch& batch, absl::StatusOr<std::optional<DirectoryListing>> listed) {
  BatchedListing::Entry entry{batch.path, absl::StatusOr<DirectoryListing>(DirectoryListing())};
  if (!listed.ok()) {
    entry.listing = listed.status();
  } else if (listed->has_value()) {
    entry.listing = **std::move(listed);
    batch.found += entry.listing->entries.size();
  } else {
    entry.listing =
        MakeError(ErrorKind::kFileNotFound,
                  fmt::format("Path {} does not exist", batch.request.paths[batch.path]));
  }
  const bool last_path = batch.path + 1 == batch.request.paths.size();
  const bool complete = !entry.listing.ok() || entry.listing->remaining == 0;
  const bool full = batch.found >= batch.limit || !complete;
  batch.result.entries.push_back(std::move(entry));
  batch.result.has_more = full && !(last_path && complete);
  ++batch.path;
  return !full && !last_path;
}

}  // namespace

void ListBatch(Namespace& names, const NamespaceOptions& options, const Caller& caller,
               BatchedListRequest request, Done<BatchedListing> done) {
  if (request.paths.size() > static_cast<size_t>(options.batched_list_paths)) {
    return done(MakeError(ErrorKind::kIllegalArgument,
                          fmt::format("Too many source paths ({} > {})", request.paths.size(),
                                      options.batched_list_paths)));
  }
  if (request.first >= request.paths.size()) return done(BatchedListing());
  const size_t first = request.first;
  auto batch =
      std::make_shared<Batch>(names, caller, std::move(request),
                              static_cast<size_t>(options.list_limit), std::move(done), first);
  Repeat::Start([batch](Repeat::Next next) {
    const BatchedListRequest& asked = batch->request;
    batch->names.GetListing(batch->caller,
                            {.path = asked.paths[batch->path],
                             .start_after = batch->path == asked.first ? asked.start_after : "",
                             .need_location = asked.need_location},
                            [batch, next = std::move(next)](
                                absl::StatusOr<std::optional<DirectoryListing>> listed) mutable {
                              if (!listed.ok() && !ConcernsThePath(listed.status())) {
                                batch->done(listed.status());
                                return next(false);
                              }
                              const bool again = Take(*batch, std::move(listed));
                              if (!again) batch->done(std::move(batch->result));
                              next(again);
                            });
  });
}

}  // namespace cairn::namenode
