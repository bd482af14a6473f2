// The NameNode's background loops over namespace and blocks, each on a thread of its own.
#pragma once

#include <memory>
#include <vector>

#include "common/file_system.h"
#include "common/threads.h"
#include "namenode/monitors/lease_monitor.h"
#include "namenode/monitors/monitor_options.h"
#include "namenode/monitors/redundancy_monitor.h"
#include "namenode/monitors/space_monitor.h"

namespace cairn::namenode {

// Liveness and safe mode, redundancy, leases, disk space. Expiry of remembered replies and the
// purging of deleted trees are the namespace's own.
class Monitors {
 public:
  // Nothing runs before Start. All references must outlive this.
  Monitors(const MonitorOptions& options, BlockManager& blocks, Namespace& names,
           LeaseMonitor::ExpiredLeases expired, LeaseMonitor::ExpireLease expire, FileSystem& fs);
  ~Monitors();

  void Start();
  // Ends the loops and waits for the answers to what they asked: the namespace and its store must
  // still be running.
  void Stop();

 private:
  const MonitorOptions options_;
  BlockManager& blocks_;
  RedundancyMonitor redundancy_;
  LeaseMonitor leases_;
  SpaceMonitor space_;
  std::vector<std::unique_ptr<PeriodicThread>> threads_;
};

}  // namespace cairn::namenode
