// Erasure coding policies: HDFS's built-in ones, all of them disabled. The answers are those of an
// HDFS in which none is enabled and administrators may not add any.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/hadoop/handlers/checks.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "namenode/namespace/permissions.h"
#include "wire/hadoop_rpc/exceptions.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

struct EcPolicy {
  uint32_t id = 0;
  std::string_view name;
  std::string_view codec;
  int data_units = 0;
  int parity_units = 0;
};

// By name, the order of HDFS's answers.
constexpr std::array kPolicies = {
    EcPolicy{5, "RS-10-4-1024k", "rs", 10, 4},
    EcPolicy{2, "RS-3-2-1024k", "rs", 3, 2},
    EcPolicy{1, "RS-6-3-1024k", "rs", 6, 3},
    EcPolicy{3, "RS-LEGACY-6-3-1024k", "rs-legacy", 6, 3},
    EcPolicy{4, "XOR-2-1-1024k", "xor", 2, 1},
};
constexpr uint32_t kCellSize = 1 << 20;
// HDFS's name for "not erasure coded", which is a policy that can be set.
constexpr std::string_view kReplication = "replication";

const EcPolicy* Find(std::string_view name) {
  const auto* found = std::ranges::find(kPolicies, name, &EcPolicy::name);
  return found == kPolicies.end() ? nullptr : found;
}

absl::Status Illegal(std::string_view message) {
  return MakeError(ErrorKind::kHadoopIllegalArgument, message);
}

absl::Status NotEnabled(std::string_view name) {
  return Illegal(
      fmt::format("Policy '{}' does not match any enabled erasure coding policies: []. An erasure "
                  "coding policy can be enabled by enableErasureCodingPolicy API.",
                  name));
}

absl::Status Unsupported() {
  return MakeError(ErrorKind::kUnsupportedOperation, "Erasure coding is not supported.");
}

// Rights and safe mode for a change of the policy `name`, and that there is one of that name.
absl::Status CheckChange(Call& call, const char* operation, std::string_view verb,
                         const std::string& name) {
  call.audit = {.command = operation, .source = name};
  RETURN_IF_ERROR(CheckSuperuser(call.caller, operation));
  RETURN_IF_ERROR(NeedNoSafeMode(call, fmt::format("{} erasure coding policy {}", verb, name)));
  if (Find(name) != nullptr) return absl::OkStatus();
  return Illegal(fmt::format("The policy name {} does not exist", name));
}

// What the cluster is too small for, or that it is large enough.
void Verify(const std::vector<EcPolicy>& policies, const std::vector<DatanodeInfo>& nodes,
            pb::ECTopologyVerifierResultProto& result) {
  int nodes_needed = 0;
  int racks_needed = 0;
  std::string names;
  for (const EcPolicy& policy : policies) {
    const int units = policy.data_units + policy.parity_units;
    nodes_needed = std::max(nodes_needed, units);
    racks_needed = std::max(racks_needed, (units + policy.parity_units - 1) / policy.parity_units);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", policy.name);
  }
  std::set<std::string> racks;
  for (const DatanodeInfo& node : nodes) racks.insert(node.network_location);
  const int rack_count = static_cast<int>(racks.size());
  const int node_count = static_cast<int>(nodes.size());
  result.set_issupported(nodes_needed <= node_count && racks_needed <= rack_count);
  const auto too_few = [&](const char* what, int needed, int count) {
    result.set_resultmessage(
        fmt::format("{} {} are required for the erasure coding policies: {}. The number of {} is "
                    "only {}.",
                    needed, what, names, what, count));
  };
  if (policies.empty()) {
    result.set_resultmessage("No erasure coding policy is given.");
  } else if (nodes_needed > node_count) {
    too_few("DataNodes", nodes_needed, node_count);
  } else if (racks_needed > rack_count) {
    too_few("racks", racks_needed, rack_count);
  } else {
    result.set_resultmessage(fmt::format("The cluster setup can support EC policies: {}", names));
  }
}

}  // namespace

absl::Status CheckEcPolicyOfNewFile(const std::string& name, bool replicate) {
  if (name.empty()) return absl::OkStatus();
  if (replicate) {
    return Illegal(
        "SHOULD_REPLICATE flag and ecPolicyName are exclusive parameters. Set both is not "
        "allowed!");
  }
  return name == kReplication ? absl::OkStatus() : NotEnabled(name);
}

void GetErasureCodingPolicies(Call& /*call*/, const pb::GetErasureCodingPoliciesRequestProto& /*r*/,
                              pb::GetErasureCodingPoliciesResponseProto& response, DoneVoid done) {
  for (const EcPolicy& policy : kPolicies) {
    auto& proto = *response.add_ecpolicies();
    proto.set_id(policy.id);
    proto.set_name(std::string(policy.name));
    proto.set_cellsize(kCellSize);
    proto.set_state(pb::DISABLED);
    proto.mutable_schema()->set_codecname(std::string(policy.codec));
    proto.mutable_schema()->set_dataunits(static_cast<uint32_t>(policy.data_units));
    proto.mutable_schema()->set_parityunits(static_cast<uint32_t>(policy.parity_units));
  }
  done(absl::OkStatus());
}

void GetErasureCodingPolicy(Call& call, const pb::GetErasureCodingPolicyRequestProto& request,
                            pb::GetErasureCodingPolicyResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "getErasureCodingPolicy", .source = request.src()};
  LookUpAndJudge(
      call, {.path = request.src(), .access = kRead},
      [path = request.src()](const std::optional<FileStatus>& status) {
        return status ? absl::OkStatus() : errors::PathNotFound(path);
      },
      std::move(done));
}

void GetErasureCodingCodecs(Call& /*call*/, const pb::GetErasureCodingCodecsRequestProto& /*r*/,
                            pb::GetErasureCodingCodecsResponseProto& /*response*/, DoneVoid done) {
  done(absl::OkStatus());  // no coder is there
}

void GetECTopologyResultForPolicies(Call& call,
                                    const pb::GetECTopologyResultForPoliciesRequestProto& request,
                                    pb::GetECTopologyResultForPoliciesResponseProto& response,
                                    DoneVoid done) {
  constexpr char kOperation[] = "getECTopologyResultForPolicies";
  call.audit = {.command = kOperation};
  if (absl::Status status = CheckSuperuser(call.caller, kOperation); !status.ok()) {
    return done(std::move(status));
  }
  std::vector<EcPolicy> policies;
  for (const std::string& name : request.policies()) {
    const EcPolicy* policy = Find(name);
    if (policy == nullptr) {
      return done(Illegal(fmt::format("The given erasure coding policy {} does not exist.", name)));
    }
    policies.push_back(*policy);
  }
  std::vector<DatanodeInfo> nodes = call.core.blocks.Datanodes();
  std::erase_if(nodes, [](const DatanodeInfo& node) { return !node.live; });
  Verify(policies, nodes, *response.mutable_response());
  done(absl::OkStatus());
}

void SetErasureCodingPolicy(Call& call, const pb::SetErasureCodingPolicyRequestProto& request,
                            pb::SetErasureCodingPolicyResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "setErasureCodingPolicy", .source = request.src()};
  absl::Status status = NeedNoSafeMode(call, "set erasure coding policy on " + request.src());
  if (status.ok() && request.ecpolicyname() != kReplication) {
    status = NotEnabled(request.ecpolicyname());
  }
  if (!status.ok()) return done(std::move(status));
  LookUpAndJudge(
      call, {.path = request.src(), .access = kWrite},
      [path = request.src()](const std::optional<FileStatus>& found) {
        if (!found) return errors::PathNotFound(path);
        if (found->is_directory()) return Unsupported();
        return errors::Io(
            fmt::format("Attempt to set an erasure coding policy for a file {}", path));
      },
      std::move(done));
}

void UnsetErasureCodingPolicy(Call& call, const pb::UnsetErasureCodingPolicyRequestProto& request,
                              pb::UnsetErasureCodingPolicyResponseProto& /*response*/,
                              DoneVoid done) {
  call.audit = {.command = "unsetErasureCodingPolicy", .source = request.src()};
  absl::Status status = NeedNoSafeMode(call, "unset erasure coding policy on " + request.src());
  if (!status.ok()) return done(std::move(status));
  LookUpAndJudge(
      call, {.path = request.src(), .access = kWrite},
      [path = request.src()](const std::optional<FileStatus>& found) {
        if (!found) return errors::PathNotFound(path);
        if (!found->is_directory()) {
          return errors::Io(
              fmt::format("Cannot unset an erasure coding policy on a file {}", path));
        }
        return wire::JavaException(
            "org.apache.hadoop.hdfs.protocol.NoECPolicySetException",
            fmt::format("No erasure coding policy explicitly set on {}", path));
      },
      std::move(done));
}

void AddErasureCodingPolicies(Call& call, const pb::AddErasureCodingPoliciesRequestProto& request,
                              pb::AddErasureCodingPoliciesResponseProto& response, DoneVoid done) {
  call.audit = {.command = "addErasureCodingPolicies"};
  absl::Status status = CheckSuperuser(call.caller, "addErasureCodingPolicies");
  if (status.ok()) status = NeedNoSafeMode(call, "add erasure coding policy");
  if (!status.ok()) return done(std::move(status));
  for (const pb::ErasureCodingPolicyProto& policy : request.ecpolicies()) {
    auto& answer = *response.add_responses();
    *answer.mutable_policy() = policy;
    answer.set_succeed(false);
    answer.set_errormsg("Addition of user defined erasure coding policy is disabled.");
  }
  done(absl::OkStatus());
}

void RemoveErasureCodingPolicy(Call& call, const pb::RemoveErasureCodingPolicyRequestProto& request,
                               pb::RemoveErasureCodingPolicyResponseProto& /*response*/,
                               DoneVoid done) {
  const std::string& name = request.ecpolicyname();
  absl::Status status = CheckChange(call, "removeErasureCodingPolicy", "remove", name);
  if (status.ok()) {
    status = Illegal(fmt::format("System erasure coding policy {} cannot be removed", name));
  }
  done(std::move(status));
}

void EnableErasureCodingPolicy(Call& call, const pb::EnableErasureCodingPolicyRequestProto& request,
                               pb::EnableErasureCodingPolicyResponseProto& /*response*/,
                               DoneVoid done) {
  absl::Status status =
      CheckChange(call, "enableErasureCodingPolicy", "enable", request.ecpolicyname());
  done(status.ok() ? Unsupported() : std::move(status));
}

void DisableErasureCodingPolicy(Call& call,
                                const pb::DisableErasureCodingPolicyRequestProto& request,
                                pb::DisableErasureCodingPolicyResponseProto& /*response*/,
                                DoneVoid done) {
  done(CheckChange(call, "disableErasureCodingPolicy", "disable", request.ecpolicyname()));
}

}  // namespace cairn::namenode::hadoop_handlers
