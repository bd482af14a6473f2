// ReconfigurationProtocol (dfsadmin -reconfig).
#include "common/status_macros.h"
#include "datanode/hadoop/services.h"
#include "proto/hadoop/ReconfigurationProtocol.pb.h"
#include "wire/hdfs/reconfiguration.h"

namespace cairn::datanode {
namespace {

namespace pb = ::hadoop::hdfs;

absl::Status ListReconfigurableProperties(
    const IpcServices& services, const ipc::Call& call,
    const pb::ListReconfigurablePropertiesRequestProto& request,
    pb::ListReconfigurablePropertiesResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  for (const std::string& name : services.reconfiguration.Properties()) response.add_name(name);
  return absl::OkStatus();
}

absl::Status GetReconfigurationStatus(const IpcServices& services, const ipc::Call& call,
                                      const pb::GetReconfigurationStatusRequestProto& request,
                                      pb::GetReconfigurationStatusResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  wire::ToProto(services.reconfiguration.Status(), response);
  return absl::OkStatus();
}

absl::Status StartReconfiguration(const IpcServices& services, const ipc::Call& call,
                                  const pb::StartReconfigurationRequestProto& request,
                                  pb::StartReconfigurationResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  return services.reconfiguration.Start();
}

}  // namespace

ipc::Protocol ReconfigurationProtocol(const IpcServices& services) {
  return {
      .name = "org.apache.hadoop.hdfs.protocol.ReconfigurationProtocol",
      .version = 1,
      .methods = {
          Row<pb::ListReconfigurablePropertiesRequestProto,
              pb::ListReconfigurablePropertiesResponseProto>(
              services, "listReconfigurableProperties", ListReconfigurableProperties),
          Row<pb::GetReconfigurationStatusRequestProto, pb::GetReconfigurationStatusResponseProto>(
              services, "getReconfigurationStatus", GetReconfigurationStatus),
          Row<pb::StartReconfigurationRequestProto, pb::StartReconfigurationResponseProto>(
              services, "startReconfiguration", StartReconfiguration),
      }};
}

}  // namespace cairn::datanode
