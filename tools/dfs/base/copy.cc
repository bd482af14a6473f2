// Transfer.
#include "tools/dfs/base/copy.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include <vector>

#include "common/clock.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
// A copy is made beside its target under this name and then renamed, as in Hadoop, so that nobody
// sees half a file.
constexpr std::string_view kCopying = "._COPYING_";
constexpr int kLookForStopMs = 100;

absl::Status Stopped() { return absl::CancelledError("Interrupted"); }

}  // namespace

absl::StatusOr<size_t> InputBytes::Read(char* out, size_t n) {
  std::FILE* const in = run_.shell().streams().in;
  const int fd = ::fileno(in);
  if (fd < 0) {  // memory, in tests
    const size_t got = std::fread(out, 1, n, in);
    if (got == 0 && std::ferror(in) != 0) return absl::UnknownError("Cannot read the input");
    return got;
  }
  while (!run_.stopping()) {
    pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, kLookForStopMs) == 0) continue;
    const ssize_t got = ::read(fd, out, n);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return absl::UnknownError("Cannot read the input");
  }
  return Stopped();
}

absl::Status PumpBytes(const Invocation& run, const ByteSource& read, client::OutputStream& out,
                       Progress* progress) {
  std::vector<char> buffer(kBufferBytes);
  while (true) {
    if (run.stopping()) return Stopped();
    ASSIGN_OR_RETURN(const size_t got, read(buffer.data(), buffer.size()));
    if (got == 0) return absl::OkStatus();
    RETURN_IF_ERROR(out.Write(std::string_view(buffer.data(), got)));
    if (progress != nullptr) progress->Add(static_cast<int64_t>(got));
  }
}

absl::Status Transfer::CheckDestination(const Target& destination, size_t sources) const {
  if (sources > 1) {
    if (!destination.exists()) return NoSuchFile(destination.shown);
    if (!destination.is_directory()) return IsNotADirectory(destination.shown);
    return absl::OkStatus();
  }
  if (destination.exists()) {
    if (!destination.is_directory() && !options_.overwrite) {
      return FileExistsAlready(destination.shown);
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const auto parent, destination.fs->Stat(destination.parent_path()));
  if (!parent) return NoSuchFile(destination.shown, destination.qualified());
  return absl::OkStatus();
}

absl::StatusOr<Target> Transfer::Place(const Target& source, const Target& destination,
                                       bool inside) const {
  Target target = destination;
  if (inside || destination.is_directory() ||
      (!destination.exists() && destination.typed_as_directory)) {
    target = destination.Child(source.name(), std::nullopt);
    ASSIGN_OR_RETURN(target.status, target.fs->Stat(target.path));
  }
  if (source.is_directory() && source.fs == target.fs) {
    if (source.path == target.path) {
      return PathProblem(source.shown, target.qualified(), "are identical");
    }
    const std::string below = source.path == "/" ? "/" : source.path + "/";
    if (target.path.starts_with(below)) {
      return PathProblem(source.shown, target.shown, "is a subdirectory of itself");
    }
  }
  return target;
}

absl::Status Transfer::Copy(const Target& source, const Target& destination) {
  ASSIGN_OR_RETURN(const Target target, Place(source, destination, /*inside=*/false));
  return CopyTo(source, target);
}

absl::Status Transfer::CopyTo(const Target& source, const Target& target) {
  if (run_.stopping()) return Stopped();
  return source.is_directory() ? CopyDirectory(source, target) : CopyFile(source, target);
}

absl::Status Transfer::CopyDirectory(const Target& source, Target target) {
  if (target.exists()) {
    if (!target.is_directory()) return IsNotADirectory(target.shown);
  } else {
    RETURN_IF_ERROR(target.fs->Mkdirs(target.path, 0777));
    ASSIGN_OR_RETURN(target.status, target.fs->Stat(target.path));
  }
  ASSIGN_OR_RETURN(const std::vector<FileStatus> children, source.fs->List(source.path));
  for (const FileStatus& child_status : children) {
    const Target child = source.Child(child_status.path, child_status);
    const auto place = Place(child, target, /*inside=*/true);
    run_.Note(place.ok() ? CopyTo(child, *place) : place.status());
  }
  return options_.preserve ? Preserve(source, target) : absl::OkStatus();
}

absl::Status Transfer::CopyFile(const Target& source, const Target& target) {
  if (target.exists() && (target.is_directory() || !options_.overwrite)) {
    return FileExistsAlready(target.shown);
  }
  ASSIGN_OR_RETURN(const auto in, source.fs->Open(source.path));
  RETURN_IF_ERROR(
      Pump([&](char* out, size_t n) { return in->Read(out, n); }, target, source.status->length));
  return options_.preserve ? Preserve(source, target) : absl::OkStatus();
}

absl::Status Transfer::CopyInput(const Target& destination) {
  Target target = destination;
  if (target.is_directory()) {
    target = destination.Child("-", std::nullopt);
    ASSIGN_OR_RETURN(target.status, target.fs->Stat(target.path));
  }
  if (target.exists() && (target.is_directory() || !options_.overwrite)) {
    return FileExistsAlready(target.shown);
  }
  InputBytes input(run_);
  return Pump([&](char* out, size_t n) { return input.Read(out, n); }, target, /*total=*/-1);
}

// Moves bytes from `read` (0 at the end) to a temporary file, then over `target`.
absl::Status Transfer::Pump(const ByteSource& read, const Target& target, int64_t total) {
  const std::string temporary = target.path + std::string(kCopying);
  bool ours = false;
  const auto copy = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto out, target.fs->Create(temporary));
    ours = true;
    std::FILE* err = run_.shell().streams().err;
    Progress progress(err, ::isatty(::fileno(err)) == 1, SystemClock(), target.shown, total);
    RETURN_IF_ERROR(PumpBytes(run_, read, *out, &progress));
    RETURN_IF_ERROR(out->Close());
    if (run_.stopping()) return Stopped();
    return target.fs->RenameOver(temporary, target.path);
  };
  const absl::Status status = copy();
  // Another copy to the same target may be writing under that name: when this one could not create
  // the file, or has lost its lease to the other, what is there is not this one's to delete.
  if (!status.ok() && ours && !Is(status, ErrorKind::kLeaseExpired)) {
    const auto left = target.fs->Stat(temporary);
    // The first error is the one worth telling; what is left behind is only untidy.
    if (left.ok() && *left) (void)target.fs->Delete(temporary, false).ok();
  }
  return status;
}

absl::Status Transfer::Preserve(const Target& source, const Target& target) const {
  const FileStatus& status = *source.status;
  // Hadoop's order: times before the mode may take away the right to set them.
  RETURN_IF_ERROR(target.fs->SetTimes(target.path, status.mtime_ms, status.atime_ms));
  RETURN_IF_ERROR(target.fs->SetOwner(target.path, status.owner, status.group));
  return target.fs->SetPermission(target.path, status.permission);
}

}  // namespace cairn::dfs
