// Reads every finalized replica once in a while and compares it with its checksums.
#include "datanode/store/block_scanner.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "datanode/store/replica_reader.h"
#include "datanode/store/version_file.h"

namespace cairn::datanode {
namespace {

constexpr int64_t kTickMs = 1000;
constexpr int64_t kSaveCursorMs = 600'000;  // dfs.block.scanner.cursor.save.interval.ms
constexpr int64_t kReadBytes = 256 << 10;
constexpr size_t kMaxSuspects = 10'000;
constexpr BlockId kBeforeAll = std::numeric_limits<BlockId>::min();

std::optional<int64_t> Number(const Properties& properties, const std::string& key) {
  const auto it = properties.find(key);
  if (it == properties.end()) return std::nullopt;
  int64_t value = 0;
  const std::string& text = it->second;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

BlockScanner::BlockScanner(StoreCore& core)
    : core_(core), own_pace_(core.options().scan_bytes_per_second) {
  for (const auto& volume : core.volumes()) AddVolume(volume);
}

BlockScanner::~BlockScanner() {
  own_pace_.Stop();
  std::vector<std::unique_ptr<VolumeScan>> scans;
  {
    MutexLock lock(mu_);
    scans.swap(scans_);
  }
  for (const auto& scan : scans) scan->pacer.Stop();
  for (const auto& scan : scans) {
    scan->thread.reset();
    if (!scan->volume->failed()) Save(*scan);
  }
}

void BlockScanner::AddVolume(const std::shared_ptr<Volume>& volume) {
  const StoreOptions& options = core_.options();
  if (!options.background || options.scan_bytes_per_second <= 0) return;
  auto scan = std::make_unique<VolumeScan>(volume, options.scan_bytes_per_second);
  scan->cursor = Load(*volume);
  scan->saved_ms = core_.clock().MonotonicMs();
  VolumeScan* raw = scan.get();
  scan->thread =
      std::make_unique<PeriodicThread>("block-scanner", kTickMs, [this, raw] { Tick(*raw); });
  MutexLock lock(mu_);
  scans_.push_back(std::move(scan));
}

void BlockScanner::RemoveVolume(const Volume& volume) {
  std::unique_ptr<VolumeScan> scan;
  {
    MutexLock lock(mu_);
    const auto it = std::find_if(scans_.begin(), scans_.end(), [&](const auto& candidate) {
      return candidate->volume.get() == &volume;
    });
    if (it == scans_.end()) return;
    scan = std::move(*it);
    scans_.erase(it);
  }
  scan->pacer.Stop();
  scan->thread.reset();
}

void BlockScanner::Suspect(const Block& block) {
  MutexLock lock(mu_);
  if (suspects_.size() < kMaxSuspects) suspects_.push_back(block);
}

void BlockScanner::RunOnce() {
  VerifySuspects(own_pace_);
  for (const auto& volume : core_.volumes()) {
    Cursor cursor{0, kBeforeAll, false};
    Pass(*volume, own_pace_, cursor, nullptr);
  }
}

void BlockScanner::Tick(VolumeScan& scan) {
  if (scan.volume->failed()) return;
  if (!VerifySuspects(scan.pacer)) return;
  const int64_t period_ms = core_.options().scan_period_ms;
  if (period_ms <= 0) return;
  const int64_t now_ms = core_.clock().WallMs();
  Cursor& cursor = scan.cursor;
  if (cursor.finished) {
    // A wall clock that was set back must not put the scan off for years.
    const bool due =
        now_ms - cursor.pass_started_ms >= period_ms || cursor.pass_started_ms > now_ms;
    if (!due) return;
    cursor = Cursor{now_ms, kBeforeAll, false};
  }
  Pass(*scan.volume, scan.pacer, cursor, &scan);
  if (cursor.finished) Save(scan);
}

void BlockScanner::Pass(Volume& volume, Pacer& pacer, Cursor& cursor, VolumeScan* save) {
  while (!pacer.stopped() && !volume.failed()) {
    const auto block = volume.NextFinalized(cursor.last_id);
    if (!block) {
      cursor.finished = true;
      return;
    }
    if (!Verify(*block, pacer)) return;
    cursor.last_id = block->id;
    if (!VerifySuspects(pacer)) return;
    if (save != nullptr && core_.clock().MonotonicMs() - save->saved_ms >= kSaveCursorMs) {
      Save(*save);
    }
  }
}

bool BlockScanner::VerifySuspects(Pacer& pacer) {
  while (!pacer.stopped()) {
    Block block;
    {
      MutexLock lock(mu_);
      if (suspects_.empty()) return true;
      block = suspects_.front();
      suspects_.pop_front();
    }
    if (Verify(block, pacer)) continue;
    Suspect(block);
    return false;
  }
  return false;
}

bool BlockScanner::Verify(const Block& block, Pacer& pacer) {
  const auto reader = OpenReplicaReader(core_, block, 0);
  if (absl::IsUnavailable(reader.status())) return false;
  // Changed or deleted since it was chosen, or already reported by the open.
  if (!reader.ok()) return true;
  const DataChecksum& checksum = (*reader)->checksum();
  const int64_t length = (*reader)->block().num_bytes;
  const int64_t step =
      std::max<int64_t>(checksum.RoundDown(kReadBytes), checksum.bytes_per_checksum);
  std::string buffer(static_cast<size_t>(std::min(step, length)), '\0');
  for (int64_t at = 0; at < length; at += step) {
    const auto n = static_cast<size_t>(std::min(step, length - at));
    const absl::Status verified = (*reader)->ReadVerified(at, n, buffer.data());
    if (!verified.ok()) return !absl::IsUnavailable(verified);
    if (!pacer.Spend(static_cast<int64_t>(n))) return false;
  }
  return true;
}

BlockScanner::Cursor BlockScanner::Load(const Volume& volume) const {
  const auto text = core_.fs().ReadFile(volume.paths().scanner_cursor(), kMaxVersionFileBytes);
  if (!text.ok()) return Cursor();
  const auto properties = ParseProperties(*text);
  if (!properties.ok()) return Cursor();  // HDFS's own, in JSON
  const auto started = Number(*properties, "passStartedMs");
  const auto last = Number(*properties, "lastBlockId");
  const auto finished = Number(*properties, "finished");
  if (!started || !last || !finished) return Cursor();
  return Cursor{*started, *last, *finished != 0};
}

void BlockScanner::Save(VolumeScan& scan) {
  const Properties properties = {{"passStartedMs", fmt::format("{}", scan.cursor.pass_started_ms)},
                                 {"lastBlockId", fmt::format("{}", scan.cursor.last_id)},
                                 {"finished", scan.cursor.finished ? "1" : "0"}};
  const absl::Status saved = core_.fs().WriteFileAtomically(
      scan.volume->paths().scanner_cursor(), FormatProperties(properties, core_.clock().WallMs()));
  if (!saved.ok()) spdlog::warn("cannot save the scan cursor: {}", std::string(saved.message()));
  scan.saved_ms = core_.clock().MonotonicMs();
}

}  // namespace cairn::datanode
