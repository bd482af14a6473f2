// A test's hand on the shim within one daemon.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/fault/shim/control.h"

namespace cairn::fault {

// A fault to order; the fields are ShimRule's.
struct Order {
  uint32_t calls = 0;
  std::string prefix;
  std::string contains;
  int error = 0;
  bool short_write = false;
  int64_t delay_us = 0;
  double probability = 1;
  int64_t after = 0;
  int64_t times = -1;
};

// Owns the control file. Thread-safe as long as one thread orders at a time.
class ShimOrders {
 public:
  // A new control file at `path` that orders nothing; `seed` is that of the rules' dice.
  static absl::StatusOr<std::unique_ptr<ShimOrders>> Create(const std::string& path, uint64_t seed);
  ~ShimOrders();

  // What a process must find in its environment to be under these orders.
  std::vector<std::pair<std::string, std::string>> Environment() const;
  // Adds a rule and returns its number; throws when there are kMaxRules already.
  int Add(const Order& order);
  void ClearRules();
  // Calls that rule `rule` has failed, cut or delayed so far.
  int64_t Struck(int rule) const;
  // The wall clock of the daemon is this much ahead, also after a restart.
  void SetClockOffsetMs(int64_t ms);
  // The machine of the daemon was booted anew: it has another boot id from now on.
  void BootAnew();
  // Processes that were started under these orders.
  int64_t loaded() const;

 private:
  ShimOrders(std::string path, ShimControl* control);

  const std::string path_;
  ShimControl* const control_;
};

}  // namespace cairn::fault
