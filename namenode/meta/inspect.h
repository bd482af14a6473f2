// Reads a name directory without changing it: what the offline inspector stands on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "namenode/meta/journal_reader.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// Nothing here takes the directory's lock: a NameNode that runs meanwhile may change files under
// the reader, which then looks like damage. All damage is kDataLoss naming the file.

// What a name directory contains.
struct NameDirReport {
  ClusterIdentity identity;
  JournalScan journal;
  std::vector<Txid> checkpoints;
  std::optional<Txid> database_txid;  // flushed; empty when the database is elsewhere
};
// Checks VERSION, journal_state and every byte of the journal; opens the database and checks that
// it belongs to the directory.
absl::StatusOr<NameDirReport> InspectNameDir(FileSystem& fs, const std::string& dir);

// Reads every byte of the database's table files.
absl::Status VerifyDatabase(FileSystem& fs, const std::string& dir);

// Calls `row` for every row of the table in key order, as of the journal's last transaction: the
// database, or else the newest checkpoint, with the journal since held in memory.
absl::Status ScanRows(FileSystem& fs, const std::string& dir, Table table,
                      absl::FunctionRef<void(std::string_view key, std::string_view value)> row);

}  // namespace cairn::namenode
