// The bridge from a core call's result to a front end's reply.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// Gives the result of a core call to `fill` when it is one, then ends the call with its status.
template <typename Result, typename Fill>
Done<Result> FillThen(DoneVoid done, Fill fill) {
  return [done = std::move(done), fill = std::move(fill)](absl::StatusOr<Result> result) mutable {
    const absl::Status status = result.status();
    if (status.ok()) fill(*std::move(result));
    done(status);
  };
}

}  // namespace cairn::namenode
