// Threads around namespace models.
#include "tests/cluster/storm.h"

#include <fmt/format.h>

#include <random>

#include "common/status_macros.h"

namespace cairn::testing {

Storm::Storm(const StormOptions& options, const Connect& connect) : options_(options) {
  for (int i = 0; i < options_.clients; ++i) models_.emplace_back(options_.max_file_bytes);
  for (int i = 0; i < options_.clients; ++i) {
    threads_.emplace_back([this, i, connect] {
      const absl::Status status = Work(i, options_.seed * 1000 + static_cast<uint64_t>(i), connect);
      MutexLock lock(mu_);
      if (outcome_.ok() && !status.ok())
        outcome_ = absl::Status(status.code(), fmt::format("{}: {}", Home(i), status.ToString()));
    });
  }
}

Storm::~Storm() { (void)Stop(); }

bool Storm::GoOn() {
  MutexLock lock(mu_);
  if (!stop_ && options_.pause_ms > 0) stopped_.WaitFor(mu_, options_.pause_ms);
  return !stop_;
}

absl::Status Storm::Work(int client, uint64_t seed, const Connect& connect) {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::DfsClient> own, connect());
  RETURN_IF_ERROR(own->Mkdirs(Home(client)));
  NamespaceModel& model = models_[static_cast<size_t>(client)];
  model.AddDirectory(Home(client));
  std::mt19937_64 random(seed);
  while (GoOn()) RETURN_IF_ERROR(model.RandomStep(*own, Home(client), random));
  return absl::OkStatus();
}

absl::Status Storm::Stop() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    stopped_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  MutexLock lock(mu_);
  return outcome_;
}

bool Storm::ok() const {
  MutexLock lock(mu_);
  return outcome_.ok();
}

absl::Status Storm::Check(client::DfsClient& client, Verifier* verifier) {
  for (int i = 0; i < options_.clients; ++i) {
    NamespaceModel& model = models_[static_cast<size_t>(i)];
    RETURN_IF_ERROR(model.Compare(client, Home(i)));
    if (verifier != nullptr) model.HandTo(*verifier);
  }
  return absl::OkStatus();
}

int64_t Storm::steps() const {
  int64_t steps = 0;
  for (const NamespaceModel& model : models_) steps += model.steps();
  return steps;
}

int64_t Storm::truncations() const {
  int64_t truncations = 0;
  for (const NamespaceModel& model : models_) truncations += model.truncations();
  return truncations;
}

}  // namespace cairn::testing
