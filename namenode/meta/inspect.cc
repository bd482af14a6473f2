// Read-only access to a name directory.
#include "namenode/meta/inspect.h"

#include <map>

#include "common/status_macros.h"
#include "namenode/meta/checkpoint.h"
#include "namenode/meta/name_dir.h"
#include "namenode/meta/restore.h"
#include "namenode/meta/rocks.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kCacheBytes = 8 << 20;

absl::StatusOr<std::shared_ptr<RocksTables>> OpenReadOnly(const std::string& path) {
  return RocksTables::Open(path, kCacheBytes, std::make_shared<Failure>(), true);
}

// The database of `dir`, or its newest checkpoint; null when the journal is all there is.
absl::StatusOr<std::shared_ptr<RocksTables>> OpenNewest(FileSystem& fs, const std::string& dir) {
  if (fs.Exists(RocksPath(dir))) return OpenReadOnly(RocksPath(dir));
  ASSIGN_OR_RETURN(const std::vector<Txid> checkpoints, ListCheckpoints(fs, dir));
  if (checkpoints.empty()) return std::shared_ptr<RocksTables>();
  return OpenReadOnly(CheckpointPath(dir, checkpoints.back()));
}

}  // namespace

absl::StatusOr<NameDirReport> InspectNameDir(FileSystem& fs, const std::string& dir) {
  NameDirReport report;
  ASSIGN_OR_RETURN(report.identity, ReadVersion(fs, dir));
  ASSIGN_OR_RETURN(report.journal, ScanJournal(fs, dir, report.identity.namespace_id));
  if (report.journal.epoch == 0) {
    return absl::DataLossError(
        fmt::format("{} is missing: the journal is lost", JournalStatePath(dir)));
  }
  ASSIGN_OR_RETURN(report.checkpoints, ListCheckpoints(fs, dir));
  if (fs.Exists(RocksPath(dir))) {
    ASSIGN_OR_RETURN(const auto tables, OpenReadOnly(RocksPath(dir)));
    report.database_txid = tables->opened_at();
    // Before the first flush all rows are in the journal.
    if (*report.database_txid > 0) {
      RETURN_IF_ERROR(CheckDatabase(*tables->TakeSnapshot(*report.database_txid), report.identity,
                                    RocksPath(dir)));
    }
  }
  return report;
}

absl::Status VerifyDatabase(FileSystem& fs, const std::string& dir) {
  ASSIGN_OR_RETURN(const auto tables, OpenReadOnly(RocksPath(dir)));
  for (const TableFile& table : tables->LiveFiles()) {
    ASSIGN_OR_RETURN(const FileSum sum, SumFile(fs, table.path));
    if (sum.crc != table.crc) {
      return absl::DataLossError(
          fmt::format("{} is damaged: its checksum is {:08x} and was {:08x} when it was written",
                      table.path, sum.crc, table.crc));
    }
  }
  return absl::OkStatus();
}

absl::Status ScanRows(FileSystem& fs, const std::string& dir, Table table,
                      absl::FunctionRef<void(std::string_view key, std::string_view value)> row) {
  ASSIGN_OR_RETURN(const ClusterIdentity identity, ReadVersion(fs, dir));
  ASSIGN_OR_RETURN(const auto tables, OpenNewest(fs, dir));
  const Txid applied = tables != nullptr ? tables->opened_at() : 0;
  std::map<std::string, std::optional<std::string>, std::less<>> newer;
  const auto visit = [&](const std::string&, int64_t, const BatchHeader& header,
                         std::string_view payload) {
    if (header.last_txid <= applied) return absl::OkStatus();
    return ForEachChange(payload, header.first_txid, header.last_txid,
                         [&](const ChangeView& change) {
                           if (change.table != table) return;
                           newer[std::string(change.key)] = change.value;
                         });
  };
  RETURN_IF_ERROR(ScanJournal(fs, dir, identity.namespace_id, visit, applied).status());
  auto next = newer.begin();
  const auto emit_newer = [&] {
    if (next->second) row(next->first, *next->second);
    ++next;
  };
  if (tables != nullptr) {
    const auto snapshot = tables->TakeSnapshot(applied);
    RETURN_IF_ERROR(
        snapshot->Scan(table, "", "", [&](std::string_view key, std::string_view value) {
          while (next != newer.end() && next->first < key) emit_newer();
          if (next != newer.end() && next->first == key) {
            emit_newer();
          } else {
            row(key, value);
          }
          return true;
        }));
  }
  while (next != newer.end()) emit_newer();
  return absl::OkStatus();
}

}  // namespace cairn::namenode
