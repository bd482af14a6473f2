// Looks at disks and memory again and again.
#include "tests/fault/runner/watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "tests/fault/runner/journal_view.h"

namespace cairn::fault {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kIntervalMs = 250;
constexpr int kMissedIsGone = 3;
constexpr int64_t kMetaHeaderBytes = 7;
constexpr int64_t kChecksumBytes = 4;
constexpr int64_t kChunkBytes = 512;
constexpr size_t kMaxMetaBytes = 1 << 20;  // of scenarios' blocks

// "blk_ID_STAMP.meta" in rbw/ or finalized/; nothing for other files.
std::optional<SeenReplica> Parse(const fs::path& path) {
  const std::string name = path.filename();
  const bool rbw = path.parent_path().filename() == "rbw";
  const bool finalized = path.string().find("/finalized/") != std::string::npos;
  if (!name.starts_with("blk_") || !name.ends_with(".meta") || (!rbw && !finalized))
    return std::nullopt;
  SeenReplica seen{.finalized = finalized};
  const char* const end = name.data() + name.size();
  const auto id = std::from_chars(name.data() + 4, end, seen.block);
  if (id.ec != std::errc() || id.ptr == end || *id.ptr != '_') return std::nullopt;
  if (std::from_chars(id.ptr + 1, end, seen.stamp).ec != std::errc()) return std::nullopt;
  return seen;
}

// The checksums of chunks that end before the last one begins: nothing changes them.
std::string Settled(const SeenReplica& seen) {
  const int64_t checksums =
      (static_cast<int64_t>(seen.meta.size()) - kMetaHeaderBytes) / kChecksumBytes;
  const int64_t chunks = std::min(checksums - 1, (seen.bytes - 1) / kChunkBytes);
  if (chunks <= 0) return "";
  return seen.meta.substr(kMetaHeaderBytes, static_cast<size_t>(chunks * kChecksumBytes));
}

// Reads the files in one go each, as they may change meanwhile; false when they have moved.
bool ReadFiles(const fs::path& meta, SeenReplica& seen) {
  const int fd = ::open(meta.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  seen.meta.resize(kMaxMetaBytes);
  const ssize_t n = ::read(fd, seen.meta.data(), seen.meta.size());
  ::close(fd);
  seen.meta.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  std::error_code error;
  const auto bytes = fs::file_size(meta.parent_path() / fmt::format("blk_{}", seen.block), error);
  seen.bytes = static_cast<int64_t>(bytes);
  return n >= 0 && !error;
}

}  // namespace

absl::Status ReplicaRules::Observe(const std::string& disk, const SeenReplica& seen) {
  ++observed_;
  const int64_t owner = owners_.try_emplace(seen.stamp, seen.block).first->second;
  if (owner != seen.block) {
    return absl::DataLossError(
        fmt::format("{}: stamp {} is of blk_{} and blk_{}", disk, seen.stamp, owner, seen.block));
  }
  int64_t& latest = stamps_[{disk, seen.block}];
  if (seen.stamp < latest) {
    return absl::DataLossError(fmt::format("{}: blk_{} has stamp {} after {}", disk, seen.block,
                                           seen.stamp, std::exchange(latest, seen.stamp)));
  }
  latest = seen.stamp;
  if (flips_ && !seen.finalized) return absl::OkStatus();
  if (distrusted_.contains({disk, seen.block, seen.stamp})) return absl::OkStatus();
  std::string now = Settled(seen);
  std::string& known = settled_[{seen.block, seen.stamp}];
  const size_t common = std::min(known.size(), now.size());
  if (known.compare(0, common, now, 0, common) != 0) {
    return absl::DataLossError(fmt::format("{}: blk_{}_{} has two contents in its first {} chunks",
                                           disk, seen.block, seen.stamp, common / kChecksumBytes));
  }
  if (now.size() > known.size()) known = std::move(now);
  return absl::OkStatus();
}

void ReplicaRules::Distrust(const std::string& disk, const SeenReplica& seen) {
  distrusted_.insert({disk, seen.block, seen.stamp});
}

void ReplicaRules::Forget() {
  distrusted_.clear();
  stamps_.clear();
  settled_.clear();
}

bool DeletionRules::IsGood(const Held& held, const namenode::BlockRow& row) {
  return held.finalized && held.stamp == row.generation_stamp && held.bytes == row.length;
}

void DeletionRules::Look(const std::vector<std::pair<std::string, SeenReplica>>& now) {
  for (auto& [where, held] : held_) ++held.missed;
  for (const auto& [disk, seen] : now)
    held_[{seen.block, disk}] = {seen.stamp, seen.finalized, seen.bytes, 0};
  for (auto it = held_.begin(); it != held_.end();) {
    const bool is_gone = it->second.missed == kMissedIsGone;
    if (is_gone && it->second.finalized) gone_.push_back(*it);
    it = is_gone ? held_.erase(it) : std::next(it);
  }
}

absl::Status DeletionRules::Judge(const Blocks& blocks) {
  absl::Status outcome;
  for (const auto& [where, replica] : std::exchange(gone_, {})) {
    const auto row = blocks.find(where.first);
    if (row == blocks.end() || row->second.state != namenode::BlockState::kComplete ||
        !IsGood(replica, row->second)) {
      continue;
    }
    const bool another = std::any_of(held_.begin(), held_.end(), [&](const auto& held) {
      return held.first.first == where.first && IsGood(held.second, row->second);
    });
    ++judged_;
    if (!another) {
      outcome.Update(
          absl::DataLossError(fmt::format("{}: the last good replica of blk_{}_{} was deleted",
                                          where.second, where.first, replica.stamp)));
    }
  }
  return outcome;
}

void DeletionRules::Forget() {
  held_.clear();
  gone_.clear();
}

Watch::Watch(FaultCluster& cluster, History& history)
    : cluster_(cluster), history_(history), thread_([this] { Loop(); }) {}

Watch::~Watch() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Watch::ExpectFlips() {
  MutexLock lock(mu_);
  rules_.ExpectFlips();
}

void Watch::Suspend() {
  MutexLock lock(mu_);
  suspended_ = true;
  rules_.Forget();
  deletions_.Forget();
}

void Watch::Resume() {
  MutexLock lock(mu_);
  for (const auto& [disk, seen] : Replicas()) rules_.Distrust(disk, seen);
  suspended_ = false;
}

absl::Status Watch::outcome() const {
  MutexLock lock(mu_);
  return outcome_;
}

int64_t Watch::max_resident_megabytes() const {
  MutexLock lock(mu_);
  return max_resident_megabytes_;
}

int64_t Watch::observed() const {
  MutexLock lock(mu_);
  return rules_.observed();
}

int64_t Watch::deletions() const {
  MutexLock lock(mu_);
  return deletions_.judged();
}

void Watch::Loop() {
  while (true) {
    const int64_t megabytes = cluster_.MaxResidentMegabytes();
    MutexLock lock(mu_);
    if (stop_) return;
    max_resident_megabytes_ = std::max(max_resident_megabytes_, megabytes);
    if (!suspended_) LookAtDisks();
    changed_.WaitFor(mu_, kIntervalMs);
  }
}

std::vector<std::pair<std::string, SeenReplica>> Watch::Replicas() const {
  std::vector<std::pair<std::string, SeenReplica>> replicas;
  for (int i = 0; i < cluster_.datanodes(); ++i) {
    for (const std::string& disk : cluster_.Disks(i)) {
      // Files come and go meanwhile: what has moved is seen the next time.
      std::error_code error;
      fs::recursive_directory_iterator entries(disk, error);
      for (; !error && entries != fs::end(entries); entries.increment(error)) {
        std::optional<SeenReplica> seen = Parse(entries->path());
        if (seen && ReadFiles(entries->path(), *seen)) replicas.emplace_back(disk, *seen);
      }
    }
  }
  return replicas;
}

void Watch::LookAtDisks() {
  const auto replicas = Replicas();
  for (const auto& [disk, seen] : replicas) Note(rules_.Observe(disk, seen));
  deletions_.Look(replicas);
  if (deletions_.due()) JudgeDeletions();
}

// The NameNode orders no deletion before what allows it is in its journal.
void Watch::JudgeDeletions() {
  const auto blocks = BlocksInJournal(cluster_.Disks(kNamenode));
  // One that changes at this moment will be readable the next time.
  if (blocks.ok()) Note(deletions_.Judge(*blocks));
}

void Watch::Note(const absl::Status& status) {
  if (status.ok()) return;
  history_.Add("VIOLATION", status.ToString());
  if (outcome_.ok()) outcome_ = status;
}

}  // namespace cairn::fault
