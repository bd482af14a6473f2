// Formatting and opening a MetaStore.
#include "namenode/meta/meta_store.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "common/status_macros.h"
#include "namenode/meta/committer.h"
#include "namenode/meta/recovery.h"
#include "namenode/meta/restore.h"
#include "namenode/meta/rocks.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"
#include "namenode/meta/store_impl.h"

namespace cairn::namenode {
namespace {

constexpr size_t kMaxClusterIdBytes = 255;

// Leaves `dir` existing and without anything of ours.
absl::Status ClearForFormat(const std::string& dir, bool force, FileSystem& fs) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(dir));
  std::erase(names, "in_use.lock");
  std::erase(names, "lost+found");  // a file system of its own
  if (names.empty()) return absl::OkStatus();
  if (!force) {
    return absl::FailedPreconditionError(fmt::format(
        "Directory {} is not empty: format refuses to overwrite it (-force removes the file system "
        "in it)",
        dir));
  }
  return RemoveNameDirContents(fs, dir);
}

// Cluster ids are a line of VERSION files, here and on DataNodes, and words in logs and addresses.
absl::Status CheckClusterId(const std::string& id) {
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  const size_t limit = kMaxClusterIdBytes;
  if (!id.empty() && id.size() <= limit && std::none_of(id.begin(), id.end(), bad)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "Invalid cluster id \"{}\": it must have 1 to {} bytes, without spaces and control "
      "characters",
      absl::Utf8SafeCHexEscape(id.substr(0, limit)) + (id.size() > limit ? "..." : ""), limit));
}

std::vector<RowChange> FirstRows(const ClusterIdentity& identity,
                                 std::vector<RowChange> initial_rows) {
  std::vector<RowChange> rows = std::move(initial_rows);
  rows.push_back(CounterChange(meta_key::kFormat, kFormatVersion));
  EncodeIdentity(identity, rows);
  return rows;
}

}  // namespace

absl::Status MetaStore::Format(const MetaStoreOptions& options, const ClusterIdentity& identity,
                               bool force, std::vector<RowChange> initial_rows, FileSystem& fs) {
  if (options.name_dirs.empty()) {
    return absl::InvalidArgumentError("dfs.namenode.name.dir names no directory");
  }
  RETURN_IF_ERROR(CheckClusterId(identity.cluster_id));
  std::vector<std::unique_ptr<DirLock>> locks;
  for (const std::string& dir : options.name_dirs) {
    RETURN_IF_ERROR(CreateDirectoryDurably(fs, dir));
    ASSIGN_OR_RETURN(locks.emplace_back(), DirLock::Acquire(fs, dir));
    if (!force) RETURN_IF_ERROR(ClearForFormat(dir, false, fs));
  }
  for (const std::string& dir : options.name_dirs) {
    RETURN_IF_ERROR(ClearForFormat(dir, force, fs));
  }
  RETURN_IF_ERROR(RocksTables::Create(RocksPath(options.name_dirs.front())));
  ASSIGN_OR_RETURN(const auto journal,
                   Journal::Start(fs, options.name_dirs, options.segment_bytes,
                                  {.namespace_id = identity.namespace_id, .epoch = 1}));
  Batch batch;
  AppendTransaction(FirstRows(identity, std::move(initial_rows)), batch.record);
  RETURN_IF_ERROR(journal->Append(1, 1, batch.record));
  RETURN_IF_ERROR(journal->Mark());
  if (const auto failed = journal->FailedDirectories(); !failed.empty()) {
    return absl::InternalError(fmt::format("formatting failed in {}", failed.front()));
  }
  // Last: a directory without VERSION is not formatted.
  for (const std::string& dir : options.name_dirs) {
    RETURN_IF_ERROR(WriteVersion(fs, dir, identity));
    spdlog::info("Storage directory {} has been successfully formatted.", dir);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<MetaStore>> MetaStore::Open(const MetaStoreOptions& options,
                                                           FileSystem& fs, const Clock& clock,
                                                           FatalHandler fatal) {
  ASSIGN_OR_RETURN(RecoveredDirs dirs, RecoverDirs(options.name_dirs, fs));
  ASSIGN_OR_RETURN(OpenedDatabase database, OpenDatabase(dirs, options.block_cache_bytes, fs));
  ASSIGN_OR_RETURN(auto store, StoreImpl::Start(options, std::move(dirs), std::move(database), fs,
                                                clock, std::move(fatal)));
  return store;
}

absl::Status MetaStore::CheckNoDatabase(const MetaStoreOptions& options, FileSystem& fs) {
  for (const std::string& dir : options.name_dirs) {
    if (!fs.Exists(RocksPath(dir))) continue;
    return absl::FailedPreconditionError(
        fmt::format("{} exists: move it away before rebuilding it", RocksPath(dir)));
  }
  return absl::OkStatus();
}

}  // namespace cairn::namenode
