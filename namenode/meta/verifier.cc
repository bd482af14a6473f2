// The verifier's thread.
#include "namenode/meta/verifier.h"

#include "common/crc32c.h"
#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

}  // namespace

Verifier::Verifier(std::shared_ptr<RocksTables> tables, FileSystem& fs, int64_t bytes_per_second,
                   int64_t pause_ms, std::function<void(const absl::Status&)> on_damage)
    : tables_(std::move(tables)),
      fs_(fs),
      bytes_per_second_(std::max<int64_t>(bytes_per_second, 1)),
      pause_ms_(pause_ms),
      on_damage_(std::move(on_damage)),
      thread_([this] { Run(); }) {}

Verifier::~Verifier() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  thread_.join();
}

void Verifier::Run() {
  SetThreadName("meta-verify");
  do {
    const absl::Status status = VerifyAll();
    if (absl::IsCancelled(status)) return;
    if (!status.ok()) {
      on_damage_(status);
      return;
    }
  } while (Sleep(pause_ms_));
}

absl::Status Verifier::VerifyAll() {
  for (const TableFile& table : tables_->LiveFiles()) {
    const absl::Status status = VerifyFile(table);
    if (status.ok() || absl::IsCancelled(status)) {
      RETURN_IF_ERROR(status);
      continue;
    }
    // A compaction may have removed it meanwhile; a live file must be there.
    const auto live = tables_->LiveFiles();
    const bool in_use = std::any_of(live.begin(), live.end(),
                                    [&](const TableFile& file) { return file.path == table.path; });
    if (in_use) return status;
  }
  return absl::OkStatus();
}

absl::Status Verifier::VerifyFile(const TableFile& table) {
  ASSIGN_OR_RETURN(const auto file, fs_.Open(table.path, OpenMode::kRead));
  std::string buffer(kChunkBytes, '\0');
  uint32_t crc = 0;
  for (int64_t offset = 0;;) {
    ASSIGN_OR_RETURN(const size_t got, file->ReadAt(offset, buffer.size(), buffer.data()));
    if (got == 0) break;
    crc = Crc32c(std::string_view(buffer).substr(0, got), crc);
    offset += static_cast<int64_t>(got);
    if (!Pace(got)) return absl::CancelledError("stopping");
  }
  if (crc == table.crc) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("{} is damaged: its checksum is {:08x} and was {:08x} when it was written",
                  table.path, crc, table.crc));
}

bool Verifier::Pace(size_t bytes) {
  debt_bytes_ += static_cast<int64_t>(bytes);
  const int64_t ms = debt_bytes_ * 1000 / bytes_per_second_;
  if (ms == 0) return Sleep(0);
  debt_bytes_ = 0;
  return Sleep(ms);
}

bool Verifier::Sleep(int64_t ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  MutexLock lock(mu_);
  while (!stopping_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    wake_.WaitFor(mu_, left.count());
  }
  return false;
}

}  // namespace cairn::namenode
