// Several clients that change the namespace at random while something happens to the NameNode.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/dfs_client.h"
#include "common/threads.h"
#include "tests/cluster/namespace_model.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {

// Who storms. Each client has a directory of its own, "PREFIX0", "PREFIX1", …
struct StormOptions {
  int clients = 4;
  uint64_t seed = 1;
  std::string prefix = "/client";
  int64_t max_file_bytes = 3000;  // NamespaceModel's
  int64_t pause_ms = 0;           // of each client between two changes
};

// Clients that work from the construction on, each with a NamespaceModel, and stop at the first
// contradiction. Thread-compatible.
class Storm {
 public:
  using Connect = std::function<absl::StatusOr<std::unique_ptr<client::DfsClient>>()>;

  // `connect` is called by the threads of the clients and gives patient ones.
  Storm(const StormOptions& options, const Connect& connect);
  ~Storm();

  // Ends the work, each client's after its current step. The first contradiction.
  absl::Status Stop();
  // False once a client has met a contradiction.
  bool ok() const;
  // After Stop: the namespace is what the clients were told. Hands all files to `verifier`, if any.
  absl::Status Check(client::DfsClient& client, Verifier* verifier = nullptr);
  // Done so far.
  int64_t steps() const;
  int64_t truncations() const;

 private:
  std::string Home(int client) const { return options_.prefix + std::to_string(client); }
  // Pauses; false once the storm is to end.
  bool GoOn();
  absl::Status Work(int client, uint64_t seed, const Connect& connect);

  const StormOptions options_;
  std::deque<NamespaceModel> models_;
  std::vector<std::thread> threads_;
  mutable Mutex mu_;
  CondVar stopped_;
  bool stop_ GUARDED_BY(mu_) = false;
  absl::Status outcome_ GUARDED_BY(mu_);
};

}  // namespace cairn::testing
