// Writers and readers at work.
#include "tests/fault/runner/workload.h"

#include <algorithm>

#include "common/status_macros.h"

namespace cairn::fault {

using cairn::testing::PatternBytes;

namespace {

constexpr int kFollowRounds = 20;
constexpr size_t kFollowBytes = 200'000;

}  // namespace

std::string WorkloadTotals::ToString() const {
  return fmt::format(
      "files={} appends={} truncations={} flushes={} syncs={} write_errors={} reads={} of_open={} "
      "read_errors={} namespace_changes={}",
      files_closed, appends, truncations, flushes, syncs, write_errors, reads, reads_of_open_files,
      read_errors, namespace_changes);
}

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
  storm_ = std::make_unique<cairn::testing::Storm>(
      cairn::testing::StormOptions{.clients = 1,
                                   .seed = random(),
                                   .prefix = "/names",
                                   .max_file_bytes = 0,  // they need no DataNode
                                   .pause_ms = 50},
      [this] { return cluster_.NewClient(); });
}

absl::Status Workload::Stop() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    stopped_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (storm_ != nullptr) {
    const absl::Status names = storm_->Stop();
    if (!names.ok()) Violation(names);
  }
  MutexLock lock(mu_);
  if (storm_ != nullptr) totals_.namespace_changes = storm_->steps();
  return violation_;
}

void Workload::LosePower() {
  MutexLock lock(mu_);
  power_lost_ = true;
  for (auto& [path, file] : files_) {
    ++file.cuts;
    if (!file.closed) file.flushed = file.synced;
  }
}

void Workload::Pause() {
  MutexLock lock(mu_);
  if (!stop_) stopped_.WaitFor(mu_, options_.pause_ms);
}

bool Workload::stopping() const {
  MutexLock lock(mu_);
  return stop_;
}

void Workload::Violation(const absl::Status& status) {
  history_.Add("VIOLATION", status.ToString());
  MutexLock lock(mu_);
  if (violation_.ok()) violation_ = status;
}

WrittenFile Workload::FileNow(const std::string& path) const {
  MutexLock lock(mu_);
  const auto it = files_.find(path);
  return it == files_.end() ? WrittenFile{} : it->second;
}

void Workload::Update(const std::string& path, const std::function<void(WrittenFile&)>& change) {
  MutexLock lock(mu_);
  change(files_[path]);
}

void Workload::Count(int64_t WorkloadTotals::*total) {
  MutexLock lock(mu_);
  ++(totals_.*total);
}

std::string Workload::SomeFile(const std::string& directory, std::mt19937_64& random) const {
  MutexLock lock(mu_);
  std::vector<std::string> closed;
  for (const auto& [path, file] : files_) {
    if (file.closed && path.starts_with(directory)) closed.push_back(path);
  }
  return closed.empty() ? "" : closed[random() % closed.size()];
}

void Workload::Write(int writer, uint64_t seed) {
  client::ClientOptions options = cluster_.client_options();
  options.replace_datanode_best_effort = options_.best_effort;
  auto client = client::DfsClient::Connect(options);
  if (!client.ok()) return Violation(client.status());
  std::mt19937_64 random(seed);
  const std::string name = fmt::format("writer-{}", writer);
  for (int i = 0; !stopping(); ++i) {
    const uint64_t dice = random() % 5;
    std::string path = dice < 2 ? SomeFile(fmt::format("/{}/", name), random) : "";
    std::string what = "appends to";
    absl::Status status;
    if (path.empty()) {
      what = "writes";
      path = fmt::format("/{}/f{}", name, i);
      status = WriteFile(**client, path, random);
    } else if (dice == 0) {
      status = AppendToFile(**client, path, random);
    } else {
      what = "truncates";
      status = TruncateFile(**client, path, random);
    }
    history_.Add(name, fmt::format("{} {}: {}, {} bytes", what, path, status.ToString(),
                                   FileNow(path).written));
    if (!status.ok()) {
      Count(&WorkloadTotals::write_errors);
      if (!options_.write_errors_allowed)
        Violation(absl::Status(status.code(), fmt::format("{}: {}", path, status.ToString())));
    }
    Pause();
  }
}

absl::Status Workload::WriteFile(client::DfsClient& client, const std::string& path,
                                 std::mt19937_64& random) {
  Update(path, [&](WrittenFile& file) {
    file = {.seed = random(), .replication = options_.replication};
  });
  ASSIGN_OR_RETURN(const std::unique_ptr<client::OutputStream> out,
                   client.Create(path, {.replication = options_.replication,
                                        .sync_block = options_.sync_blocks}));
  Update(path, [](WrittenFile& file) { file.created = true; });
  const auto length = static_cast<int64_t>(random() % options_.max_file_bytes);
  RETURN_IF_ERROR(WriteUntil(*out, path, length, random));
  Count(&WorkloadTotals::files_closed);
  return absl::OkStatus();
}

absl::Status Workload::AppendToFile(client::DfsClient& client, const std::string& path,
                                    std::mt19937_64& random) {
  Update(path, [](WrittenFile& file) { file.closed = false; });
  ASSIGN_OR_RETURN(const std::unique_ptr<client::OutputStream> out,
                   client.Append(path, {.sync_block = options_.sync_blocks}));
  const int64_t length =
      FileNow(path).written + static_cast<int64_t>(random() % (options_.max_file_bytes / 2));
  RETURN_IF_ERROR(WriteUntil(*out, path, length, random));
  Count(&WorkloadTotals::appends);
  return absl::OkStatus();
}

absl::Status Workload::WriteUntil(client::OutputStream& out, const std::string& path,
                                  int64_t length, std::mt19937_64& random) {
  const WrittenFile before = FileNow(path);
  for (int64_t at = before.written; at < length;) {
    const size_t piece =
        std::min<int64_t>(1 + static_cast<int64_t>(random() % 300'000), length - at);
    const std::string bytes = PatternBytes(before.seed, at, piece);
    at += static_cast<int64_t>(piece);
    // Of a Write that fails any part may have been written.
    Update(path, [at](WrittenFile& file) { file.written = at; });
    RETURN_IF_ERROR(out.Write(bytes));
    const uint64_t dice = random() % 8;
    if (dice > 1) continue;
    const int cuts = FileNow(path).cuts;
    RETURN_IF_ERROR(dice == 0 ? out.Hsync() : out.Hflush());
    Update(path, [=](WrittenFile& file) {
      if (dice == 0) file.synced = at;
      // The power may have gone since the answer.
      if (dice == 0 || file.cuts == cuts) file.flushed = at;
    });
    Count(dice == 0 ? &WorkloadTotals::syncs : &WorkloadTotals::flushes);
  }
  RETURN_IF_ERROR(out.Close());
  Update(path, [](WrittenFile& file) {
    file.flushed = file.synced = file.written;
    file.closed = true;
    ++file.closings;
  });
  return absl::OkStatus();
}

absl::Status Workload::TruncateFile(client::DfsClient& client, const std::string& path,
                                    std::mt19937_64& random) {
  const int64_t length = FileNow(path).written;
  const auto target = static_cast<int64_t>(random() % static_cast<uint64_t>(length + 1));
  Update(path, [target](WrittenFile& file) {
    file.closed = false;
    file.flushed = file.synced = target;
    ++file.cuts;
  });
  ASSIGN_OR_RETURN(const bool done, client.Truncate(path, target));
  absl::Status last;
  if (!done) {
    RETURN_IF_ERROR(cairn::testing::WaitFor("the truncation of " + path, 120, [&] {
      const absl::StatusOr<bool> closed = client.IsFileClosed(path);
      last = closed.status();
      return !last.ok() || *closed;
    }));
    RETURN_IF_ERROR(last);
  }
  Update(path, [target](WrittenFile& file) {
    file.written = target;
    file.closed = true;
    ++file.closings;
    ++file.cuts;
  });
  Count(&WorkloadTotals::truncations);
  return absl::OkStatus();
}

void Workload::Read(uint64_t seed) {
  auto client = cluster_.NewClient();
  if (!client.ok()) return Violation(client.status());
  std::mt19937_64 random(seed);
  for (; !stopping(); Pause()) {
    std::string path;
    WrittenFile file;
    {
      MutexLock lock(mu_);
      if (files_.empty()) continue;
      const auto it = std::next(files_.begin(), static_cast<int64_t>(random() % files_.size()));
      path = it->first;
      file = it->second;
    }
    if (!file.created) continue;
    const absl::Status status = ReadFile(**client, path, file, random);
    Count(&WorkloadTotals::reads);
    if (!file.closed) Count(&WorkloadTotals::reads_of_open_files);
    if (status.ok()) continue;
    history_.Add("reader", fmt::format("{} {}", path, status.ToString()));
    Count(&WorkloadTotals::read_errors);
    // A file that was cut meanwhile may have ended, or changed, under its reader.
    const bool cut = FileNow(path).cuts != file.cuts;
    if (absl::IsDataLoss(status) || (!cut && !options_.read_errors_allowed))
      Violation(
          absl::Status(status.code(), fmt::format("reading {}: {}", path, status.ToString())));
  }
}

absl::Status Workload::ReadFile(client::DfsClient& client, const std::string& path,
                                const WrittenFile& file, std::mt19937_64& random) {
  // Whatever the reason of a failed read, it is not wrong bytes.
  const auto failed = [](const absl::Status& status) {
    return absl::UnavailableError(status.ToString());
  };
  const auto opened = client.Open(path);
  if (!opened.ok()) return failed(opened.status());
  client::InputStream& in = **opened;
  const int64_t length = in.Length();
  const WrittenFile now = FileNow(path);
  if (now.cuts == file.cuts && (length < file.flushed || length > now.written)) {
    return absl::DataLossError(fmt::format("{} bytes long, {} were acknowledged and {} written",
                                           length, file.flushed, now.written));
  }
  if (length == 0) return absl::OkStatus();
  const auto offset = static_cast<int64_t>(random() % static_cast<uint64_t>(length));
  const size_t n = 1 + random() % (1 << 20);
  const absl::StatusOr<std::string> bytes = in.ReadAt(offset, n);
  if (!bytes.ok()) return failed(bytes.status());
  if (bytes->size() != std::min<size_t>(n, static_cast<size_t>(length - offset)))
    return failed(absl::UnavailableError("ends before its length"));
  if (*bytes != PatternBytes(file.seed, offset, bytes->size()))
    return absl::DataLossError(fmt::format("wrong bytes in [{}, {})", offset, offset + n));
  return file.closed ? absl::OkStatus() : Follow(in, path, file, length);
}

absl::Status Workload::Follow(client::InputStream& in, const std::string& path,
                              const WrittenFile& file, int64_t from) {
  RETURN_IF_ERROR(in.Seek(from));
  std::string buffer(kFollowBytes, '\0');
  for (int round = 0; round < kFollowRounds && !stopping(); ++round) {
    const WrittenFile before = FileNow(path);
    const absl::StatusOr<size_t> got = in.Read(buffer.data(), buffer.size());
    if (!got.ok()) return absl::UnavailableError(got.status().ToString());
    if (std::string_view(buffer).substr(0, *got) !=
        PatternBytes(file.seed, in.Tell() - static_cast<int64_t>(*got), *got))
      return absl::DataLossError(fmt::format("wrong bytes before {}", in.Tell()));
    if (*got == 0 && in.Tell() < before.flushed && before.closings == file.closings &&
        FileNow(path).cuts == file.cuts) {
      return absl::DataLossError(
          fmt::format("ends at {}, {} were acknowledged", in.Tell(), before.flushed));
    }
    if (before.closed) break;
    if (*got == 0) Pause();
  }
  return absl::OkStatus();
}

WorkloadTotals Workload::totals() const {
  MutexLock lock(mu_);
  return totals_;
}

}  // namespace cairn::fault
