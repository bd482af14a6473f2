// Operations on attributes: status, permission, owner, times, replication, access. One file each;
// semantics are HDFS 3.4's (FSDirAttrOp, FSDirStatAndListingOp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/file_status.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/requests.h"

namespace cairn::namenode::ops {

// Is told a status and whose it is (null: no inode stands behind it); both for the moment.
using TakeStatus = absl::FunctionRef<absl::Status(const FileStatusView&, const Inode*)>;

// Tells the status of a file or directory, with an empty path; nothing when there is none.
absl::Status TellFileInfo(OpContext& ctx, std::string_view path, TakeStatus take);
// The same to keep; empty when there is none.
absl::StatusOr<std::optional<FileStatus>> GetFileInfo(OpContext& ctx, const std::string& path,
                                                      bool need_location);
// The status of /.reserved (name empty) or of an entry in it: no inode stands behind them.
FileStatus ReservedStatus(const OpContext& ctx, std::string_view name);

// The same behind the request's checks; a file on the way is an error for the superuser, too.
absl::StatusOr<std::optional<FileStatus>> Lookup(OpContext& ctx, const LookupRequest& request);

absl::Status SetPermission(OpContext& ctx, const std::string& path, uint16_t mode);
absl::Status SetOwner(OpContext& ctx, const SetOwnerRequest& request);
absl::Status SetTimes(OpContext& ctx, const SetTimesRequest& request);
// False for a missing path and for a directory.
absl::StatusOr<bool> SetReplication(OpContext& ctx, const std::string& path, int32_t replication);
// dfs.namenode.replication.min ≤ replication ≤ dfs.replication.max, else HDFS's message;
// `client_address` is named when not empty.
absl::Status CheckReplication(const OpContext& ctx, int32_t replication, const std::string& path,
                              const std::string& client_address);
// Records a read now, when the access time is older than dfs.namenode.accesstime.precision; a file
// that is gone is success.
absl::Status TouchAccessTime(OpContext& ctx, InodeId file);
// OK when the caller has all of `access` (rwx bits) on the path.
absl::Status CheckAccess(OpContext& ctx, const std::string& path, uint8_t access);
absl::StatusOr<int64_t> GetPreferredBlockSize(OpContext& ctx, const std::string& path);

}  // namespace cairn::namenode::ops
