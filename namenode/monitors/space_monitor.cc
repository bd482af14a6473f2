// Free bytes against the reserve.
#include "namenode/monitors/space_monitor.h"

#include <spdlog/spdlog.h>

namespace cairn::namenode {

void SpaceMonitor::RunOnce() {
  bool low = false;
  for (const std::string& directory : directories_) {
    const auto space = fs_.Space(directory);
    if (!space.ok() || space->available >= reserved_bytes_) continue;
    if (!low_) {
      spdlog::warn("Name directory {} has {} bytes available, {} are reserved", directory,
                   space->available, reserved_bytes_);
    }
    low = true;
  }
  // Said every time: an administrator may have ended the safe mode without making room.
  if (low) blocks_.EnterSafeMode(true);
  if (!low && low_) blocks_.SpaceReturned();
  low_ = low;
}

}  // namespace cairn::namenode
