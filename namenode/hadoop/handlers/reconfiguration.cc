// ReconfigurationProtocol.
#include "namenode/hadoop/handlers/reconfiguration.h"

#include "wire/hdfs/reconfiguration.h"

namespace cairn::namenode::hadoop_handlers {

void ListReconfigurableProperties(Reconfiguration& target, Call& call,
                                  const pb::ListReconfigurablePropertiesRequestProto& /*request*/,
                                  pb::ListReconfigurablePropertiesResponseProto& response,
                                  DoneVoid done) {
  for (const std::string& name : target.Properties()) response.add_name(name);
  done(CheckSuperuser(call.caller, "listNamenodeReconfigurableProperties"));
}

void GetReconfigurationStatus(Reconfiguration& target, Call& call,
                              const pb::GetReconfigurationStatusRequestProto& /*request*/,
                              pb::GetReconfigurationStatusResponseProto& response, DoneVoid done) {
  wire::ToProto(target.Status(), response);
  done(CheckSuperuser(call.caller, "getNamenodeReconfigurationStatus"));
}

void StartReconfiguration(Reconfiguration& target, Call& call,
                          const pb::StartReconfigurationRequestProto& /*request*/,
                          pb::StartReconfigurationResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckSuperuser(call.caller, "startNamenodeReconfiguration");
  if (status.ok()) status = target.Start();
  done(std::move(status));
}

}  // namespace cairn::namenode::hadoop_handlers
