// Storage policies, which are told and cannot be changed.
#include <fmt/format.h>

#include "common/types/errors.h"
#include "namenode/blocks/policy/storage_policies.h"
#include "namenode/hadoop/handlers/checks.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "namenode/namespace/permissions.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

void Fill(const StoragePolicy& policy, pb::BlockStoragePolicyProto& proto) {
  proto.set_policyid(policy.id);
  proto.set_name(std::string(policy.name));
  const auto add = [](std::span<const StorageType> types, pb::StorageTypesProto& list) {
    for (const StorageType type : types) {
      list.add_storagetypes(static_cast<pb::StorageTypeProto>(type));
    }
  };
  add(policy.types, *proto.mutable_creationpolicy());
  if (!policy.creation_fallbacks.empty()) {
    add(policy.creation_fallbacks, *proto.mutable_creationfallbackpolicy());
  }
  if (!policy.replication_fallbacks.empty()) {
    add(policy.replication_fallbacks, *proto.mutable_replicationfallbackpolicy());
  }
}

}  // namespace

void GetStoragePolicies(Call& /*call*/, const pb::GetStoragePoliciesRequestProto& /*request*/,
                        pb::GetStoragePoliciesResponseProto& response, DoneVoid done) {
  for (const StoragePolicy& policy : StoragePolicies()) Fill(policy, *response.add_policies());
  done(absl::OkStatus());
}

void GetStoragePolicy(Call& call, const pb::GetStoragePolicyRequestProto& request,
                      pb::GetStoragePolicyResponseProto& response, DoneVoid done) {
  call.audit = {.command = "getStoragePolicy", .source = request.path()};
  LookUpAndJudge(
      call, {.path = request.path(), .access = kRead},
      [&response, path = request.path()](const std::optional<FileStatus>& status) -> absl::Status {
        if (!status) {
          return MakeError(ErrorKind::kFileNotFound,
                           fmt::format("File/Directory does not exist: {}", path));
        }
        Fill(StoragePolicyOf(status->storage_policy), *response.mutable_storagepolicy());
        return absl::OkStatus();
      },
      std::move(done));
}

}  // namespace cairn::namenode::hadoop_handlers
