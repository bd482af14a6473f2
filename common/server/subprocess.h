// Programs started by this process: the topology script, the daemons of a mini cluster.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn {

// How a program is started.
struct SubprocessOptions {
  std::vector<std::string> argv;  // argv[0] is the program's path, or a name looked up in $PATH
  std::vector<std::pair<std::string, std::string>> environment;  // added to this process's own
  std::string output_file;         // standard output and error are appended here; empty: inherited
  bool die_with_parent = false;    // SIGTERM to it when the thread that started it ends
  bool own_process_group = false;  // the terminal's Ctrl-C does not reach it
};

// A running child with a clean signal mask and default signal actions. Thread-compatible. The
// destructor kills (SIGKILL) and reaps what still runs.
class Subprocess {
 public:
  static absl::StatusOr<std::unique_ptr<Subprocess>> Start(const SubprocessOptions& options);
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  pid_t pid() const { return pid_; }
  // Sends `signal`; nothing when it has already ended.
  void Signal(int signal);
  // Waits up to `timeout_ms` (-1: for ever). The exit code, or 128 + the signal that ended it;
  // empty when it still runs.
  std::optional<int> Wait(int64_t timeout_ms);

 private:
  explicit Subprocess(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
  std::optional<int> exit_code_;
};

// Runs `argv` with no input and returns its standard output (its standard error goes to ours).
// kUnavailable when it cannot be started, fails, is not done after `timeout_ms` (it is killed) or
// prints more than `limit_bytes`; the message names the program.
absl::StatusOr<std::string> RunAndCapture(const std::vector<std::string>& argv, int64_t timeout_ms,
                                          size_t limit_bytes);

}  // namespace cairn
