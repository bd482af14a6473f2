// Copying and moving to a destination: the rules put, get, cp and mv share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/streams.h"
#include "tools/dfs/base/progress.h"
#include "tools/dfs/base/shell.h"

namespace cairn::dfs {

// The command's input as bytes. Thread-compatible.
class InputBytes {
 public:
  explicit InputBytes(Invocation& run) : run_(run) {}
  // Between 1 and `n` bytes, as soon as there are some; 0 at the end. kCancelled: the user stopped
  // the command, also while it waited.
  absl::StatusOr<size_t> Read(char* out, size_t n);

 private:
  Invocation& run_;
};

// Gives up to `n` bytes; 0 at the end.
using ByteSource = std::function<absl::StatusOr<size_t>(char* out, size_t n)>;

// Moves all that `read` gives to `out`, telling `progress` (may be null). kCancelled: the user
// stopped the command.
absl::Status PumpBytes(const Invocation& run, const ByteSource& read, client::OutputStream& out,
                       Progress* progress);

// How files are copied.
struct CopyOptions {
  bool overwrite = false;
  bool preserve = false;  // times, owner, group, mode
};

// Where sources go, and how each gets there.
class Transfer {
 public:
  Transfer(Invocation& run, CopyOptions options) : run_(run), options_(options) {}

  // Checks the destination against the number of sources, as Hadoop's CommandWithDestination.
  absl::Status CheckDestination(const Target& destination, size_t sources) const;
  // Copies a file, or a directory with everything below it, to or into `destination`. Errors below
  // the source are noted and the rest is copied. kCancelled: the user stopped the command; then
  // neither half a file nor a temporary one is left.
  absl::Status Copy(const Target& source, const Target& destination);
  // Copies what the command's input gives into a file.
  absl::Status CopyInput(const Target& destination);
  // Where `source` ends up. kUnknown when it would be itself or below itself.
  absl::StatusOr<Target> Place(const Target& source, const Target& destination, bool inside) const;

 private:
  absl::Status CopyTo(const Target& source, const Target& target);
  absl::Status CopyFile(const Target& source, const Target& target);
  absl::Status CopyDirectory(const Target& source, Target target);
  absl::Status Pump(const ByteSource& read, const Target& target, int64_t total);
  absl::Status Preserve(const Target& source, const Target& target) const;

  Invocation& run_;
  const CopyOptions options_;
};

}  // namespace cairn::dfs
