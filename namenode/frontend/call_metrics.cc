// Relaxed atomics: the numbers of one snapshot need not belong to one instant.
#include "namenode/frontend/call_metrics.h"

namespace cairn::namenode {

CallMetrics::CallMetrics(const std::vector<std::string>& methods) {
  for (const std::string& method : methods) counters_.emplace_back().method = method;
}

void CallMetrics::Record(size_t method, bool ok, int64_t elapsed_us) {
  Counters& counters = counters_[method];
  counters.calls.fetch_add(1, std::memory_order_relaxed);
  if (!ok) counters.failures.fetch_add(1, std::memory_order_relaxed);
  counters.total_us.fetch_add(elapsed_us, std::memory_order_relaxed);
  int64_t max = counters.max_us.load(std::memory_order_relaxed);
  while (elapsed_us > max &&
         !counters.max_us.compare_exchange_weak(max, elapsed_us, std::memory_order_relaxed)) {
  }
}

std::vector<MethodStats> CallMetrics::Snapshot() const {
  std::vector<MethodStats> result;
  for (const Counters& counters : counters_) {
    result.push_back({.method = counters.method,
                      .calls = counters.calls.load(std::memory_order_relaxed),
                      .failures = counters.failures.load(std::memory_order_relaxed),
                      .total_us = counters.total_us.load(std::memory_order_relaxed),
                      .max_us = counters.max_us.load(std::memory_order_relaxed)});
  }
  return result;
}

}  // namespace cairn::namenode
