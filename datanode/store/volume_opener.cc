// Opens data directories. Messages as Hadoop 3.4's Storage, DataStorage and BlockPoolSliceStorage.
#include "datanode/store/volume_opener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/version_file.h"

namespace cairn::datanode {
namespace {

absl::Status Inconsistent(const std::string& directory, std::string_view why) {
  return errors::Io(fmt::format("Directory {} is in an inconsistent state: {}", directory, why));
}

// Both kinds of lock: flock against our own processes, a POSIX-compatible one because HDFS's
// DataNode takes that.
absl::StatusOr<std::unique_ptr<File>> Lock(FileSystem& fs, const PoolPaths& paths) {
  const auto mode = fs.Exists(paths.lock_file()) ? OpenMode::kReadWrite : OpenMode::kCreate;
  ASSIGN_OR_RETURN(auto file, fs.Open(paths.lock_file(), mode));
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::flock(file->fd(), LOCK_EX | LOCK_NB) != 0 ||
      ::fcntl(file->fd(), F_OFD_SETLK, &whole) != 0) {
    if (errno == EWOULDBLOCK || errno == EAGAIN || errno == EACCES) {
      return errors::Io(
          fmt::format("Cannot lock storage {}. The directory is already locked", paths.volume()));
    }
    return absl::InternalError(
        fmt::format("cannot lock {}: {}", paths.lock_file(), std::strerror(errno)));
  }
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  RETURN_IF_ERROR(file->Truncate(0));
  RETURN_IF_ERROR(file->WriteAt(0, fmt::format("{}@{}", ::getpid(), host)));
  return file;
}

// Creates `path` and its missing ancestors so that they survive a power cut.
absl::Status CreateDurably(FileSystem& fs, const std::string& path) {
  if (fs.Exists(path)) return absl::OkStatus();
  const size_t slash = path.find_last_of('/');
  const std::string parent = slash == 0 ? "/" : path.substr(0, slash);
  if (slash != std::string::npos) RETURN_IF_ERROR(CreateDurably(fs, parent));
  RETURN_IF_ERROR(fs.CreateDirectories(path));
  return fs.SyncDirectory(slash == std::string::npos ? "." : parent);
}

absl::Status CheckLayout(const std::string& directory, int32_t layout_version) {
  if (layout_version == kLayoutVersion) return absl::OkStatus();
  return MakeError(ErrorKind::kIncorrectVersion,
                   fmt::format("Unexpected version of storage directory {}. Reported: {}. "
                               "Expecting = {}.",
                               directory, layout_version, kLayoutVersion));
}

// The file's content; empty when it does not exist.
absl::StatusOr<std::optional<std::string>> ReadIfExists(FileSystem& fs, const std::string& path) {
  auto content = fs.ReadFile(path, kMaxVersionFileBytes);
  if (content.ok()) return std::optional<std::string>(*std::move(content));
  if (absl::IsNotFound(content.status())) return std::optional<std::string>();
  if (absl::IsResourceExhausted(content.status())) {
    return errors::Io(std::string(content.status().message()));
  }
  return content.status();
}

template <typename Version>
absl::StatusOr<Version> ParseVersion(const std::string& path, const std::string& content) {
  auto version = Version::Parse(content);
  if (version.ok()) return version;
  return Inconsistent(path, std::string(version.status().message()));
}

// One directory on its way to being a Volume.
struct Candidate {
  VolumeOptions options;
  PoolPaths paths;
  std::unique_ptr<File> lock;
  std::optional<VolumeVersion> version;  // empty: a new directory
};

// Names of the pools a directory has.
absl::StatusOr<std::vector<std::string>> Pools(FileSystem& fs, const PoolPaths& paths) {
  std::vector<std::string> pools;
  auto names = fs.List(paths.volume_current());
  if (absl::IsNotFound(names.status())) return pools;
  RETURN_IF_ERROR(names.status());
  for (std::string& name : *names) {
    if (name.starts_with("BP-")) pools.push_back(std::move(name));
  }
  return pools;
}

absl::StatusOr<Candidate> Inspect(FileSystem& fs, const VolumeOptions& options,
                                  const PoolIdentity& pool) {
  Candidate candidate{options, PoolPaths(options.path, pool.pool_id), nullptr, std::nullopt};
  const PoolPaths& paths = candidate.paths;
  RETURN_IF_ERROR(CreateDurably(fs, paths.volume()));
  ASSIGN_OR_RETURN(candidate.lock, Lock(fs, paths));
  ASSIGN_OR_RETURN(const auto content, ReadIfExists(fs, paths.volume_version()));
  ASSIGN_OR_RETURN(const std::vector<std::string> pools, Pools(fs, paths));
  if (!content) {
    if (pools.empty()) return candidate;
    return Inconsistent(paths.volume(), "version file in current directory is missing.");
  }
  ASSIGN_OR_RETURN(candidate.version,
                   ParseVersion<VolumeVersion>(paths.volume_version(), *content));
  RETURN_IF_ERROR(CheckLayout(paths.volume(), candidate.version->layout_version));
  if (candidate.version->cluster_id != pool.cluster_id) {
    return errors::Io(fmt::format(
        "Incompatible clusterIDs in {}: namenode clusterID = {}; datanode clusterID = {}",
        paths.volume(), pool.cluster_id, candidate.version->cluster_id));
  }
  const bool ours = std::find(pools.begin(), pools.end(), pool.pool_id) != pools.end();
  if (!ours && !pools.empty()) {
    return errors::Io(fmt::format(
        "Incompatible blockpoolIDs in {}: namenode blockpoolID = {}; datanode blockpoolID = {}",
        paths.volume(), pool.pool_id, pools.front()));
  }
  return candidate;
}

absl::Status CheckPool(FileSystem& fs, const PoolPaths& paths, const PoolIdentity& pool,
                       const std::string& content) {
  ASSIGN_OR_RETURN(const auto version, ParseVersion<PoolVersion>(paths.pool_version(), content));
  RETURN_IF_ERROR(CheckLayout(paths.pool(), version.layout_version));
  if (version.pool_id != pool.pool_id) {
    return errors::Io(fmt::format("Unexpected blockpoolID {}. Expected {} in {}", version.pool_id,
                                  pool.pool_id, paths.pool()));
  }
  if (version.namespace_id != pool.namespace_id) {
    return errors::Io(fmt::format(
        "Incompatible namespaceIDs in {}: namenode namespaceID = {}; datanode namespaceID = {}",
        paths.pool(), pool.namespace_id, version.namespace_id));
  }
  if (version.creation_time != pool.creation_time) {
    return errors::Io(
        fmt::format("Datanode state: CTime = {} of {} is not the namenode's: CTime = {}",
                    version.creation_time, paths.pool(), pool.creation_time));
  }
  return absl::OkStatus();
}

// Writes or checks what identifies the pool and makes its directories.
absl::Status PreparePool(const StoreEnv& env, const PoolPaths& paths, const PoolIdentity& pool) {
  FileSystem& fs = env.fs;
  RETURN_IF_ERROR(fs.CreateDirectories(paths.pool_current()));
  ASSIGN_OR_RETURN(const auto content, ReadIfExists(fs, paths.pool_version()));
  if (content) {
    RETURN_IF_ERROR(CheckPool(fs, paths, pool, *content));
  } else {
    const auto names = fs.List(paths.pool_current());
    RETURN_IF_ERROR(names.status());
    if (std::find(names->begin(), names->end(), "finalized") != names->end()) {
      return Inconsistent(paths.pool(), "version file in current directory is missing.");
    }
    const PoolVersion version{pool.pool_id, pool.namespace_id, pool.creation_time, kLayoutVersion};
    RETURN_IF_ERROR(
        fs.WriteFileAtomically(paths.pool_version(), version.Format(env.clock.WallMs())));
  }
  for (const std::string& directory : {paths.finalized(), paths.rbw(), paths.tmp()}) {
    RETURN_IF_ERROR(fs.CreateDirectories(directory));
  }
  RETURN_IF_ERROR(fs.SyncDirectory(paths.pool_current()));
  RETURN_IF_ERROR(fs.SyncDirectory(paths.pool()));
  return fs.SyncDirectory(paths.volume_current());
}

absl::StatusOr<std::shared_ptr<Volume>> Finish(const StoreEnv& env, const StoreOptions& options,
                                               const PoolIdentity& pool, const std::string& uuid,
                                               Candidate candidate) {
  const PoolPaths& paths = candidate.paths;
  if (!candidate.version) {
    candidate.version =
        VolumeVersion{"DS-" + env.random.Uuid(), pool.cluster_id, uuid, kLayoutVersion};
    RETURN_IF_ERROR(env.fs.CreateDirectories(paths.volume_current()));
    RETURN_IF_ERROR(env.fs.WriteFileAtomically(paths.volume_version(),
                                               candidate.version->Format(env.clock.WallMs())));
    RETURN_IF_ERROR(env.fs.SyncDirectory(paths.volume()));
    spdlog::info("formatted {} for {} as {}", paths.volume(), pool.pool_id,
                 candidate.version->storage_id);
  }
  RETURN_IF_ERROR(PreparePool(env, paths, pool));
  return std::make_shared<Volume>(env.fs, candidate.options, options.reserved_bytes, paths,
                                  candidate.version->storage_id, std::move(candidate.lock));
}

// An error of identity stops the start, and so does a lack of descriptors or memory, which is no
// fault of a disk; one of the disk costs its volume.
bool IsFatal(const absl::Status& status) {
  return KindOf(status).has_value() || absl::IsUnavailable(status);
}

VolumeFailure FailureOf(const StoreEnv& env, const VolumeOptions& options,
                        const absl::Status& status) {
  return VolumeFailure{options.path, "", std::string(status.message()), env.clock.WallMs(), 0};
}

// The uuid all directories agree on.
absl::StatusOr<std::string> AgreeOnUuid(const StoreEnv& env, std::string uuid,
                                        const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates) {
    if (!candidate.version) continue;
    if (uuid.empty()) uuid = candidate.version->datanode_uuid;
    if (uuid != candidate.version->datanode_uuid) {
      return Inconsistent(
          candidate.paths.volume(),
          fmt::format("Root {}: DatanodeUuid={}, does not match {} from other "
                      "StorageDirectory.",
                      candidate.paths.volume(), candidate.version->datanode_uuid, uuid));
    }
  }
  return uuid.empty() ? env.random.Uuid() : uuid;
}

}  // namespace

absl::StatusOr<OpenedVolumes> OpenVolumes(const StoreOptions& options, const PoolIdentity& pool,
                                          const StoreEnv& env, const std::string& datanode_uuid) {
  // It becomes the name of a directory.
  if (!pool.pool_id.starts_with("BP-") || pool.pool_id.find('/') != std::string::npos ||
      pool.pool_id.find('\0') != std::string::npos) {
    return errors::Io(fmt::format("Unexpected blockpoolID {}. Expected BP-…", pool.pool_id));
  }
  OpenedVolumes opened;
  std::vector<Candidate> candidates;
  for (const VolumeOptions& volume : options.volumes) {
    auto candidate = Inspect(env.fs, volume, pool);
    if (candidate.ok()) {
      candidates.push_back(*std::move(candidate));
    } else if (IsFatal(candidate.status())) {
      return candidate.status();
    } else {
      opened.failures.push_back(FailureOf(env, volume, candidate.status()));
    }
  }
  ASSIGN_OR_RETURN(opened.datanode_uuid, AgreeOnUuid(env, datanode_uuid, candidates));
  for (Candidate& candidate : candidates) {
    const VolumeOptions volume_options = candidate.options;
    auto volume = Finish(env, options, pool, opened.datanode_uuid, std::move(candidate));
    if (volume.ok()) {
      opened.volumes.push_back(*std::move(volume));
    } else if (IsFatal(volume.status())) {
      return volume.status();
    } else {
      opened.failures.push_back(FailureOf(env, volume_options, volume.status()));
    }
  }
  return opened;
}

}  // namespace cairn::datanode
