// The public face of Cairn's client library: files and directories of one cluster. Start here; see
// client/examples/ for a whole program.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_options.h"
#include "client/client_types.h"
#include "client/streams.h"
#include "common/types/block.h"
#include "common/types/file_status.h"

namespace cairn::client {

class NamenodeStub;
class ClientContext;
struct ClientEnvironment;

// A connection to one cluster on behalf of one user.
//
// Thread-safe. Streams and iterators must be destroyed before the client that made them.
//
// Paths are absolute. Errors of the NameNode are those of common/types/errors.h (test them with
// Is(status, ErrorKind::…)), with HDFS's text as first line. A NameNode that cannot be reached, or
// that asks to retry, is called again as ClientOptions says; a call that changes something carries
// the same client id and call id in every attempt, so that it takes effect once. Then the status is
// kUnavailable or kDeadlineExceeded and names the address. Safe mode is an error at once, as in
// HDFS. Errors of DataNodes name the block, the node and the file.
class DfsClient {
 public:
  // A client for the cluster at options.namenode_address. Calls nothing yet: an unreachable
  // NameNode shows in the first call. kInvalidArgument: an option out of range, named.
  static absl::StatusOr<std::unique_ptr<DfsClient>> Connect(const ClientOptions& options);
  // The same over another way to the NameNode (tests, other protocols).
  static absl::StatusOr<std::unique_ptr<DfsClient>> WithStub(const ClientOptions& options,
                                                             std::unique_ptr<NamenodeStub> stub,
                                                             ClientEnvironment environment);
  // Stops the renewal of leases. Files still open for writing must have been destroyed.
  ~DfsClient();

  const ClientOptions& options() const;
  // The lease holder's name, "DFSClient_NONMAPREDUCE_<random>_1".
  const std::string& client_name() const;

  // --- Streams.
  // A new file of length 0, opened for writing.
  absl::StatusOr<std::unique_ptr<OutputStream>> Create(const std::string& path,
                                                       const CreateOptions& options = {});
  // An existing closed file, opened for writing at its end. A file that another writer holds is
  // kAlreadyBeingCreated, or kRecoveryInProgress while it is taken from a dead one.
  absl::StatusOr<std::unique_ptr<OutputStream>> Append(const std::string& path,
                                                       const AppendOptions& options = {});
  // A file, opened for reading at offset 0.
  absl::StatusOr<std::unique_ptr<InputStream>> Open(const std::string& path);

  // --- Looking.
  // A missing path is ErrorKind::kFileNotFound "File does not exist: /p".
  absl::StatusOr<FileStatus> Stat(const std::string& path);
  // The same, with a missing path as an empty value.
  absl::StatusOr<std::optional<FileStatus>> StatIfExists(const std::string& path);
  absl::StatusOr<bool> Exists(const std::string& path);
  // One page of at most the NameNode's dfs.ls.limit entries whose names follow `start_after` (""
  // from the beginning). A file gives one entry with an empty path. A missing path is
  // kFileNotFound.
  absl::StatusOr<DirectoryListing> ListPage(const std::string& path, const std::string& start_after,
                                            bool with_locations = false);
  // Walks all entries, fetching page by page.
  ListingIterator List(const std::string& path, bool with_locations = false);
  // All entries at once; for directories known to be small.
  absl::StatusOr<std::vector<FileStatus>> ListAll(const std::string& path);
  // Blocks overlapping [offset, offset + length), nearest replica first.
  absl::StatusOr<LocatedBlocks> GetBlockLocations(const std::string& path, int64_t offset,
                                                  int64_t length);
  absl::StatusOr<ContentSummary> GetContentSummary(const std::string& path);
  // OK when this user has `access` (bits: 4 read, 2 write, 1 execute) to the path.
  absl::Status CheckAccess(const std::string& path, int access);
  absl::StatusOr<FsStats> GetFsStats();
  absl::StatusOr<ServerDefaults> GetServerDefaults();
  // HDFS's MD5-of-MD5-of-CRC of the first `length` bytes, computed by the DataNodes; comparable
  // between files of equal block size and bytes per checksum.
  absl::StatusOr<FileChecksum> GetFileChecksum(const std::string& path, int64_t length = INT64_MAX);

  // --- Changing.
  // `permission` before the umask is applied. An existing directory is success.
  absl::Status Mkdirs(const std::string& path, uint16_t permission = 0777,
                      bool create_parent = true);
  // HDFS's first rename: false instead of most errors; a directory as destination is moved into.
  absl::StatusOr<bool> Rename(const std::string& from, const std::string& to);
  // HDFS's second rename: exact destination, errors with reasons; overwrites a file or an empty
  // directory when asked.
  absl::Status Rename2(const std::string& from, const std::string& to, bool overwrite,
                       bool to_trash = false);
  // False: nothing was there. A non-empty directory without `recursive` is
  // kPathIsNotEmptyDirectory.
  absl::StatusOr<bool> Delete(const std::string& path, bool recursive);
  absl::Status SetPermission(const std::string& path, uint16_t permission);
  // An absent value stays as it is.
  absl::Status SetOwner(const std::string& path, const std::optional<std::string>& owner,
                        const std::optional<std::string>& group);
  // Milliseconds since the epoch; -1 leaves a time as it is.
  absl::Status SetTimes(const std::string& path, int64_t mtime_ms, int64_t atime_ms);
  // False: not a file, or missing.
  absl::StatusOr<bool> SetReplication(const std::string& path, int32_t replication);
  // Shortens a closed file to `new_length` bytes, from 0 to its length. False: its last block is
  // being shortened on its DataNodes and the file cannot be opened for writing before; ask
  // IsFileClosed.
  absl::StatusOr<bool> Truncate(const std::string& path, int64_t new_length);
  // Appends the blocks of `sources`, in this order, to `target`, and removes the sources. All are
  // closed files of one directory, no source is empty or has larger blocks than the target.
  // kHadoopIllegalArgument with HDFS's text otherwise.
  absl::Status Concat(const std::string& target, const std::vector<std::string>& sources);
  // Takes the lease away from a dead writer; true when the file is closed now, else ask
  // IsFileClosed later.
  absl::StatusOr<bool> RecoverLease(const std::string& path);
  absl::StatusOr<bool> IsFileClosed(const std::string& path);

  // --- Administration (most need the superuser).
  absl::StatusOr<std::vector<DatanodeInfo>> GetDatanodeReport(DatanodeReportType type);
  // The state after the action; true: in safe mode.
  absl::StatusOr<bool> SetSafeMode(SafeModeAction action);
  // Makes a checkpoint; needs safe mode. kFailedPrecondition otherwise.
  absl::Status SaveNamespace();
  // Begins a new journal segment; its first transaction.
  absl::StatusOr<Txid> RollEdits();
  // Has the NameNode write what it has to do into a file of its log directory.
  absl::Status MetaSave(const std::string& filename);
  // How many bytes a second balancing may use on each live DataNode from now on; 0 changes nothing.
  absl::Status SetBalancerBandwidth(int64_t bytes_per_second);
  // Has the NameNode read its lists of DataNodes (dfs.hosts, dfs.hosts.exclude) again.
  absl::Status RefreshNodes();
  // A page of the files at or below `path` that are open for writing, by inode id, which begins
  // after the id `after` (0: from the beginning).
  absl::StatusOr<OpenFilesPage> ListOpenFiles(const std::string& path = "/", InodeId after = 0);
  // A page of the files at or below `path` with blocks that have no good replica, a path for each
  // such block; `after` is the page's before `last`. The page without paths is behind the last one.
  absl::StatusOr<CorruptFilesPage> ListCorruptFiles(const std::string& path = "/",
                                                    BlockId after = 0);
  // HDFS's fsck report, handed to `sink` in pieces as it is produced (on the calling thread). The
  // verdict is in its last line: "… is HEALTHY", "… is CORRUPT", "… does not exist".
  absl::Status Fsck(const FsckRequest& request, const std::function<void(std::string_view)>& sink);

 private:
  explicit DfsClient(std::unique_ptr<ClientContext> context);

  const std::unique_ptr<ClientContext> context_;
};

}  // namespace cairn::client
