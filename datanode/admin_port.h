// Joins the Hadoop RPC port to the parts that administrators act upon.
#pragma once

#include <functional>
#include <utility>

#include "common/threads.h"
#include "common/types/errors.h"
#include "datanode/control/namenode_session.h"
#include "datanode/hadoop/datanode_admin.h"
#include "datanode/transfer/transfer_server.h"

namespace cairn::datanode {

// Thread-safe. Server and session must outlive this. `on_shutdown` is called once, on a thread of
// the RPC port.
class AdminPort : public DatanodeAdmin {
 public:
  AdminPort(TransferServer& transfers, NamenodeSession& session,
            std::function<void(bool will_restart)> on_shutdown)
      : transfers_(transfers), session_(session), on_shutdown_(std::move(on_shutdown)) {}

  void TriggerBlockReport(bool incremental) override {
    incremental ? session_.RequestChangeReport() : session_.RequestFullReport();
  }
  void EvictWriters() override { transfers_.EvictWriters(); }
  int64_t BalanceBandwidth() const override { return transfers_.balance_bandwidth(); }
  absl::Status RequestShutdown(bool will_restart) override EXCLUDES(mu_) {
    {
      MutexLock lock(mu_);
      if (std::exchange(shutdown_requested_, true)) {
        return errors::Io("Shutdown already in progress.");
      }
    }
    on_shutdown_(will_restart);
    return absl::OkStatus();
  }

 private:
  TransferServer& transfers_;
  NamenodeSession& session_;
  const std::function<void(bool)> on_shutdown_;
  Mutex mu_;
  bool shutdown_requested_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::datanode
