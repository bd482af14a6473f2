// Threads of the loops.
#include "namenode/monitors/monitors.h"

namespace cairn::namenode {

Monitors::Monitors(const MonitorOptions& options, BlockManager& blocks, Namespace& names,
                   LeaseMonitor::ExpiredLeases expired, LeaseMonitor::ExpireLease expire,
                   FileSystem& fs)
    : options_(options),
      blocks_(blocks),
      redundancy_(blocks, [&names](InodeId file,
                                   Done<bool> done) { names.IsLinked(file, std::move(done)); }),
      leases_(blocks, std::move(expired), std::move(expire)),
      space_(blocks, fs, options.name_dirs, options.reserved_bytes) {}

Monitors::~Monitors() { Stop(); }

void Monitors::Start() {
  const auto add = [this](const char* name, int64_t interval_ms, std::function<void()> body) {
    threads_.push_back(std::make_unique<PeriodicThread>(name, interval_ms, std::move(body)));
  };
  add("nn-liveness", options_.liveness_interval_ms, [this] { blocks_.Tick(); });
  add("nn-redundancy", options_.redundancy_interval_ms, [this] { redundancy_.RunOnce(); });
  add("nn-leases", options_.lease_interval_ms, [this] { leases_.RunOnce(); });
  add("nn-space", options_.space_interval_ms, [this] { space_.RunOnce(); });
}

void Monitors::Stop() {
  for (const auto& thread : threads_) thread->Stop();
  threads_.clear();
  redundancy_.Drain();
  leases_.Drain();
}

}  // namespace cairn::namenode
