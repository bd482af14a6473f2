// Conveniences of InputStream.
#include "client/streams.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/status_macros.h"

namespace cairn::client {

absl::StatusOr<std::string> InputStream::ReadAt(int64_t offset, size_t n) {
  const auto left =
      static_cast<uint64_t>(std::max<int64_t>(0, Length() - std::max<int64_t>(0, offset)));
  std::string out(std::min<uint64_t>(n, left), '\0');
  ASSIGN_OR_RETURN(const size_t got, ReadAt(offset, out.data(), out.size()));
  out.resize(got);
  return out;
}

absl::StatusOr<std::string> InputStream::ReadAll(size_t limit) {
  const auto left = static_cast<uint64_t>(std::max<int64_t>(0, Length() - Tell()));
  if (left > limit) {
    return absl::ResourceExhaustedError(
        fmt::format("{}: {} bytes are left, more than the {} allowed", path(), left, limit));
  }
  std::string out(left, '\0');
  size_t done = 0;
  while (done < out.size()) {
    ASSIGN_OR_RETURN(const size_t got, Read(out.data() + done, out.size() - done));
    if (got == 0) break;
    done += got;
  }
  out.resize(done);
  return out;
}

}  // namespace cairn::client
