// Writers and readers.
#include "tests/fault/runner/workload.h"

#include "common/status_macros.h"

namespace cairn::fault {

using cairn::testing::PatternBytes;

Workload::Workload(FaultCluster& cluster, History& history, uint64_t seed,
                   const WorkloadOptions& options)
    : cluster_(cluster), history_(history), seed_(seed), options_(options) {}

Workload::~Workload() { (void)Stop(); }

void Workload::Start() {
  std::mt19937_64 random(seed_);
  for (int i = 0; i < options_.writers; ++i)
    threads_.emplace_back([this, i, seed = random()] { Write(i, seed); });
  for (int i = 0; i < options_.readers; ++i)
    threads_.emplace_back([this, seed = random()] { Read(seed); });
}

absl::Status Workload::Stop() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    stopped_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  MutexLock lock(mu_);
  return violation_;
}

void Workload::Pause() {
  MutexLock lock(mu_);
  if (!stop_) stopped_.WaitFor(mu_, options_.pause_ms);
}

void Workload::Violation(const absl::Status& status) {
  history_.Add("VIOLATION", status.ToString());
  MutexLock lock(mu_);
  if (violation_.ok()) violation_ = status;
}

void Workload::Write(int writer, uint64_t seed) {
  client::ClientOptions options = cluster_.client_options();
  options.replace_datanode_best_effort = options_.best_effort;
  auto client = client::DfsClient::Connect(options);
  if (!client.ok()) return Violation(client.status());
  std::mt19937_64 random(seed);
  const std::string name = fmt::format("writer-{}", writer);
  for (int i = 0; !stop_; ++i) {
    const std::string path = fmt::format("/{}/f{}", name, i);
    const absl::Status status = WriteFile(**client, path, random);
    history_.Add(name, fmt::format("{} {}", path, status.ToString()));
    if (!status.ok()) {
      {
        MutexLock lock(mu_);
        ++totals_.write_errors;
      }
      if (!options_.write_errors_allowed)
        Violation(absl::Status(status.code(), fmt::format("{}: {}", path, status.ToString())));
    }
    Pause();
  }
}

absl::Status Workload::WriteFile(client::DfsClient& client, const std::string& path,
                                 std::mt19937_64& random) {
  WrittenFile file{.seed = random(), .replication = options_.replication};
  const auto remember = [&] {
    MutexLock lock(mu_);
    files_[path] = file;
  };
  const int64_t length = static_cast<int64_t>(random() % options_.max_file_bytes);
  const absl::StatusOr<std::unique_ptr<client::OutputStream>> out =
      client.Create(path, {.overwrite = true, .replication = options_.replication});
  RETURN_IF_ERROR(out.status());
  remember();
  while (file.written < length) {
    const size_t piece =
        std::min<int64_t>(1 + static_cast<int64_t>(random() % 300'000), length - file.written);
    const std::string bytes = PatternBytes(file.seed, file.written, piece);
    // Of a Write that fails any part may have been written.
    file.written += static_cast<int64_t>(piece);
    remember();
    RETURN_IF_ERROR((*out)->Write(bytes));
    const uint64_t dice = random() % 8;
    if (dice > 1) continue;
    RETURN_IF_ERROR(dice == 0 ? (*out)->Hsync() : (*out)->Hflush());
    file.flushed = file.written;
    if (dice == 0) file.synced = file.written;
    remember();
    MutexLock lock(mu_);
    ++(dice == 0 ? totals_.syncs : totals_.flushes);
  }
  RETURN_IF_ERROR((*out)->Close());
  file.flushed = file.synced = file.written;
  file.closed = true;
  remember();
  MutexLock lock(mu_);
  ++totals_.files_closed;
  return absl::OkStatus();
}

void Workload::Read(uint64_t seed) {
  auto client = cluster_.NewClient();
  if (!client.ok()) return Violation(client.status());
  std::mt19937_64 random(seed);
  while (!stop_) {
    std::string path;
    WrittenFile file;
    {
      MutexLock lock(mu_);
      if (!files_.empty()) {
        const auto it = std::next(files_.begin(), static_cast<int64_t>(random() % files_.size()));
        path = it->first;
        file = it->second;
      }
    }
    if (file.closed && file.written > 0) {
      const absl::Status status = ReadFile(**client, path, file, random);
      if (!status.ok()) history_.Add("reader", fmt::format("{} {}", path, status.ToString()));
      {
        MutexLock lock(mu_);
        ++totals_.reads;
        if (!status.ok()) ++totals_.read_errors;
      }
      if (absl::IsDataLoss(status) || (!status.ok() && !options_.read_errors_allowed))
        Violation(
            absl::Status(status.code(), fmt::format("reading {}: {}", path, status.ToString())));
    }
    Pause();
  }
}

absl::Status Workload::ReadFile(client::DfsClient& client, const std::string& path,
                                const WrittenFile& file, std::mt19937_64& random) {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::InputStream> in, client.Open(path));
  if (in->Length() != file.written) {
    return absl::DataLossError(
        fmt::format("{} bytes long, {} were acknowledged", in->Length(), file.written));
  }
  const int64_t offset = static_cast<int64_t>(random() % static_cast<uint64_t>(file.written));
  const size_t n = 1 + random() % (1 << 20);
  const absl::StatusOr<std::string> bytes = in->ReadAt(offset, n);
  // Whatever the reason of a failed read, it is not wrong bytes.
  if (!bytes.ok()) return absl::UnavailableError(bytes.status().ToString());
  const size_t expected = std::min<size_t>(n, static_cast<size_t>(file.written - offset));
  if (*bytes == PatternBytes(file.seed, offset, expected)) return absl::OkStatus();
  return absl::DataLossError(fmt::format("wrong bytes in [{}, {})", offset, offset + n));
}

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
                                     int64_t promised, WrittenFile& file) const {
  RETURN_IF_ERROR(RecoverLease(client, path));
  ASSIGN_OR_RETURN(const std::unique_ptr<client::InputStream> in, client.Open(path));
  const int64_t length = in->Length();
  if (length < promised || length > file.written) {
    return absl::DataLossError(fmt::format("{}: {} bytes after recovery; {} promised, {} written",
                                           path, length, promised, file.written));
  }
  ASSIGN_OR_RETURN(const std::string bytes, in->ReadAt(0, static_cast<size_t>(promised)));
  if (bytes != PatternBytes(file.seed, 0, static_cast<size_t>(promised)))
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

absl::Status Workload::Check(client::DfsClient& client, bool after_power_cut,
                             cairn::testing::Verifier& verifier) {
  MutexLock lock(mu_);
  for (auto& [path, file] : files_) {
    if (!file.closed) {
      RETURN_IF_ERROR(
          CheckUnclosed(client, path, after_power_cut ? file.synced : file.flushed, file));
      if (after_power_cut) {
        RETURN_IF_ERROR(CheckTorn(client, path, file));
        continue;
      }
    }
    verifier.Expect(path, file.seed, file.written, file.replication);
  }
  return verifier.CheckContents(client);
}

WorkloadTotals Workload::totals() const {
  MutexLock lock(mu_);
  return totals_;
}

}  // namespace cairn::fault
