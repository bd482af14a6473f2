// What became of changed properties, as ReconfigurationProtocol tells it.
#pragma once

#include "common/server/reconfiguration.h"
#include "proto/hadoop/ReconfigurationProtocol.pb.h"

namespace cairn::wire {

void ToProto(const ReconfigurationStatus& status,
             ::hadoop::hdfs::GetReconfigurationStatusResponseProto& proto);

}  // namespace cairn::wire
