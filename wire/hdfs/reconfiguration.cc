// A change without an error message is one that was made.
#include "wire/hdfs/reconfiguration.h"

namespace cairn::wire {

void ToProto(const ReconfigurationStatus& status,
             ::hadoop::hdfs::GetReconfigurationStatusResponseProto& proto) {
  proto.set_starttime(status.started_ms.value_or(0));
  if (!status.ended_ms) return;
  proto.set_endtime(*status.ended_ms);
  for (const PropertyChange& change : status.changes) {
    auto& out = *proto.add_changes();
    out.set_name(change.name);
    out.set_oldvalue(change.old_value);
    if (change.new_value) out.set_newvalue(*change.new_value);
    if (!change.result.ok()) out.set_errormessage(std::string(change.result.message()));
  }
}

}  // namespace cairn::wire
