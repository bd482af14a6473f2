// What a workload was promised, against what is there.
#include "common/status_macros.h"
#include "tests/fault/runner/workload.h"

namespace cairn::fault {

using cairn::testing::PatternBytes;

absl::Status RecoverLease(client::DfsClient& client, const std::string& path, int timeout_s) {
  absl::Status last;
  const absl::Status waited =
      cairn::testing::WaitFor("the lease of " + path + " to be recovered", timeout_s, [&] {
        const absl::StatusOr<bool> closed = client.RecoverLease(path);
        last = closed.status();
        return closed.ok() && *closed;
      });
  if (waited.ok()) return waited;
  return absl::DeadlineExceededError(fmt::format("{}: {}", waited.ToString(), last.ToString()));
}

absl::Status Workload::CheckUnclosed(client::DfsClient& client, const std::string& path,
                                     WrittenFile& file) const {
  RETURN_IF_ERROR(RecoverLease(client, path));
  ASSIGN_OR_RETURN(const std::unique_ptr<client::InputStream> in, client.Open(path));
  const int64_t length = in->Length();
  if (length < file.flushed || length > file.written) {
    return absl::DataLossError(fmt::format("{}: {} bytes after recovery; {} promised, {} written",
                                           path, length, file.flushed, file.written));
  }
  ASSIGN_OR_RETURN(const std::string bytes, in->ReadAt(0, static_cast<size_t>(file.flushed)));
  if (bytes != PatternBytes(file.seed, 0, static_cast<size_t>(file.flushed)))
    return absl::DataLossError(fmt::format("{}: wrong bytes after recovery", path));
  file.written = length;
  return absl::OkStatus();
}

absl::Status Workload::CheckTorn(client::DfsClient& client, const std::string& path,
                                 const WrittenFile& file) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::InputStream> in, client.Open(path));
  const absl::StatusOr<std::string> bytes = in->ReadAll();
  if (bytes.ok() && *bytes != PatternBytes(file.seed, 0, bytes->size()))
    return absl::DataLossError(fmt::format("{}: wrong bytes after a power cut", path));
  return client.Delete(path, false).status();
}

absl::Status Workload::Check(client::DfsClient& client, cairn::testing::Verifier& verifier) {
  RETURN_IF_ERROR(storm_->Check(client, &verifier));
  MutexLock lock(mu_);
  for (auto& [path, file] : files_) {
    if (!file.created) {
      // Whether it was made nobody said; nobody wrote to it.
      ASSIGN_OR_RETURN(const bool exists, client.Exists(path));
      if (!exists) continue;
      RETURN_IF_ERROR(RecoverLease(client, path));
      RETURN_IF_ERROR(client.Delete(path, false).status());
      continue;
    }
    if (!file.closed) {
      RETURN_IF_ERROR(CheckUnclosed(client, path, file));
      if (power_lost_) {
        RETURN_IF_ERROR(CheckTorn(client, path, file));
        continue;
      }
    }
    verifier.Expect(path, file.seed, file.written, file.replication);
  }
  return verifier.CheckContents(client);
}

}  // namespace cairn::fault
