// Safe mode, and looks at a path.
#include "namenode/hadoop/handlers/checks.h"

#include <utility>

#include "common/types/errors.h"

namespace cairn::namenode::hadoop_handlers {

absl::Status NeedNoSafeMode(const Call& call, std::string_view what) {
  if (!call.core.blocks.InSafeMode()) return absl::OkStatus();
  return errors::SafeMode(what, call.core.blocks.SafeModeTip());
}

void LookUpAndJudge(Call& call, LookupRequest lookup, JudgePath judge, DoneVoid done) {
  call.core.names.Lookup(call.caller, std::move(lookup),
                         [judge = std::move(judge), done = std::move(done)](
                             const absl::StatusOr<std::optional<FileStatus>>& found) mutable {
                           done(found.ok() ? judge(*found) : found.status());
                         });
}

}  // namespace cairn::namenode::hadoop_handlers
