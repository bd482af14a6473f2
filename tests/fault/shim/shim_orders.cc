// The test's side of the control file.
#include "tests/fault/shim/shim_orders.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace cairn::fault {
namespace {

void SetText(char (&field)[kMaxRuleText], const std::string& text) {
  if (text.size() >= sizeof(field)) throw std::length_error("too long for a rule: " + text);
  std::strcpy(field, text.c_str());
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShimOrders>> ShimOrders::Create(const std::string& path,
                                                               uint64_t seed) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, path);
  const bool sized = ::ftruncate(fd, sizeof(ShimControl)) == 0;
  void* const mapped =
      sized ? ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
            : MAP_FAILED;
  const int error = errno;
  ::close(fd);
  if (mapped == MAP_FAILED) return absl::ErrnoToStatus(error, path);
  auto* const control = static_cast<ShimControl*>(mapped);
  control->random = seed;
  return std::unique_ptr<ShimOrders>(new ShimOrders(path, control));
}

ShimOrders::ShimOrders(std::string path, ShimControl* control)
    : path_(std::move(path)), control_(control) {}

ShimOrders::~ShimOrders() { ::munmap(control_, sizeof(ShimControl)); }

std::vector<std::pair<std::string, std::string>> ShimOrders::Environment() const {
  return {{"LD_PRELOAD", CAIRN_SHIM_LIBRARY}, {kShimControlVariable, path_}};
}

int ShimOrders::Add(const Order& order) {
  for (int i = 0; i < kMaxRules; ++i) {
    ShimRule& rule = control_->rules[i];
    if (rule.active != 0) continue;
    rule.calls = order.calls;
    SetText(rule.prefix, order.prefix);
    SetText(rule.contains, order.contains);
    rule.error = order.error;
    rule.short_write = order.short_write ? 1 : 0;
    rule.delay_us = order.delay_us;
    rule.per_million = static_cast<uint32_t>(order.probability * 1'000'000);
    rule.after = order.after;
    rule.times = order.times;
    rule.matched = 0;
    rule.struck = 0;
    rule.active.store(1, std::memory_order_release);
    return i;
  }
  throw std::length_error("more rules than the shim has room for");
}

void ShimOrders::ClearRules() {
  for (ShimRule& rule : control_->rules) rule.active = 0;
}

int64_t ShimOrders::Struck(int rule) const { return control_->rules[rule].struck; }

void ShimOrders::SetClockOffsetMs(int64_t ms) { control_->clock_offset_ms = ms; }

void ShimOrders::BootAnew() { ++control_->boots; }

int64_t ShimOrders::loaded() const { return control_->loaded; }

}  // namespace cairn::fault
