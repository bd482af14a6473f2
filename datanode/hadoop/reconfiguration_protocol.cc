// ReconfigurationProtocol (dfsadmin -reconfig): nothing can be changed while a DataNode runs.
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/hadoop/services.h"
#include "proto/hadoop/ReconfigurationProtocol.pb.h"

namespace cairn::datanode {
namespace {

namespace pb = ::hadoop::hdfs;

absl::Status ListReconfigurableProperties(
    const IpcServices& services, const ipc::Call& call,
    const pb::ListReconfigurablePropertiesRequestProto& request,
    pb::ListReconfigurablePropertiesResponseProto& response) {
  return CheckSuperuser(services, call);
}

absl::Status GetReconfigurationStatus(const IpcServices& services, const ipc::Call& call,
                                      const pb::GetReconfigurationStatusRequestProto& request,
                                      pb::GetReconfigurationStatusResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  response.set_starttime(0);  // none has been started
  return absl::OkStatus();
}

absl::Status StartReconfiguration(const IpcServices& services, const ipc::Call& call,
                                  const pb::StartReconfigurationRequestProto& request,
                                  pb::StartReconfigurationResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  return MakeError(ErrorKind::kUnsupportedOperation,
                   "No property of a running DataNode can be changed: restart it.");
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
