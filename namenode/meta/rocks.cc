// RocksDB: options, writes, snapshots.
#include "namenode/meta/rocks.h"

#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <system_error>

#include "common/coding.h"
#include "common/status_macros.h"
#include "namenode/meta/rocks_log.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {
namespace {

// Of one table. Rows that come and go within what the buffers hold never cost a file, and each file
// is merged with those before it: large buffers are what makes a change cheap. A restart replays at
// most what was in them.
constexpr int64_t kWriteBufferBytes = 128 << 20;

rocksdb::Slice AsSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view AsView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The process's lack, not the disk's: RocksDB only has the system's words for it.
bool OutOfDescriptors(std::string_view text) {
  return text.find(std::generic_category().message(EMFILE)) != std::string_view::npos ||
         text.find(std::generic_category().message(ENFILE)) != std::string_view::npos;
}

absl::Status ToStatus(const std::string& path, std::string_view doing,
                      const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::string text = fmt::format("RocksDB in {}: {}: {}", path, doing, status.ToString());
  // For a missing table file RocksDB names what LevelDB would have called it.
  for (size_t at = 0; (at = text.find(".ldb", at)) != std::string::npos;)
    text.replace(at, 4, ".sst");
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(text);
  if (OutOfDescriptors(text)) return absl::UnavailableError(text);
  // A disk that fails. A file that is missing, or no database at all, is damage.
  if (status.IsIOError() && !status.IsPathNotFound()) return absl::InternalError(text);
  return absl::DataLossError(text);
}

// Reports what RocksDB's own threads fail at.
class BackgroundErrors : public rocksdb::EventListener {
 public:
  BackgroundErrors(std::string path, std::shared_ptr<Failure> failure)
      : path_(std::move(path)), failure_(std::move(failure)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    const absl::Status error = ToStatus(path_, "background work failed", *status);
    if (!absl::IsUnavailable(error)) {
      failure_->Report(error);
      return;
    }
    // RocksDB tries again in a second.
    spdlog::error("{}", std::string(error.message()));
    *status = rocksdb::Status::OK();
  }

 private:
  const std::string path_;
  const std::shared_ptr<Failure> failure_;
};

rocksdb::DBOptions DatabaseOptions() {
  rocksdb::DBOptions options;
  options.paranoid_checks = true;
  options.atomic_flush = true;  // all tables show the same applied transaction after a crash
  options.avoid_flush_during_shutdown = true;
  options.max_background_jobs = 2;
  options.db_write_buffer_size = 2 * kWriteBufferBytes;
  options.max_total_wal_size = 0;
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.info_log = std::make_shared<RocksLog>();
  return options;
}

rocksdb::ColumnFamilyOptions TableOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.checksum = rocksdb::kCRC32c;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = kWriteBufferBytes;
  // Rows are inserted in the order of their keys, so that one's place is near the last one's. The
  // same (empty) prefix for all: one such hint per table.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(0));
  options.force_consistency_checks = true;
  options.paranoid_file_checks = true;
  options.level_compaction_dynamic_level_bytes = true;
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 =
      std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  options.compression = lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  // What was just flushed is soon merged into the level below.
  options.compression_per_level = {rocksdb::kNoCompression, options.compression};
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> Tables(int64_t cache_bytes) {
  const auto cache = rocksdb::NewLRUCache(static_cast<size_t>(cache_bytes));
  std::vector<rocksdb::ColumnFamilyDescriptor> tables;
  tables.emplace_back(rocksdb::kDefaultColumnFamilyName, TableOptions(cache));  // stays empty
  for (const std::string_view name : kTableNames) {
    tables.emplace_back(std::string(name), TableOptions(cache));
  }
  return tables;
}

rocksdb::ReadOptions CheckedReads() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  return options;
}

}  // namespace

// A RocksDB snapshot; releases it and its share of the database at the end.
class RocksSnapshot : public MetaSnapshot {
 public:
  RocksSnapshot(std::shared_ptr<RocksTables> tables, Txid txid)
      : tables_(std::move(tables)), snapshot_(tables_->db_->GetSnapshot()), txid_(txid) {}
  ~RocksSnapshot() override { tables_->db_->ReleaseSnapshot(snapshot_); }

  Txid txid() const override { return txid_; }

  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key) const override {
    rocksdb::ReadOptions options = CheckedReads();
    options.snapshot = snapshot_;
    std::string value;
    const rocksdb::Status status =
        tables_->db_->Get(options, tables_->handle(table), AsSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    RETURN_IF_ERROR(tables_->Check(status, "reading a row"));
    return std::optional<std::string>(std::move(value));
  }

  absl::Status Scan(
      Table table, std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> row) const override {
    rocksdb::ReadOptions options = CheckedReads();
    options.snapshot = snapshot_;
    const rocksdb::Slice upper = AsSlice(end);
    if (!end.empty()) options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> it(
        tables_->db_->NewIterator(options, tables_->handle(table)));
    for (it->Seek(AsSlice(begin)); it->Valid(); it->Next()) {
      if (!row(AsView(it->key()), AsView(it->value()))) return absl::OkStatus();
    }
    return tables_->Check(it->status(), "scanning rows");
  }

 private:
  const std::shared_ptr<RocksTables> tables_;
  const rocksdb::Snapshot* const snapshot_;
  const Txid txid_;
};

absl::Status RocksTables::Create(const std::string& path) {
  rocksdb::DBOptions options = DatabaseOptions();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.error_if_exists = true;
  // RocksDB reports a folder that is not there as an error before it makes it.
  RETURN_IF_ERROR(ToStatus(path, "creating", options.env->CreateDirIfMissing(path)));
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto status = rocksdb::DB::Open(options, path, Tables(1 << 20), &handles, &db);
  RETURN_IF_ERROR(ToStatus(path, "creating", status));
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  const auto closed = db->Close();
  delete db;
  return ToStatus(path, "creating", closed);
}

absl::StatusOr<std::shared_ptr<RocksTables>> RocksTables::Open(const std::string& path,
                                                               int64_t block_cache_bytes,
                                                               std::shared_ptr<Failure> failure,
                                                               bool read_only) {
  rocksdb::DBOptions options = DatabaseOptions();
  if (!read_only) {
    options.listeners.push_back(std::make_shared<BackgroundErrors>(path, failure));
  }
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto tables = Tables(block_cache_bytes);
  const auto status = read_only ? rocksdb::DB::OpenForReadOnly(options, path, tables, &handles, &db)
                                : rocksdb::DB::Open(options, path, tables, &handles, &db);
  RETURN_IF_ERROR(ToStatus(path, "opening", status));
  std::shared_ptr<RocksTables> result(new RocksTables(path, std::move(failure)));
  result->db_.reset(db);
  db->DestroyColumnFamilyHandle(handles.front());  // the default table
  result->handles_.assign(handles.begin() + 1, handles.end());
  RETURN_IF_ERROR(result->ReadAppliedTxid());
  return result;
}

RocksTables::~RocksTables() {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
  if (db_) db_->Close().PermitUncheckedError();
}

absl::Status RocksTables::ReadAppliedTxid() {
  std::string value;
  const auto status =
      db_->Get(CheckedReads(), handle(Table::kMeta), AsSlice(meta_key::kAppliedTxid), &value);
  if (status.IsNotFound()) return absl::OkStatus();
  RETURN_IF_ERROR(ToStatus(path_, "reading the applied transaction", status));
  ASSIGN_OR_RETURN(opened_at_, ParseCounter(meta_key::kAppliedTxid, value));
  return absl::OkStatus();
}

absl::Status RocksTables::Check(const rocksdb::Status& status, std::string_view doing) const {
  if (status.ok()) return absl::OkStatus();
  absl::Status result = ToStatus(path_, doing, status);
  if (absl::IsUnavailable(result)) return result;
  if (status.IsCorruption() || status.IsIOError()) failure_->Report(result);
  return result;
}

absl::Status RocksTables::Apply(const std::vector<ChangeView>& changes, Txid txid) {
  batch_.Clear();
  std::string unused;
  for (const ChangeView& change : changes) {
    rocksdb::ColumnFamilyHandle* const table = handle(change.table);
    if (change.value) {
      RETURN_IF_ERROR(
          Check(batch_.Put(table, AsSlice(change.key), AsSlice(*change.value)), "batch"));
    } else if (!change.repeated ||
               db_->KeyMayExist(rocksdb::ReadOptions(), table, AsSlice(change.key), &unused)) {
      // Rows that came and went since the last application leave no tombstone.
      RETURN_IF_ERROR(Check(batch_.Delete(table, AsSlice(change.key)), "batch"));
    }
  }
  RETURN_IF_ERROR(Check(
      batch_.Put(handle(Table::kMeta), AsSlice(meta_key::kAppliedTxid), IdKey(txid)), "batch"));
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return Check(db_->Write(options, &batch_), "applying transactions");
}

std::shared_ptr<const MetaSnapshot> RocksTables::TakeSnapshot(Txid txid) {
  return std::make_shared<RocksSnapshot>(shared_from_this(), txid);
}

absl::Status RocksTables::Flush() {
  return Check(db_->Flush(rocksdb::FlushOptions(), handles_), "flushing");
}

absl::Status RocksTables::MakeCheckpoint(const std::string& path) {
  RETURN_IF_ERROR(Flush());
  rocksdb::Checkpoint* made = nullptr;
  RETURN_IF_ERROR(Check(rocksdb::Checkpoint::Create(db_.get(), &made), "making a checkpoint"));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  return Check(checkpoint->CreateCheckpoint(path), "making a checkpoint");
}

std::vector<TableFile> RocksTables::LiveFiles() const {
  std::vector<rocksdb::LiveFileMetaData> live;
  db_->GetLiveFilesMetaData(&live);
  std::vector<TableFile> files;
  for (const auto& file : live) {
    if (file.file_checksum.size() != sizeof(uint32_t)) continue;  // made by an older RocksDB
    // RocksDB keeps the CRC32C as four big-endian bytes.
    files.push_back({file.db_path + file.name, GetBigEndian<uint32_t>(file.file_checksum.data())});
  }
  return files;
}

}  // namespace cairn::namenode
