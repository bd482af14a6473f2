// Files of checkpoints.
#include "namenode/meta/checkpoint.h"

#include <charconv>

#include "common/status_macros.h"
#include "namenode/meta/name_dir.h"

namespace cairn::namenode {
namespace {

constexpr std::string_view kUnfinished = "unfinished";
constexpr std::string_view kRemoved = "removed";

std::string ManifestPath(const std::string& checkpoint) {
  return fmt::format("{}/{}", checkpoint, kCheckpointManifest);
}

std::optional<CheckpointFile> ParseLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  CheckpointFile file;
  file.name = std::string(line.substr(0, first));
  const std::string_view bytes = line.substr(first + 1, second - first - 1);
  const std::string_view crc = line.substr(second + 1);
  const auto a = std::from_chars(bytes.data(), bytes.data() + bytes.size(), file.bytes);
  const auto b = std::from_chars(crc.data(), crc.data() + crc.size(), file.crc, 16);
  const bool ok = a.ec == std::errc() && b.ec == std::errc() && !file.name.empty() &&
                  file.name.find('/') == std::string::npos && file.bytes >= 0;
  if (!ok) return std::nullopt;
  return file;
}

absl::Status DamagedFile(const std::string& path) {
  return absl::DataLossError(
      fmt::format("{} is damaged: it differs from its checkpoint's manifest", path));
}

absl::Status MissingFile(const std::string& path) {
  return absl::DataLossError(fmt::format("{} is missing from its checkpoint", path));
}

absl::Status WriteManifest(FileSystem& fs, const std::string& checkpoint,
                           const std::vector<CheckpointFile>& files) {
  std::string text;
  for (const CheckpointFile& file : files) {
    text += fmt::format("{} {} {:08x}\n", file.name, file.bytes, file.crc);
  }
  return fs.WriteFileAtomically(ManifestPath(checkpoint), WithCrcLine(std::move(text)));
}

// Gives a complete and synced directory its final name.
absl::Status Publish(FileSystem& fs, const std::string& dir, Txid txid) {
  const std::string unfinished = UnfinishedCheckpointPath(dir);
  RETURN_IF_ERROR(fs.SyncDirectory(unfinished));
  RETURN_IF_ERROR(fs.Rename(unfinished, CheckpointPath(dir, txid)));
  RETURN_IF_ERROR(fs.SyncDirectory(CheckpointsPath(dir)));
  return fs.SyncDirectory(dir);
}

absl::Status CopyChecked(FileSystem& fs, const CheckpointFile& file, const std::string& from_dir,
                         const std::string& to_dir) {
  const std::string from = from_dir + "/" + file.name;
  const auto crc = CopyFile(fs, from, to_dir + "/" + file.name);
  if (absl::IsNotFound(crc.status()) && !fs.Exists(from)) return MissingFile(from);
  RETURN_IF_ERROR(crc.status());
  return *crc == file.crc ? absl::OkStatus() : DamagedFile(from);
}

}  // namespace

std::string UnfinishedCheckpointPath(const std::string& dir) {
  return fmt::format("{}/{}", CheckpointsPath(dir), kUnfinished);
}

absl::StatusOr<std::vector<CheckpointFile>> ReadCheckpointManifest(FileSystem& fs,
                                                                   const std::string& path) {
  const auto lines = ReadCheckedLines(fs, ManifestPath(path));
  if (absl::IsNotFound(lines.status())) return MissingFile(ManifestPath(path));
  RETURN_IF_ERROR(lines.status());
  std::vector<CheckpointFile> files;
  for (const std::string& line : *lines) {
    std::optional<CheckpointFile> file = ParseLine(line);
    if (!file) return absl::DataLossError(fmt::format("{} is damaged", ManifestPath(path)));
    files.push_back(*std::move(file));
  }
  return files;
}

absl::Status VerifyCheckpoint(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<CheckpointFile> files, ReadCheckpointManifest(fs, path));
  for (const CheckpointFile& file : files) {
    const std::string name = path + "/" + file.name;
    const auto sum = SumFile(fs, name);
    if (absl::IsNotFound(sum.status())) return MissingFile(name);
    RETURN_IF_ERROR(sum.status());
    if (sum->bytes != file.bytes || sum->crc != file.crc) return DamagedFile(name);
  }
  return absl::OkStatus();
}

absl::Status RemoveUnfinishedCheckpoints(FileSystem& fs, const std::string& dir) {
  RETURN_IF_ERROR(fs.RemoveRecursively(UnfinishedCheckpointPath(dir)));
  return fs.RemoveRecursively(fmt::format("{}/{}", CheckpointsPath(dir), kRemoved));
}

absl::Status FinishCheckpoint(FileSystem& fs, const std::string& dir, Txid txid,
                              const std::map<std::string, uint32_t>& table_crcs) {
  const std::string unfinished = UnfinishedCheckpointPath(dir);
  ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(unfinished));
  std::sort(names.begin(), names.end());
  std::vector<CheckpointFile> files;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const FileSum sum, SumFile(fs, unfinished + "/" + name));
    const auto written = table_crcs.find(name);
    if (written != table_crcs.end() && written->second != sum.crc) {
      return absl::DataLossError(
          fmt::format("{}/{} is damaged: its checksum is {:08x} and was {:08x} when it was written",
                      RocksPath(dir), name, sum.crc, written->second));
    }
    files.push_back({name, sum.bytes, sum.crc});
  }
  RETURN_IF_ERROR(WriteManifest(fs, unfinished, files));
  return Publish(fs, dir, txid);
}

absl::Status CopyCheckpoint(FileSystem& fs, const std::string& from_dir, Txid txid,
                            const std::string& to_dir) {
  const std::string from = CheckpointPath(from_dir, txid);
  const std::string unfinished = UnfinishedCheckpointPath(to_dir);
  ASSIGN_OR_RETURN(const std::vector<CheckpointFile> files, ReadCheckpointManifest(fs, from));
  ASSIGN_OR_RETURN(const std::vector<Txid> older, ListCheckpoints(fs, to_dir));
  std::string previous;
  std::vector<CheckpointFile> have;
  if (!older.empty()) {
    previous = CheckpointPath(to_dir, older.back());
    const auto manifest = ReadCheckpointManifest(fs, previous);
    if (manifest.ok()) have = *manifest;
  }
  RETURN_IF_ERROR(fs.RemoveRecursively(unfinished));
  RETURN_IF_ERROR(fs.Stat(to_dir).status());  // a missing name directory is not made up
  RETURN_IF_ERROR(fs.CreateDirectories(unfinished));
  for (const CheckpointFile& file : files) {
    const bool same = std::find(have.begin(), have.end(), file) != have.end();
    if (same && fs.Link(previous + "/" + file.name, unfinished + "/" + file.name).ok()) continue;
    RETURN_IF_ERROR(CopyChecked(fs, file, from, unfinished));
  }
  RETURN_IF_ERROR(WriteManifest(fs, unfinished, files));
  return Publish(fs, to_dir, txid);
}

absl::Status UnpackCheckpoint(FileSystem& fs, const std::string& checkpoint,
                              const std::string& rocks_path) {
  ASSIGN_OR_RETURN(const std::vector<CheckpointFile> files, ReadCheckpointManifest(fs, checkpoint));
  const std::string unfinished = rocks_path + ".tmp";
  RETURN_IF_ERROR(fs.RemoveRecursively(unfinished));
  RETURN_IF_ERROR(fs.CreateDirectories(unfinished));
  for (const CheckpointFile& file : files) {
    RETURN_IF_ERROR(CopyChecked(fs, file, checkpoint, unfinished));
  }
  RETURN_IF_ERROR(fs.SyncDirectory(unfinished));
  return fs.Rename(unfinished, rocks_path);
}

absl::StatusOr<Txid> PruneCheckpoints(FileSystem& fs, const std::string& dir, int retained) {
  ASSIGN_OR_RETURN(const std::vector<Txid> txids, ListCheckpoints(fs, dir));
  const size_t keep = static_cast<size_t>(std::max(retained, 1));
  const std::string removed = fmt::format("{}/{}", CheckpointsPath(dir), kRemoved);
  for (size_t i = 0; i + keep < txids.size(); ++i) {
    // Renamed first: half a checkpoint never has a checkpoint's name.
    RETURN_IF_ERROR(fs.RemoveRecursively(removed));
    RETURN_IF_ERROR(fs.Rename(CheckpointPath(dir, txids[i]), removed));
    RETURN_IF_ERROR(fs.RemoveRecursively(removed));
  }
  if (txids.empty()) return Txid{0};
  return txids.size() > keep ? txids[txids.size() - keep] : txids.front();
}

}  // namespace cairn::namenode
