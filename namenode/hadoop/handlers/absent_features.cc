// Quotas, encryption zones, cache directives and the stream of edits. What only looks at them or
// takes them away is answered as by an HDFS in which there are none; what would add one is refused.
#include <fmt/format.h>

#include <limits>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/hadoop/handlers/checks.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "namenode/namespace/permissions.h"
#include "wire/hadoop_rpc/exceptions.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

// HdfsConstants.QUOTA_DONT_SET and QUOTA_RESET.
constexpr int64_t kKeep = std::numeric_limits<int64_t>::max();
constexpr int64_t kClear = -1;

absl::Status Unsupported(std::string_view message) {
  return MakeError(ErrorKind::kUnsupportedOperation, message);
}

// What HDFS calls a change of quotas when it is refused.
const char* QuotaOperation(int64_t names, int64_t space) {
  if (names == kClear && space == kKeep) return "clearQuota";
  if (names == kKeep && space == kClear) return "clearSpaceQuota";
  return space == kKeep ? "setQuota" : "setSpaceQuota";
}

absl::Status JudgeQuota(const pb::SetQuotaRequestProto& request,
                        const std::optional<FileStatus>& found) {
  const auto names = static_cast<int64_t>(request.namespacequota());
  const auto space = static_cast<int64_t>(request.storagespacequota());
  if (request.has_storagetype() && names != kKeep) {
    return wire::JavaException(
        "org.apache.hadoop.hdfs.server.namenode.UnsupportedActionException",
        fmt::format("Failed to set quota by storage type because "
                    "eitherdfs.quota.by.storage.type.enabled is set to true or nsQuota value is "
                    "illegal {}",
                    names));
  }
  if (names < kClear || space < kClear) {
    return MakeError(ErrorKind::kIllegalArgument,
                     fmt::format("Illegal value for nsQuota or ssQuota : {} and {}", names, space));
  }
  if (!found) {
    return MakeError(ErrorKind::kFileNotFound, "Directory does not exist: " + request.path());
  }
  if (!found->is_directory()) {
    return MakeError(ErrorKind::kPathIsNotDirectory,
                     fmt::format("`{}': Is not a directory", request.path()));
  }
  const auto adds_none = [](int64_t quota) { return quota == kKeep || quota == kClear; };
  return adds_none(names) && adds_none(space) ? absl::OkStatus()
                                              : Unsupported("Quotas are not supported.");
}

absl::Status InvalidRequest(std::string_view message) {
  return wire::JavaException("org.apache.hadoop.fs.InvalidRequestException", message);
}

absl::Status NoDirective(int64_t id) {
  if (id <= 0) return InvalidRequest("Invalid negative ID.");
  return InvalidRequest(fmt::format("No directive with ID {} found.", id));
}

// What every change of a cache pool begins with.
absl::Status CheckPoolChange(Call& call, const char* operation, std::string_view verb,
                             const std::string& pool) {
  call.audit = {.command = operation, .source = pool};
  RETURN_IF_ERROR(CheckSuperuser(call.caller, operation));
  RETURN_IF_ERROR(NeedNoSafeMode(call, fmt::format("{} cache pool{}", verb, pool)));
  return pool.empty() ? errors::Io("invalid empty cache pool name") : absl::OkStatus();
}

}  // namespace

// ---- quotas

void SetQuota(Call& call, const pb::SetQuotaRequestProto& request,
              pb::SetQuotaResponseProto& /*response*/, DoneVoid done) {
  const char* operation = QuotaOperation(static_cast<int64_t>(request.namespacequota()),
                                         static_cast<int64_t>(request.storagespacequota()));
  call.audit = {.command = operation, .source = request.path()};
  absl::Status status = CheckSuperuser(call.caller, operation);
  if (status.ok()) status = NeedNoSafeMode(call, "set quota on " + request.path());
  if (!status.ok()) return done(std::move(status));
  LookUpAndJudge(
      call, {.path = request.path()},
      [&request](const std::optional<FileStatus>& found) { return JudgeQuota(request, found); },
      std::move(done));
}

// ---- encryption zones

void CreateEncryptionZone(Call& call, const pb::CreateEncryptionZoneRequestProto& request,
                          pb::CreateEncryptionZoneResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "createEncryptionZone", .source = request.src()};
  absl::Status status = CheckSuperuser(call.caller, "createEncryptionZone");
  if (status.ok()) {
    status = errors::Io(
        fmt::format("Can't create an encryption zone for {} since no key provider is available.",
                    request.src()));
  }
  done(std::move(status));
}

void ReencryptEncryptionZone(Call& call, const pb::ReencryptEncryptionZoneRequestProto& request,
                             pb::ReencryptEncryptionZoneResponseProto& /*response*/,
                             DoneVoid done) {
  call.audit = {.command = "reencryptEncryptionZone", .source = request.zone()};
  absl::Status status = CheckSuperuser(call.caller, "reencryptEncryptionZone");
  if (status.ok() && call.core.blocks.InSafeMode()) {
    status = MakeError(
        ErrorKind::kSafeMode,
        fmt::format("NameNode in safemode, cannot {} re-encryption on zone {}. Name node is in "
                    "safe mode.\n{}",
                    request.action() == pb::START_REENCRYPT ? "START" : "CANCEL", request.zone(),
                    call.core.blocks.SafeModeTip()));
  }
  if (status.ok()) {
    status = errors::Io("No key provider configured, re-encryption operation is rejected");
  }
  done(std::move(status));
}

void GetEZForPath(Call& call, const pb::GetEZForPathRequestProto& request,
                  pb::GetEZForPathResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "getEZForPath", .source = request.src()};
  LookUpAndJudge(
      call, {.path = request.src(), .access = kRead},
      [](const std::optional<FileStatus>& /*found*/) { return absl::OkStatus(); }, std::move(done));
}

void ListEncryptionZones(Call& call, const pb::ListEncryptionZonesRequestProto& /*request*/,
                         pb::ListEncryptionZonesResponseProto& response, DoneVoid done) {
  call.audit = {.command = "listEncryptionZones"};
  response.set_hasmore(false);
  done(CheckSuperuser(call.caller, "listEncryptionZones"));
}

void ListReencryptionStatus(Call& call, const pb::ListReencryptionStatusRequestProto& /*request*/,
                            pb::ListReencryptionStatusResponseProto& response, DoneVoid done) {
  call.audit = {.command = "listReencryptionStatus"};
  response.set_hasmore(false);
  done(CheckSuperuser(call.caller, "listReencryptionStatus"));
}

// ---- cache directives and pools

void AddCacheDirective(Call& call, const pb::AddCacheDirectiveRequestProto& request,
                       NoReply& /*response*/, DoneVoid done) {
  call.audit = {.command = "addCacheDirective", .source = request.info().path()};
  absl::Status status = NeedNoSafeMode(call, "add cache directive");
  if (status.ok()) {
    const std::string& pool = request.info().pool();
    status = !request.info().has_pool() ? InvalidRequest("No pool specified.")
             : pool.empty()             ? InvalidRequest("Invalid empty pool name.")
                                        : InvalidRequest("Unknown pool " + pool);
  }
  done(std::move(status));
}

void ModifyCacheDirective(Call& call, const pb::ModifyCacheDirectiveRequestProto& request,
                          pb::ModifyCacheDirectiveResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "modifyCacheDirective", .source = request.info().path()};
  absl::Status status = NeedNoSafeMode(call, "add cache directive");
  if (status.ok()) {
    status = request.info().has_id() ? NoDirective(request.info().id())
                                     : InvalidRequest("Must supply an ID.");
  }
  done(std::move(status));
}

void RemoveCacheDirective(Call& call, const pb::RemoveCacheDirectiveRequestProto& request,
                          pb::RemoveCacheDirectiveResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "removeCacheDirective"};
  absl::Status status = NeedNoSafeMode(call, "remove cache directives");
  done(status.ok() ? NoDirective(request.id()) : std::move(status));
}

void AddCachePool(Call& call, const pb::AddCachePoolRequestProto& request,
                  pb::AddCachePoolResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckPoolChange(call, "addCachePool", "add", request.info().poolname());
  done(status.ok() ? Unsupported("Centralized cache management is not supported.")
                   : std::move(status));
}

void ModifyCachePool(Call& call, const pb::ModifyCachePoolRequestProto& request,
                     pb::ModifyCachePoolResponseProto& /*response*/, DoneVoid done) {
  const std::string& pool = request.info().poolname();
  absl::Status status = CheckPoolChange(call, "modifyCachePool", "modify", pool);
  done(status.ok() ? InvalidRequest(fmt::format("Cache pool {} does not exist.", pool))
                   : std::move(status));
}

void RemoveCachePool(Call& call, const pb::RemoveCachePoolRequestProto& request,
                     pb::RemoveCachePoolResponseProto& /*response*/, DoneVoid done) {
  const std::string& pool = request.poolname();
  absl::Status status = CheckPoolChange(call, "removeCachePool", "modify", pool);
  done(status.ok() ? InvalidRequest("Cannot remove non-existent cache pool " + pool)
                   : std::move(status));
}

// ---- the stream of edits

void GetEditsFromTxid(Call& call, const pb::GetEditsFromTxidRequestProto& /*request*/,
                      NoReply& /*response*/, DoneVoid done) {
  absl::Status status = CheckSuperuser(call.caller, "getEditsFromTxid");
  done(status.ok() ? Unsupported("The stream of edits is not supported.") : std::move(status));
}

}  // namespace cairn::namenode::hadoop_handlers
