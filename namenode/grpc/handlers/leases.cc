// Calls about who is writing a file.
#include "namenode/grpc/handlers/handlers.h"

namespace cairn::namenode::grpc_handlers {

void RenewLease(Call& call, const v1::RenewLeaseRequest& request,
                v1::RenewLeaseResponse& /*response*/, DoneVoid done) {
  call.core.names.RenewLease(call.caller, request.client_name(), std::move(done));
}

void RecoverLease(Call& call, const v1::RecoverLeaseRequest& request,
                  v1::RecoverLeaseResponse& response, DoneVoid done) {
  call.audit = {.command = "recoverLease", .source = request.path()};
  call.core.names.RecoverLease(
      call.caller, request.path(), request.client_name(),
      FillThen<bool>(std::move(done), [&response](bool closed) { response.set_closed(closed); }));
}

void IsFileClosed(Call& call, const v1::IsFileClosedRequest& request,
                  v1::IsFileClosedResponse& response, DoneVoid done) {
  call.audit = {.command = "isFileClosed", .source = request.path()};
  call.core.names.IsFileClosed(
      call.caller, request.path(),
      FillThen<bool>(std::move(done), [&response](bool closed) { response.set_closed(closed); }));
}

}  // namespace cairn::namenode::grpc_handlers
