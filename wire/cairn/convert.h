// cairn.v1 messages ↔ the structs of common/types: one pair of functions per type, used by both
// ends. ToProto sets every field of an empty message; FromProto takes any message that parses and
// judges nothing but enums: a storage type it does not know is DISK.
#pragma once

#include "absl/status/statusor.h"
#include "common/types/block.h"
#include "common/types/file_status.h"
#include "proto/cairn/v1/admin.pb.h"
#include "proto/cairn/v1/client.pb.h"
#include "proto/cairn/v1/types.pb.h"

namespace cairn::wire {

void ToProto(const Block& from, v1::Block& to);
Block FromProto(const v1::Block& from);

void ToProto(const ExtendedBlock& from, v1::ExtendedBlock& to);
ExtendedBlock FromProto(const v1::ExtendedBlock& from);

v1::StorageType ToProto(StorageType from);
StorageType FromProto(v1::StorageType from);

v1::ReplicaState ToProto(ReplicaState from);
// kInvalidArgument for a number that is no state: what cannot be understood must not count as a
// good replica.
absl::StatusOr<ReplicaState> FromProto(v1::ReplicaState from);

void ToProto(const DatanodeId& from, v1::DatanodeId& to);
DatanodeId FromProto(const v1::DatanodeId& from);

void ToProto(const DatanodeInfo& from, v1::DatanodeInfo& to);
DatanodeInfo FromProto(const v1::DatanodeInfo& from);

// Of the DataNode only what concerns blocks: id, rack, live and stale.
void ToProto(const ReplicaLocation& from, v1::ReplicaLocation& to);
ReplicaLocation FromProto(const v1::ReplicaLocation& from);

void ToProto(const LocatedBlock& from, v1::LocatedBlock& to);
LocatedBlock FromProto(const v1::LocatedBlock& from);

void ToProto(const LocatedBlocks& from, v1::LocatedBlocks& to);
LocatedBlocks FromProto(const v1::LocatedBlocks& from);

void ToProto(const FileStatus& from, v1::FileStatus& to);
FileStatus FromProto(const v1::FileStatus& from);

void ToProto(const OpenFile& from, v1::OpenFile& to);
OpenFile FromProto(const v1::OpenFile& from);

void ToProto(const ContentSummary& from, v1::GetContentSummaryResponse& to);
ContentSummary FromProto(const v1::GetContentSummaryResponse& from);

void ToProto(const FsStats& from, v1::GetStatsResponse& to);
FsStats FromProto(const v1::GetStatsResponse& from);

void ToProto(const ServerDefaults& from, v1::GetServerDefaultsResponse& to);
ServerDefaults FromProto(const v1::GetServerDefaultsResponse& from);

}  // namespace cairn::wire
