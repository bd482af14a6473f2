// Reads journals.
#include "tests/fault/runner/journal_view.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "common/file_system.h"
#include "common/status_macros.h"
#include "namenode/meta/journal_reader.h"
#include "namenode/meta/name_dir.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"

namespace cairn::fault {
namespace {

using namenode::BlockRow;
using namenode::ChangeView;

// Calls `visit` for every change of the journal, in order; the last transaction there.
absl::StatusOr<Txid> VisitChanges(const std::string& directory,
                                  const std::function<void(const ChangeView&)>& visit) {
  FileSystem& fs = PosixFileSystem();
  ASSIGN_OR_RETURN(const namenode::ClusterIdentity identity, namenode::ReadVersion(fs, directory));
  ASSIGN_OR_RETURN(
      const namenode::JournalScan scan,
      namenode::ScanJournal(fs, directory, identity.namespace_id,
                            [&](const std::string&, int64_t, const namenode::BatchHeader& header,
                                std::string_view payload) {
                              return header.is_marker()
                                         ? absl::OkStatus()
                                         : namenode::ForEachChange(payload, header.first_txid,
                                                                   header.last_txid, visit);
                            }));
  return scan.last_txid;
}

// The directory whose journal goes furthest: others may have been dropped.
absl::StatusOr<std::string> MostComplete(const std::vector<std::string>& directories) {
  if (directories.size() == 1) return directories.front();
  std::string best;
  Txid most = -1;
  absl::Status failed;
  for (const std::string& directory : directories) {
    const absl::StatusOr<Txid> last = VisitChanges(directory, [](const ChangeView&) {});
    failed.Update(last.status());
    if (!last.ok() || *last <= most) continue;
    most = *last;
    best = directory;
  }
  if (best.empty()) return failed;
  return best;
}

// What one transaction says of stamps.
struct Transaction {
  Txid txid = 0;
  GenerationStamp last_stamp = 0;
  std::vector<BlockRow> blocks;

  absl::Status Add(const ChangeView& change) {
    if (!change.value) return absl::OkStatus();
    if (change.table == namenode::Table::kBlocks) {
      ASSIGN_OR_RETURN(blocks.emplace_back(), namenode::DecodeBlock(change.key, *change.value));
    }
    if (change.table == namenode::Table::kMeta &&
        change.key == namenode::meta_key::kLastGenerationStamp) {
      ASSIGN_OR_RETURN(last_stamp, namenode::ParseCounter(change.key, *change.value));
    }
    return absl::OkStatus();
  }
};

}  // namespace

absl::Status StampRules::ObserveStamp(BlockId block, GenerationStamp stamp) {
  std::set<GenerationStamp>& known = stamps_[block];
  if (known.contains(stamp)) return absl::OkStatus();
  // A journal may begin after a checkpoint, with stamps that were given out before.
  if (last_ != 0 && stamp > last_) {
    return absl::DataLossError(
        fmt::format("blk_{} has stamp {}, and {} is the last one given out", block, stamp, last_));
  }
  if (!known.empty() && stamp < *known.rbegin()) {
    return absl::DataLossError(
        fmt::format("blk_{} gets stamp {} after {}", block, stamp, *known.rbegin()));
  }
  const auto [owner, first] = owners_.try_emplace(stamp, block);
  if (!first) {
    return absl::DataLossError(
        fmt::format("stamp {} is given to blk_{} and blk_{}", stamp, owner->second, block));
  }
  known.insert(stamp);
  return absl::OkStatus();
}

absl::Status StampRules::Observe(GenerationStamp last, const std::vector<BlockRow>& rows) {
  if (last != 0) {
    if (last <= last_)
      return absl::DataLossError(fmt::format("stamp {} is given out after {}", last, last_));
    last_ = last;
    ++given_out_;
  }
  for (const BlockRow& row : rows) {
    RETURN_IF_ERROR(ObserveStamp(row.id, row.generation_stamp));
    if (row.recovery_id != 0) RETURN_IF_ERROR(ObserveStamp(row.id, row.recovery_id));
    GenerationStamp& current = current_[row.id];
    if (row.generation_stamp < current) {
      return absl::DataLossError(fmt::format("the stamp of blk_{} falls from {} to {}", row.id,
                                             current, row.generation_stamp));
    }
    current = row.generation_stamp;
  }
  return absl::OkStatus();
}

int64_t StampRules::blocks_with_several() const {
  return std::count_if(stamps_.begin(), stamps_.end(),
                       [](const auto& entry) { return entry.second.size() > 1; });
}

absl::Status CheckStamps(const std::vector<std::string>& name_directories, StampRules& rules) {
  ASSIGN_OR_RETURN(const std::string directory, MostComplete(name_directories));
  absl::Status outcome;
  Transaction transaction;
  const auto visit = [&](const ChangeView& change) {
    if (change.txid != transaction.txid) {
      outcome.Update(rules.Observe(transaction.last_stamp, transaction.blocks));
      transaction = {.txid = change.txid};
    }
    outcome.Update(transaction.Add(change));
  };
  RETURN_IF_ERROR(VisitChanges(directory, visit).status());
  outcome.Update(rules.Observe(transaction.last_stamp, transaction.blocks));
  return outcome;
}

absl::StatusOr<std::map<BlockId, BlockRow>> BlocksInJournal(
    const std::vector<std::string>& name_directories) {
  ASSIGN_OR_RETURN(const std::string directory, MostComplete(name_directories));
  std::map<BlockId, BlockRow> rows;
  absl::Status outcome;
  const auto last = VisitChanges(directory, [&](const ChangeView& change) {
    if (change.table != namenode::Table::kBlocks) return;
    const absl::StatusOr<BlockId> id = namenode::ParseIdKey(change.key);
    if (!id.ok()) return outcome.Update(id.status());
    if (!change.value) {
      rows.erase(*id);
      return;
    }
    absl::StatusOr<BlockRow> row = namenode::DecodeBlock(change.key, *change.value);
    row.ok() ? (void)rows.insert_or_assign(*id, *std::move(row)) : outcome.Update(row.status());
  });
  RETURN_IF_ERROR(last.status());
  RETURN_IF_ERROR(outcome);
  return rows;
}

}  // namespace cairn::fault
