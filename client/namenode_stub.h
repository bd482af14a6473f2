// What the client asks of a NameNode, in plain types: the seam between the client and a protocol.
// client/grpc implements it over cairn.v1; others may follow.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_types.h"
#include "common/types/block.h"
#include "common/types/file_status.h"
#include "common/types/ids.h"

namespace cairn::client {

// One attempt of one call. The call id is the same in every attempt, so that the NameNode answers a
// repeated change from its memory instead of doing it twice.
struct CallContext {
  int64_t call_id = 0;
  int32_t attempt = 0;     // 0 for the first
  int64_t timeout_ms = 0;  // of this attempt
};

// CreateFlagProto bits of HDFS.
inline constexpr uint32_t kCreateFlagCreate = 0x01;
inline constexpr uint32_t kCreateFlagOverwrite = 0x02;

// What create is asked.
struct CreateCall {
  std::string path;
  uint16_t mode = 0644;  // umask applied
  std::string client_name;
  uint32_t flags = kCreateFlagCreate;
  bool create_parent = true;
  int32_t replication = 0;
  int64_t block_size = 0;
};

// What append answers.
struct AppendReply {
  // The last block, reopened: set a pipeline up over its replicas. Absent: start a new block.
  std::optional<LocatedBlock> block;
  FileStatus status;
  // The last block, reopened or not: what addBlock and complete call the previous one. Absent for a
  // file without blocks.
  std::optional<ExtendedBlock> last_block;
};

// What addBlock is asked.
struct AddBlockCall {
  std::string path;
  std::string client_name;
  InodeId file_id = kUnknownInodeId;
  std::optional<ExtendedBlock> previous;  // the finished block before, with its final length
  std::vector<DatanodeId> excluded;
};

// What getAdditionalDatanode is asked.
struct AdditionalDatanodeCall {
  std::string path;
  std::string client_name;
  InodeId file_id = kUnknownInodeId;
  ExtendedBlock block;
  std::vector<ReplicaLocation> existing;
  std::vector<DatanodeId> excluded;
  int32_t count = 1;
};

// What updatePipeline is asked.
struct UpdatePipelineCall {
  std::string client_name;
  ExtendedBlock old_block;
  ExtendedBlock new_block;
  std::vector<ReplicaLocation> nodes;
};

// Whose file and which: what calls on an open file repeat.
struct OpenFileRef {
  std::string path;
  std::string client_name;
  InodeId file_id = kUnknownInodeId;
};

// Thread-safe. Every method makes one attempt and returns
//  - the NameNode's error as common/types/errors.h made it (KindOf() gives its kind), or
//  - kUnavailable or kDeadlineExceeded without a kind when no answer came, naming the address.
class NamenodeStub {
 public:
  virtual ~NamenodeStub() = default;
  // "host:port", for messages.
  virtual std::string address() const = 0;

  // --- Files being written.
  virtual absl::StatusOr<FileStatus> Create(const CallContext& call, const CreateCall& request) = 0;
  // `new_block`: go on in a new block even where the last one has room.
  virtual absl::StatusOr<AppendReply> Append(const CallContext& call, const std::string& path,
                                             const std::string& client_name, bool new_block) = 0;
  // False: the last block is being shortened; the file is open until then.
  virtual absl::StatusOr<bool> Truncate(const CallContext& call, const std::string& path,
                                        int64_t new_length, const std::string& client_name) = 0;
  virtual absl::Status Concat(const CallContext& call, const std::string& target,
                              const std::vector<std::string>& sources) = 0;
  virtual absl::StatusOr<LocatedBlock> AddBlock(const CallContext& call,
                                                const AddBlockCall& request) = 0;
  virtual absl::Status AbandonBlock(const CallContext& call, const OpenFileRef& file,
                                    const ExtendedBlock& block) = 0;
  // The existing nodes and the new ones, in any order.
  virtual absl::StatusOr<LocatedBlock> GetAdditionalDatanode(
      const CallContext& call, const AdditionalDatanodeCall& request) = 0;
  // The block with a new generation stamp.
  virtual absl::StatusOr<LocatedBlock> UpdateBlockForPipeline(const CallContext& call,
                                                              const ExtendedBlock& block,
                                                              const std::string& client_name) = 0;
  virtual absl::Status UpdatePipeline(const CallContext& call,
                                      const UpdatePipelineCall& request) = 0;
  // False: the last two blocks lack replicas, ask again.
  virtual absl::StatusOr<bool> Complete(const CallContext& call, const OpenFileRef& file,
                                        const std::optional<ExtendedBlock>& last) = 0;
  // `last_block_length` > 0: the known length of the block being written.
  virtual absl::Status Fsync(const CallContext& call, const OpenFileRef& file,
                             int64_t last_block_length) = 0;
  virtual absl::Status RenewLease(const CallContext& call, const std::string& client_name) = 0;
  virtual absl::StatusOr<bool> RecoverLease(const CallContext& call, const std::string& path,
                                            const std::string& client_name) = 0;
  virtual absl::StatusOr<bool> IsFileClosed(const CallContext& call, const std::string& path) = 0;

  // --- Reading.
  // Empty: no such path.
  virtual absl::StatusOr<std::optional<FileStatus>> GetFileInfo(const CallContext& call,
                                                                const std::string& path) = 0;
  // Empty: no such path.
  virtual absl::StatusOr<std::optional<DirectoryListing>> GetListing(const CallContext& call,
                                                                     const std::string& path,
                                                                     const std::string& start_after,
                                                                     bool need_location) = 0;
  virtual absl::StatusOr<LocatedBlocks> GetBlockLocations(const CallContext& call,
                                                          const std::string& path, int64_t offset,
                                                          int64_t length) = 0;
  // Each block with the locations whose replicas are bad.
  virtual absl::Status ReportBadBlocks(const CallContext& call,
                                       const std::vector<LocatedBlock>& blocks) = 0;
  virtual absl::StatusOr<ContentSummary> GetContentSummary(const CallContext& call,
                                                           const std::string& path) = 0;
  // `access`: bits 4 read, 2 write, 1 execute.
  virtual absl::Status CheckAccess(const CallContext& call, const std::string& path,
                                   int access) = 0;
  virtual absl::StatusOr<FsStats> GetFsStats(const CallContext& call) = 0;
  virtual absl::StatusOr<ServerDefaults> GetServerDefaults(const CallContext& call) = 0;

  // --- Changing the tree.
  virtual absl::StatusOr<bool> Mkdirs(const CallContext& call, const std::string& path,
                                      uint16_t mode, bool create_parent) = 0;
  virtual absl::StatusOr<bool> Rename(const CallContext& call, const std::string& from,
                                      const std::string& to) = 0;
  virtual absl::Status Rename2(const CallContext& call, const std::string& from,
                               const std::string& to, bool overwrite, bool to_trash) = 0;
  virtual absl::StatusOr<bool> Delete(const CallContext& call, const std::string& path,
                                      bool recursive) = 0;
  virtual absl::Status SetPermission(const CallContext& call, const std::string& path,
                                     uint16_t mode) = 0;
  virtual absl::Status SetOwner(const CallContext& call, const std::string& path,
                                const std::optional<std::string>& owner,
                                const std::optional<std::string>& group) = 0;
  virtual absl::Status SetTimes(const CallContext& call, const std::string& path, int64_t mtime_ms,
                                int64_t atime_ms) = 0;
  virtual absl::StatusOr<bool> SetReplication(const CallContext& call, const std::string& path,
                                              int32_t replication) = 0;

  // --- Administration.
  virtual absl::StatusOr<std::vector<DatanodeInfo>> GetDatanodeReport(const CallContext& call,
                                                                      DatanodeReportType type) = 0;
  virtual absl::StatusOr<bool> SetSafeMode(const CallContext& call, SafeModeAction action) = 0;
  virtual absl::Status SaveNamespace(const CallContext& call) = 0;
  // The first transaction of the journal's new segment.
  virtual absl::StatusOr<Txid> RollEdits(const CallContext& call) = 0;
  virtual absl::Status MetaSave(const CallContext& call, const std::string& filename) = 0;
  virtual absl::Status SetBalancerBandwidth(const CallContext& call, int64_t bytes_per_second) = 0;
  virtual absl::Status RefreshNodes(const CallContext& call) = 0;
  virtual absl::StatusOr<OpenFilesPage> ListOpenFiles(const CallContext& call,
                                                      const std::string& path, InodeId after) = 0;
  virtual absl::StatusOr<CorruptFilesPage> ListCorruptFiles(const CallContext& call,
                                                            const std::string& path,
                                                            BlockId after) = 0;
  virtual absl::Status Fsck(const CallContext& call, const FsckRequest& request,
                            const std::function<void(std::string_view)>& sink) = 0;
};

}  // namespace cairn::client
