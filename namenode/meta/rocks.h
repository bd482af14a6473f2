// RocksDB as the NameNode uses it: tables, one atomic write per application, snapshots, damage.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/ids.h"
#include "namenode/meta/failure.h"
#include "namenode/meta/journal_format.h"
#include "namenode/meta/meta_store.h"

namespace cairn::namenode {

// A table file and the CRC32C it was written with.
struct TableFile {
  std::string path;
  uint32_t crc = 0;
};

// The database below <name directory>/rocksdb. Thread-safe; Apply is called by one thread.
// The write-ahead log is off: what is not flushed is in the journal. Damage and failed background
// work are reported to `failure`, and every error names the database's directory.
class RocksTables : public std::enable_shared_from_this<RocksTables> {
 public:
  // A new, empty database with applied() == 0.
  static absl::Status Create(const std::string& path);
  // `read_only`: nothing on disk is changed, and damage is only returned.
  static absl::StatusOr<std::shared_ptr<RocksTables>> Open(const std::string& path,
                                                           int64_t block_cache_bytes,
                                                           std::shared_ptr<Failure> failure,
                                                           bool read_only = false);
  // Drops what is not flushed.
  ~RocksTables();

  // The last transaction in the tables when they were opened.
  Txid opened_at() const { return opened_at_; }
  // Writes the changes (one per key, sorted) and `txid` as one atomic step.
  absl::Status Apply(const std::vector<ChangeView>& changes, Txid txid);
  // The tables as they are now; `txid` is what Apply was last called with. The snapshot keeps the
  // database open.
  std::shared_ptr<const MetaSnapshot> TakeSnapshot(Txid txid);
  // Makes everything applied durable in RocksDB.
  absl::Status Flush();
  // Flushes, and makes a copy of the database (hard links where possible) in `path`, which must not
  // exist.
  absl::Status MakeCheckpoint(const std::string& path);
  // The table files that are in use now.
  std::vector<TableFile> LiveFiles() const;

 private:
  friend class RocksSnapshot;
  RocksTables(std::string path, std::shared_ptr<Failure> failure)
      : path_(std::move(path)), failure_(std::move(failure)) {}
  absl::Status ReadAppliedTxid();
  rocksdb::ColumnFamilyHandle* handle(Table table) const {
    return handles_[static_cast<size_t>(table)];
  }
  // The status with this database's name; damage and I/O errors are reported to failure_.
  absl::Status Check(const rocksdb::Status& status, std::string_view doing) const;

  const std::string path_;
  const std::shared_ptr<Failure> failure_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // by Table; owned, closed before db_
  rocksdb::WriteBatch batch_;                          // Apply's; keeps its memory
  Txid opened_at_ = 0;
};

}  // namespace cairn::namenode
