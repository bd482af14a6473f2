// Subprocess over fork and exec; everything the child needs is prepared before the fork.
#include "common/server/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <system_error>

#include "common/status_macros.h"

namespace cairn {
namespace {

using std::chrono::steady_clock;

absl::Status StartFailure(const std::string& program, std::string_view call, int error) {
  return absl::UnavailableError(fmt::format("Cannot start {}: {}: {}", program, call,
                                            std::generic_category().message(error)));
}

// The file a name stands for, as a shell would find it.
std::string FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    std::string candidate = fmt::format("{}/{}", rest.substr(0, colon), name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return name;
}

// A null-terminated array of pointers into `texts`, as exec takes it.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(
    const std::vector<std::pair<std::string, std::string>>& additions) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(additions.begin(), additions.end(),
                                      [&](const auto& addition) { return addition.first == name; });
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& [name, value] : additions) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

// What the child does between fork and exec. Only async-signal-safe calls; reports errno through
// `error_fd`, which exec closes on success.
[[noreturn]] void RunChild(const SubprocessOptions& options, const char* program, char* const* argv,
                           char* const* environment, int output_fd, bool capture, pid_t parent,
                           int error_fd) {
  if (options.own_process_group) (void)::setpgid(0, 0);
  if (options.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);  // it died before prctl
  }
  for (const int number : {SIGTERM, SIGINT, SIGPIPE, SIGHUP, SIGCHLD}) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (capture) {
    const int null_fd = ::open("/dev/null", O_RDONLY);
    if (null_fd >= 0) ::dup2(null_fd, STDIN_FILENO);
  }
  if (output_fd >= 0) {
    ::dup2(output_fd, STDOUT_FILENO);
    if (!capture) ::dup2(output_fd, STDERR_FILENO);
  }
  ::execve(program, argv, environment);
  const int error = errno;
  (void)!::write(error_fd, &error, sizeof(error));
  ::_exit(127);
}

// Starts a child whose standard output (with `capture`: only that) is `output_fd`, -1: inherited.
absl::StatusOr<pid_t> Spawn(const SubprocessOptions& options, int output_fd, bool capture) {
  if (options.argv.empty()) return absl::InvalidArgumentError("No program to start");
  const std::string program = FindProgram(options.argv.front());
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  int error_pipe[2];
  if (::pipe2(error_pipe, O_CLOEXEC) != 0) return StartFailure(program, "pipe", errno);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    RunChild(options, program.c_str(), argv.data(), envp.data(), output_fd, capture, parent,
             error_pipe[1]);
  }
  const int fork_error = errno;
  ::close(error_pipe[1]);
  int exec_error = 0;
  ssize_t got = 0;
  if (pid > 0) {
    do {
      got = ::read(error_pipe[0], &exec_error, sizeof(exec_error));
    } while (got < 0 && errno == EINTR);
  }
  ::close(error_pipe[0]);
  if (pid < 0) return StartFailure(program, "fork", fork_error);
  if (got > 0) {
    ::waitpid(pid, nullptr, 0);
    return StartFailure(program, "exec", exec_error);
  }
  return pid;
}

// Reads `fd` to its end into `out`; an error when time or room runs out.
absl::Status ReadAll(int fd, const std::string& program, int64_t timeout_ms, size_t limit_bytes,
                     std::string& out) {
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
    const int ready =
        left <= 0 ? 0 : ::poll(&entry, 1, static_cast<int>(std::min<int64_t>(left, INT_MAX)));
    if (ready == 0) {
      return absl::UnavailableError(fmt::format("{} is not done after {} ms", program, timeout_ms));
    }
    char buffer[4096];
    const ssize_t got = ready > 0 ? ::read(fd, buffer, sizeof(buffer)) : -1;
    if (got == 0) return absl::OkStatus();
    if (got < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return StartFailure(program, "read", errno);
    }
    out.append(buffer, static_cast<size_t>(got));
    if (out.size() > limit_bytes) {
      return absl::UnavailableError(
          fmt::format("{} printed more than {} bytes", program, limit_bytes));
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Subprocess>> Subprocess::Start(const SubprocessOptions& options) {
  int output_fd = -1;
  if (!options.output_file.empty()) {
    output_fd =
        ::open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (output_fd < 0) return StartFailure(options.output_file, "open", errno);
  }
  const auto pid = Spawn(options, output_fd, /*capture=*/false);
  if (output_fd >= 0) ::close(output_fd);
  if (!pid.ok()) return pid.status();
  return std::unique_ptr<Subprocess>(new Subprocess(*pid));
}

Subprocess::~Subprocess() {
  if (exit_code_.has_value()) return;
  Signal(SIGKILL);
  (void)Wait(-1);
}

void Subprocess::Signal(int signal) {
  if (!exit_code_.has_value()) ::kill(pid_, signal);
}

std::optional<int> Subprocess::Wait(int64_t timeout_ms) {
  if (exit_code_.has_value()) return exit_code_;
  // A pidfd becomes readable when the process ends.
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  int status = 0;
  while (true) {
    const pid_t done = ::waitpid(pid_, &status, WNOHANG);
    if (done == pid_ || (done < 0 && errno == ECHILD)) break;
    int64_t left = -1;
    if (timeout_ms >= 0) {
      left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
      if (left <= 0) {
        if (pid_fd >= 0) ::close(pid_fd);
        return std::nullopt;
      }
    }
    pollfd entry = {.fd = pid_fd, .events = POLLIN, .revents = 0};
    // Without pidfds (an old kernel): look again every 20 ms.
    const int64_t step = pid_fd >= 0 ? left : (left < 0 ? 20 : std::min<int64_t>(left, 20));
    ::poll(&entry, pid_fd >= 0 ? 1 : 0, static_cast<int>(std::min<int64_t>(step, INT_MAX)));
  }
  if (pid_fd >= 0) ::close(pid_fd);
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

absl::StatusOr<std::string> RunAndCapture(const std::vector<std::string>& argv, int64_t timeout_ms,
                                          size_t limit_bytes) {
  int output_pipe[2];
  if (::pipe2(output_pipe, O_CLOEXEC) != 0) {
    return StartFailure(argv.empty() ? "" : argv.front(), "pipe", errno);
  }
  const auto pid = Spawn({.argv = argv}, output_pipe[1], /*capture=*/true);
  ::close(output_pipe[1]);
  if (!pid.ok()) {
    ::close(output_pipe[0]);
    return pid.status();
  }
  std::string output;
  const absl::Status read = ReadAll(output_pipe[0], argv.front(), timeout_ms, limit_bytes, output);
  ::close(output_pipe[0]);
  if (!read.ok()) ::kill(*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  RETURN_IF_ERROR(read);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::UnavailableError(
        fmt::format("{} failed: {} {}", argv.front(), WIFEXITED(status) ? "exit code" : "signal",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)));
  }
  return output;
}

}  // namespace cairn
