// The table. A method that is not here is answered with UNIMPLEMENTED and its name.
#include "namenode/grpc/method_table.h"

#include "namenode/grpc/handlers/handlers.h"

namespace cairn::namenode {
namespace {

template <typename Request, typename Response>
std::unique_ptr<UnaryBody> MakeBody(UnaryHandler<Request, Response> handler) {
  return std::make_unique<TypedBody<Request, Response>>(handler);
}

// Makes the body of one handler; a plain function, so that the table is constant.
template <auto kHandler>
std::unique_ptr<UnaryBody> Body() {
  return MakeBody(kHandler);
}

constexpr MethodSpec User(std::string_view path, std::unique_ptr<UnaryBody> (*body)()) {
  return {path, CallClass::kClient, Identity::kUser, CallShape::kUnary, body};
}
constexpr MethodSpec Once(std::string_view path, std::unique_ptr<UnaryBody> (*body)()) {
  return {path, CallClass::kClient, Identity::kExactlyOnce, CallShape::kUnary, body};
}
constexpr MethodSpec Node(std::string_view path, std::unique_ptr<UnaryBody> (*body)()) {
  return {path, CallClass::kDatanode, Identity::kNone, CallShape::kUnary, body};
}

namespace h = grpc_handlers;

constexpr MethodSpec kMethods[] = {
    User("/cairn.v1.ClientService/Mkdirs", Body<&h::Mkdirs>),
    Once("/cairn.v1.ClientService/Create", Body<&h::Create>),
    Once("/cairn.v1.ClientService/Append", Body<&h::Append>),
    Once("/cairn.v1.ClientService/Truncate", Body<&h::Truncate>),
    Once("/cairn.v1.ClientService/Concat", Body<&h::Concat>),
    User("/cairn.v1.ClientService/AddBlock", Body<&h::AddBlock>),
    User("/cairn.v1.ClientService/AbandonBlock", Body<&h::AbandonBlock>),
    User("/cairn.v1.ClientService/Complete", Body<&h::Complete>),
    User("/cairn.v1.ClientService/GetFileInfo", Body<&h::GetFileInfo>),
    User("/cairn.v1.ClientService/GetListing", Body<&h::GetListing>),
    User("/cairn.v1.ClientService/GetBlockLocations", Body<&h::GetBlockLocations>),
    Once("/cairn.v1.ClientService/Rename", Body<&h::Rename>),
    Once("/cairn.v1.ClientService/Rename2", Body<&h::Rename2>),
    Once("/cairn.v1.ClientService/Delete", Body<&h::Delete>),
    User("/cairn.v1.ClientService/SetPermission", Body<&h::SetPermission>),
    User("/cairn.v1.ClientService/SetOwner", Body<&h::SetOwner>),
    User("/cairn.v1.ClientService/SetTimes", Body<&h::SetTimes>),
    User("/cairn.v1.ClientService/SetReplication", Body<&h::SetReplication>),
    User("/cairn.v1.ClientService/GetContentSummary", Body<&h::GetContentSummary>),
    User("/cairn.v1.ClientService/CheckAccess", Body<&h::CheckAccess>),
    User("/cairn.v1.ClientService/GetAdditionalDatanode", Body<&h::GetAdditionalDatanode>),
    User("/cairn.v1.ClientService/UpdateBlockForPipeline", Body<&h::UpdateBlockForPipeline>),
    Once("/cairn.v1.ClientService/UpdatePipeline", Body<&h::UpdatePipeline>),
    User("/cairn.v1.ClientService/Fsync", Body<&h::Fsync>),
    User("/cairn.v1.ClientService/RenewLease", Body<&h::RenewLease>),
    User("/cairn.v1.ClientService/RecoverLease", Body<&h::RecoverLease>),
    User("/cairn.v1.ClientService/IsFileClosed", Body<&h::IsFileClosed>),
    User("/cairn.v1.ClientService/ReportBadBlocks", Body<&h::ReportBadBlocks>),
    User("/cairn.v1.ClientService/GetServerDefaults", Body<&h::GetServerDefaults>),
    User("/cairn.v1.ClientService/GetStats", Body<&h::GetStats>),
    User("/cairn.v1.ClientService/GetServerTime", Body<&h::GetServerTime>),

    User("/cairn.v1.AdminService/GetDatanodeReport", Body<&h::GetDatanodeReport>),
    User("/cairn.v1.AdminService/SetSafeMode", Body<&h::SetSafeMode>),
    User("/cairn.v1.AdminService/SaveNamespace", Body<&h::SaveNamespace>),
    User("/cairn.v1.AdminService/RollEdits", Body<&h::RollEdits>),
    User("/cairn.v1.AdminService/MetaSave", Body<&h::MetaSave>),
    User("/cairn.v1.AdminService/SetBalancerBandwidth", Body<&h::SetBalancerBandwidth>),
    User("/cairn.v1.AdminService/RefreshNodes", Body<&h::RefreshNodes>),
    {"/cairn.v1.AdminService/Fsck", CallClass::kClient, Identity::kUser, CallShape::kFsck, nullptr},
    User("/cairn.v1.AdminService/ListOpenFiles", Body<&h::ListOpenFiles>),
    User("/cairn.v1.AdminService/ListCorruptFiles", Body<&h::ListCorruptFiles>),
    User("/cairn.v1.AdminService/GetMetadata", Body<&h::GetMetadata>),

    Node("/cairn.internal.v1.DatanodeService/Handshake", Body<&h::Handshake>),
    Node("/cairn.internal.v1.DatanodeService/Register", Body<&h::Register>),
    Node("/cairn.internal.v1.DatanodeService/Heartbeat", Body<&h::Heartbeat>),
    {"/cairn.internal.v1.DatanodeService/ReportBlocks", CallClass::kDatanode, Identity::kNone,
     CallShape::kBlockReport, nullptr},
    Node("/cairn.internal.v1.DatanodeService/ReportChanges", Body<&h::ReportChanges>),
    Node("/cairn.internal.v1.DatanodeService/ReportBadBlocks", Body<&h::ReportBadReplicas>),
    Node("/cairn.internal.v1.DatanodeService/CommitBlockSynchronization",
         Body<&h::CommitBlockSynchronization>),
    Node("/cairn.internal.v1.DatanodeService/ErrorReport", Body<&h::ErrorReport>),
};

}  // namespace

std::span<const MethodSpec> MethodTable() { return kMethods; }

}  // namespace cairn::namenode
