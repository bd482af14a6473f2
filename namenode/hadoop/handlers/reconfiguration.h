// Handlers of ReconfigurationProtocol (dfsadmin -reconfig).
#pragma once

#include "common/server/reconfiguration.h"
#include "namenode/frontend/call.h"
#include "proto/hadoop/ReconfigurationProtocol.pb.h"

namespace cairn::namenode::hadoop_handlers {

namespace pb = ::hadoop::hdfs;

void ListReconfigurableProperties(Reconfiguration&, Call&,
                                  const pb::ListReconfigurablePropertiesRequestProto&,
                                  pb::ListReconfigurablePropertiesResponseProto&, DoneVoid);
void GetReconfigurationStatus(Reconfiguration&, Call&,
                              const pb::GetReconfigurationStatusRequestProto&,
                              pb::GetReconfigurationStatusResponseProto&, DoneVoid);
void StartReconfiguration(Reconfiguration&, Call&, const pb::StartReconfigurationRequestProto&,
                          pb::StartReconfigurationResponseProto&, DoneVoid);

}  // namespace cairn::namenode::hadoop_handlers
