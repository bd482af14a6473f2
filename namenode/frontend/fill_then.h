// The bridge from a core call's result to a front end's reply.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "absl/utility/utility.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// What FillThen makes.
template <typename Result, typename Fill>
class FilledReply {
 public:
  FilledReply(DoneVoid&& done, Fill&& fill) : done_(std::move(done)), fill_(std::move(fill)) {}
  void operator()(absl::StatusOr<Result> result) {
    const absl::Status status = result.status();
    if (status.ok()) fill_(*std::move(result));
    done_(status);
  }

 private:
  DoneVoid done_;
  Fill fill_;
};

// Gives the result of a core call to `fill` when it is one, then ends the call with its status.
// Made in place: every call has one, and moving a callback costs more than calling it.
template <typename Result, typename Fill>
Done<Result> FillThen(DoneVoid&& done, Fill fill) {
  return Done<Result>(absl::in_place_type<FilledReply<Result, Fill>>, std::move(done),
                      std::move(fill));
}

}  // namespace cairn::namenode
