// Storage policies and erasure coding policies as read-only tables (Hadoop 3.4:
// BlockStoragePolicySuite, SystemErasureCodingPolicies).
#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

#include "common/types/errors.h"
#include "namenode/hadoop/handlers/handlers.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

using enum pb::StorageTypeProto;

// A few storage types, kept in the object itself.
class Types {
 public:
  constexpr Types(std::initializer_list<pb::StorageTypeProto> types) : size_(types.size()) {
    std::copy(types.begin(), types.end(), types_.begin());
  }
  constexpr const pb::StorageTypeProto* begin() const { return types_.data(); }
  constexpr const pb::StorageTypeProto* end() const { return types_.data() + size_; }
  constexpr size_t size() const { return size_; }

 private:
  std::array<pb::StorageTypeProto, 2> types_{};
  size_t size_;
};

struct Policy {
  uint32_t id = 0;
  const char* name = "";
  Types types;                  // of the replicas, the last one for all that follow
  Types creation_fallbacks;     // where to write when those are full
  Types replication_fallbacks;  // where to copy when those are full
};

constexpr std::array kPolicies = {
    Policy{1, "PROVIDED", {PROVIDED, DISK}, {PROVIDED, DISK}, {PROVIDED, DISK}},
    Policy{2, "COLD", {ARCHIVE}, {}, {}},
    Policy{5, "WARM", {DISK, ARCHIVE}, {DISK, ARCHIVE}, {DISK, ARCHIVE}},
    Policy{7, "HOT", {DISK}, {}, {ARCHIVE}},
    Policy{10, "ONE_SSD", {SSD, DISK}, {SSD, DISK}, {SSD, DISK}},
    Policy{12, "ALL_SSD", {SSD}, {DISK}, {DISK}},
    Policy{14, "ALL_NVDIMM", {NVDIMM}, {DISK}, {DISK}},
    Policy{15, "LAZY_PERSIST", {RAM_DISK, DISK}, {DISK}, {DISK}},
};
constexpr uint32_t kHot = 7;

void Fill(const Policy& policy, pb::BlockStoragePolicyProto& proto) {
  proto.set_policyid(policy.id);
  proto.set_name(policy.name);
  const auto add = [](const Types& types, pb::StorageTypesProto& list) {
    for (const pb::StorageTypeProto type : types) list.add_storagetypes(type);
  };
  add(policy.types, *proto.mutable_creationpolicy());
  if (policy.creation_fallbacks.size() > 0) {
    add(policy.creation_fallbacks, *proto.mutable_creationfallbackpolicy());
  }
  if (policy.replication_fallbacks.size() > 0) {
    add(policy.replication_fallbacks, *proto.mutable_replicationfallbackpolicy());
  }
}

struct EcPolicy {
  uint32_t id = 0;
  const char* name = "";
  const char* codec = "";
  uint32_t data_units = 0;
  uint32_t parity_units = 0;
};

constexpr std::array kEcPolicies = {
    EcPolicy{1, "RS-6-3-1024k", "rs", 6, 3},
    EcPolicy{2, "RS-3-2-1024k", "rs", 3, 2},
    EcPolicy{3, "RS-LEGACY-6-3-1024k", "rs-legacy", 6, 3},
    EcPolicy{4, "XOR-2-1-1024k", "xor", 2, 1},
    EcPolicy{5, "RS-10-4-1024k", "rs", 10, 4},
};
constexpr uint32_t kEcCellSize = 1 << 20;

}  // namespace

void GetErasureCodingPolicies(Call& /*call*/, const pb::GetErasureCodingPoliciesRequestProto& /*r*/,
                              pb::GetErasureCodingPoliciesResponseProto& response, DoneVoid done) {
  for (const EcPolicy& policy : kEcPolicies) {
    auto& proto = *response.add_ecpolicies();
    proto.set_id(policy.id);
    proto.set_name(policy.name);
    proto.set_cellsize(kEcCellSize);
    proto.set_state(pb::DISABLED);
    proto.mutable_schema()->set_codecname(policy.codec);
    proto.mutable_schema()->set_dataunits(policy.data_units);
    proto.mutable_schema()->set_parityunits(policy.parity_units);
  }
  done(absl::OkStatus());
}

void GetErasureCodingPolicy(Call& call, const pb::GetErasureCodingPolicyRequestProto& request,
                            pb::GetErasureCodingPolicyResponseProto& /*response*/, DoneVoid done) {
  call.core.names.GetFileInfo(
      call.caller, request.src(), false,
      [path = request.src(),
       done = std::move(done)](const absl::StatusOr<std::optional<FileStatus>>& status) mutable {
        const bool missing = status.ok() && !*status;
        done(missing ? MakeError(ErrorKind::kFileNotFound, "Path not found: " + path)
                     : status.status());
      });
}

void GetErasureCodingCodecs(Call& /*call*/, const pb::GetErasureCodingCodecsRequestProto& /*r*/,
                            pb::GetErasureCodingCodecsResponseProto& /*response*/, DoneVoid done) {
  done(absl::OkStatus());  // no coder is there
}

void GetStoragePolicies(Call& /*call*/, const pb::GetStoragePoliciesRequestProto& /*request*/,
                        pb::GetStoragePoliciesResponseProto& response, DoneVoid done) {
  for (const Policy& policy : kPolicies) Fill(policy, *response.add_policies());
  done(absl::OkStatus());
}

void GetStoragePolicy(Call& call, const pb::GetStoragePolicyRequestProto& request,
                      pb::GetStoragePolicyResponseProto& response, DoneVoid done) {
  call.audit = {.command = "getStoragePolicy", .source = request.path()};
  call.core.names.GetFileInfo(
      call.caller, request.path(), false,
      [&response, path = request.path(),
       done = std::move(done)](absl::StatusOr<std::optional<FileStatus>> status) mutable {
        if (status.ok() && !*status) {
          done(MakeError(ErrorKind::kFileNotFound,
                         fmt::format("File/Directory does not exist: {}", path)));
          return;
        }
        if (status.ok()) {
          const uint32_t id = (*status)->storage_policy == 0 ? kHot : (*status)->storage_policy;
          for (const Policy& policy : kPolicies) {
            if (policy.id == id) Fill(policy, *response.mutable_storagepolicy());
          }
        }
        done(status.status());
      });
}

}  // namespace cairn::namenode::hadoop_handlers
