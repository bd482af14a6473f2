// Files of a name directory.
#include "namenode/meta/name_dir.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <map>

#include "absl/functional/function_ref.h"
#include "common/crc32c.h"
#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr std::string_view kSegmentPrefix = "journal_";
constexpr std::string_view kCrcKey = "crc32c=";
constexpr size_t kTxidDigits = 20;
constexpr size_t kCopyBytes = 1 << 20;

absl::Status Inconsistent(const std::string& dir, std::string_view why) {
  return absl::FailedPreconditionError(
      fmt::format("Directory {} is in an inconsistent state: {}", dir, why));
}

template <typename Int>
std::optional<Int> ParseInt(std::string_view text, int base = 10) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The txids in names "<prefix><20 digits>".
std::vector<Txid> TxidNames(const std::vector<std::string>& names, std::string_view prefix) {
  std::vector<Txid> txids;
  for (const std::string_view name : names) {
    if (!name.starts_with(prefix) || name.size() != prefix.size() + kTxidDigits) continue;
    const auto txid = ParseInt<Txid>(name.substr(prefix.size()));
    if (txid) txids.push_back(*txid);
  }
  std::sort(txids.begin(), txids.end());
  return txids;
}

// "key=value" lines as a map.
std::map<std::string, std::string> Properties(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> properties;
  for (const std::string& line : lines) {
    const size_t split = line.find('=');
    if (split != std::string::npos) properties[line.substr(0, split)] = line.substr(split + 1);
  }
  return properties;
}

// Calls `chunk` for the file's first `max_bytes` in order.
absl::Status ReadChunks(const File& file, int64_t max_bytes,
                        absl::FunctionRef<absl::Status(std::string_view)> chunk) {
  std::string buffer(kCopyBytes, '\0');
  for (int64_t offset = 0;;) {
    const auto want = std::min(buffer.size(), static_cast<size_t>(max_bytes - offset));
    ASSIGN_OR_RETURN(const size_t got, file.ReadAt(offset, want, buffer.data()));
    if (got == 0) return absl::OkStatus();
    RETURN_IF_ERROR(chunk(std::string_view(buffer).substr(0, got)));
    offset += static_cast<int64_t>(got);
  }
}

}  // namespace

std::string SegmentPath(const std::string& dir, Txid first_txid) {
  return fmt::format("{}/{}{:020}", dir, kSegmentPrefix, first_txid);
}

std::string CheckpointPath(const std::string& dir, Txid txid) {
  return fmt::format("{}/{:020}", CheckpointsPath(dir), txid);
}

absl::StatusOr<std::vector<Txid>> ListSegments(FileSystem& fs, const std::string& dir) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, fs.List(dir));
  return TxidNames(names, kSegmentPrefix);
}

absl::StatusOr<std::vector<Txid>> ListCheckpoints(FileSystem& fs, const std::string& dir) {
  const auto names = fs.List(CheckpointsPath(dir));
  if (absl::IsNotFound(names.status())) return std::vector<Txid>();
  RETURN_IF_ERROR(names.status());
  return TxidNames(*names, "");
}

std::string WithCrcLine(std::string text) {
  const uint32_t crc = Crc32c(text);
  text += fmt::format("{}{:08x}\n", kCrcKey, crc);
  return text;
}

absl::StatusOr<std::vector<std::string>> ReadCheckedLines(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, fs.ReadFile(path, kMaxTextFileBytes));
  const size_t tail = kCrcKey.size() + 9;
  if (text.size() < tail || WithCrcLine(text.substr(0, text.size() - tail)) != text) {
    return absl::DataLossError(fmt::format("{} is damaged: its checksum does not match", path));
  }
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size() - tail;) {
    const size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

absl::Status WriteVersion(FileSystem& fs, const std::string& dir, const ClusterIdentity& identity) {
  return fs.WriteFileAtomically(
      VersionPath(dir),
      WithCrcLine(fmt::format("storageType=NAME_NODE\nlayoutVersion={}\nnamespaceID={}\n"
                              "clusterID={}\nblockpoolID={}\ncTime={}\n",
                              kLayoutVersion, identity.namespace_id, identity.cluster_id,
                              identity.block_pool_id, identity.creation_ms)));
}

absl::StatusOr<ClusterIdentity> ReadVersion(FileSystem& fs, const std::string& dir) {
  const auto info = fs.Stat(dir);
  if (absl::IsNotFound(info.status()) || (info.ok() && !info->is_directory)) {
    return Inconsistent(dir, "storage directory does not exist or is not accessible.");
  }
  RETURN_IF_ERROR(info.status());
  const std::string path = VersionPath(dir);
  const auto lines = ReadCheckedLines(fs, path);
  if (absl::IsNotFound(lines.status())) {
    return absl::FailedPreconditionError(fmt::format(
        "NameNode is not formatted: {} has no VERSION file (run namenode -format)", dir));
  }
  RETURN_IF_ERROR(lines.status());
  auto values = Properties(*lines);
  const auto layout = ParseInt<int64_t>(values["layoutVersion"]);
  const auto namespace_id = ParseInt<int32_t>(values["namespaceID"]);
  const auto creation_ms = ParseInt<int64_t>(values["cTime"]);
  if (values["storageType"] != "NAME_NODE" || !layout || !namespace_id || !creation_ms) {
    return Inconsistent(dir, "VERSION is not that of a NameNode's directory");
  }
  if (*layout != kLayoutVersion) {
    return Inconsistent(
        dir, fmt::format("layout version {} is not the supported {}", *layout, kLayoutVersion));
  }
  return ClusterIdentity{values["clusterID"], values["blockpoolID"], *namespace_id, *creation_ms};
}

absl::Status WriteJournalState(FileSystem& fs, const std::string& dir, const JournalState& state) {
  return fs.WriteFileAtomically(
      JournalStatePath(dir),
      WithCrcLine(fmt::format("epoch={}\nsegment={}\n", state.epoch, state.segment)));
}

absl::StatusOr<JournalState> ReadJournalState(FileSystem& fs, const std::string& dir) {
  const std::string path = JournalStatePath(dir);
  const auto lines = ReadCheckedLines(fs, path);
  if (absl::IsNotFound(lines.status())) return JournalState();
  RETURN_IF_ERROR(lines.status());
  auto values = Properties(*lines);
  const auto epoch = ParseInt<int64_t>(values["epoch"]);
  const auto segment = ParseInt<Txid>(values["segment"]);
  if (!epoch || !segment || *epoch < 1 || *segment < 1) {
    return absl::DataLossError(fmt::format("{} is damaged: not a journal state", path));
  }
  return JournalState{*epoch, *segment};
}

absl::Status CheckStillNamed(const File& file) {
  struct stat opened {};
  struct stat named {};
  if (::fstat(file.fd(), &opened) != 0) {
    return absl::InternalError(fmt::format("{}: fstat: {}", file.path(), std::strerror(errno)));
  }
  if (::stat(file.path().c_str(), &named) != 0) {
    return absl::DataLossError(
        fmt::format("{}, which is open, is gone: {}", file.path(), std::strerror(errno)));
  }
  if (opened.st_dev == named.st_dev && opened.st_ino == named.st_ino) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("{} is no longer the file that was opened: it was replaced", file.path()));
}

absl::StatusOr<std::unique_ptr<DirLock>> DirLock::Acquire(FileSystem& fs, const std::string& dir) {
  const std::string path = LockPath(dir);
  auto file = fs.Open(path, OpenMode::kReadWrite);
  if (absl::IsNotFound(file.status())) file = fs.Open(path, OpenMode::kCreateOrTruncate);
  // On a disk that has become read-only the journal still tells what is the truth.
  if (absl::IsPermissionDenied(file.status())) file = fs.Open(path, OpenMode::kRead);
  RETURN_IF_ERROR(file.status());
  if (::flock((*file)->fd(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        fmt::format("Cannot lock storage {}. The directory is already locked", dir));
  }
  return std::unique_ptr<DirLock>(new DirLock(*std::move(file)));
}

absl::Status CreateDirectoryDurably(FileSystem& fs, const std::string& dir) {
  std::vector<std::filesystem::path> parents;  // of what is missing
  std::filesystem::path path = std::filesystem::path(dir).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  for (; path.has_relative_path() && !fs.Exists(path.string()); path = path.parent_path()) {
    parents.push_back(path.parent_path());
  }
  RETURN_IF_ERROR(fs.CreateDirectories(dir));
  for (const auto& parent : parents) {
    RETURN_IF_ERROR(fs.SyncDirectory(parent.empty() ? "." : parent.string()));
  }
  return absl::OkStatus();
}

absl::Status RemoveNameDirContents(FileSystem& fs, const std::string& dir) {
  // VERSION first: a directory that is half removed is not formatted.
  RETURN_IF_ERROR(fs.RemoveRecursively(VersionPath(dir)));
  RETURN_IF_ERROR(RemoveHistory(fs, dir));
  RETURN_IF_ERROR(fs.RemoveRecursively(BehindPath(dir)));
  return fs.SyncDirectory(dir);
}

absl::Status RemoveHistory(FileSystem& fs, const std::string& dir) {
  // First that which makes the rest count.
  RETURN_IF_ERROR(fs.RemoveRecursively(JournalStatePath(dir)));
  RETURN_IF_ERROR(fs.SyncDirectory(dir));
  for (const std::string& path : {JournalEndPath(dir), RocksPath(dir), RocksPath(dir) + ".tmp",
                                  CheckpointsPath(dir), DatabaseFailedPath(dir)}) {
    RETURN_IF_ERROR(fs.RemoveRecursively(path));
  }
  ASSIGN_OR_RETURN(const std::vector<Txid> segments, ListSegments(fs, dir));
  for (const Txid segment : segments) RETURN_IF_ERROR(fs.Remove(SegmentPath(dir, segment)));
  return fs.SyncDirectory(dir);
}

absl::StatusOr<uint32_t> CopyFile(FileSystem& fs, const std::string& from, const std::string& to,
                                  int64_t max_bytes) {
  ASSIGN_OR_RETURN(const auto in, fs.Open(from, OpenMode::kRead));
  ASSIGN_OR_RETURN(const auto out, fs.Open(to, OpenMode::kCreate));
  uint32_t crc = 0;
  RETURN_IF_ERROR(ReadChunks(*in, max_bytes, [&](std::string_view chunk) {
    crc = Crc32c(chunk, crc);
    return out->Append(chunk);
  }));
  RETURN_IF_ERROR(out->Sync());
  return crc;
}

absl::Status CopyFileWhole(FileSystem& fs, const std::string& from, const std::string& to,
                           int64_t max_bytes) {
  const std::string unfinished = to + ".tmp";
  RETURN_IF_ERROR(fs.RemoveRecursively(unfinished));
  RETURN_IF_ERROR(CopyFile(fs, from, unfinished, max_bytes).status());
  return fs.Rename(unfinished, to);
}

absl::StatusOr<FileSum> SumFile(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const auto file, fs.Open(path, OpenMode::kRead));
  FileSum sum;
  RETURN_IF_ERROR(
      ReadChunks(*file, std::numeric_limits<int64_t>::max(), [&](std::string_view chunk) {
        sum.crc = Crc32c(chunk, sum.crc);
        sum.bytes += static_cast<int64_t>(chunk.size());
        return absl::OkStatus();
      }));
  return sum;
}

}  // namespace cairn::namenode
