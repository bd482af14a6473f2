// Calls about the file system as a whole.
#include "namenode/grpc/handlers/handlers.h"
#include "wire/cairn/convert.h"

namespace cairn::namenode::grpc_handlers {

void GetServerDefaults(Call& call, const v1::GetServerDefaultsRequest& /*request*/,
                       v1::GetServerDefaultsResponse& response, DoneVoid done) {
  wire::ToProto(call.core.names.GetServerDefaults(), response);
  done(absl::OkStatus());
}

void GetStats(Call& call, const v1::GetStatsRequest& /*request*/, v1::GetStatsResponse& response,
              DoneVoid done) {
  call.core.names.GetStats(FillThen<FsStats>(
      std::move(done), [&response](const FsStats& stats) { wire::ToProto(stats, response); }));
}

void GetServerTime(Call& call, const v1::GetServerTimeRequest& /*request*/,
                   v1::GetServerTimeResponse& response, DoneVoid done) {
  response.set_time_ms(call.core.clock.WallMs());
  done(absl::OkStatus());
}

}  // namespace cairn::namenode::grpc_handlers
