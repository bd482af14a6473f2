// One look at each property: what differs from the value in use is applied.
#include "common/config/reconfigurator.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "common/types/errors.h"

namespace cairn {

Reconfigurator::Reconfigurator(Configuration current, Load load, std::vector<Property> properties,
                               const Clock& clock)
    : load_(std::move(load)),
      properties_(std::move(properties)),
      clock_(clock),
      worker_("reconfig", 1) {
  for (const Property& property : properties_) values_.push_back(current.GetRaw(property.name));
}

Reconfigurator::~Reconfigurator() { worker_.Shutdown(); }

std::vector<std::string> Reconfigurator::Properties() const {
  std::vector<std::string> names;
  for (const Property& property : properties_) names.push_back(property.name);
  return names;
}

ReconfigurationStatus Reconfigurator::Status() const {
  MutexLock lock(mu_);
  return status_;
}

absl::Status Reconfigurator::Start() {
  {
    MutexLock lock(mu_);
    if (status_.started_ms && !status_.ended_ms) {
      return errors::Io("Another reconfiguration task is running.");
    }
    status_ = {.started_ms = clock_.WallMs()};
  }
  if (!worker_.Add([this] { Run(); })) return errors::Io("The server is stopped.");
  return absl::OkStatus();
}

void Reconfigurator::Run() {
  const auto now = load_();
  std::vector<PropertyChange> changes;
  for (size_t i = 0; i < properties_.size(); ++i) {
    const std::string& name = properties_[i].name;
    if (!now.ok()) {
      // What cannot be read changes nothing, and that is told of every property.
      changes.push_back({name, values_[i], values_[i], now.status()});
      continue;
    }
    const std::string value = now->GetRaw(name);
    if (value == values_[i]) continue;
    PropertyChange change{name, values_[i], value, properties_[i].apply(*now)};
    if (change.result.ok()) {
      values_[i] = value;
      spdlog::info("{} is {} now, it was {}", name, value, change.old_value);
    } else {
      spdlog::warn("{} stays {}: {}", name, change.old_value, std::string(change.result.message()));
    }
    changes.push_back(std::move(change));
  }
  MutexLock lock(mu_);
  status_.changes = std::move(changes);
  status_.ended_ms = clock_.WallMs();
}

}  // namespace cairn
