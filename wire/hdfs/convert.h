// Conversions between HDFS's messages and common/types, for the NameNode's Hadoop protocols; those
// of blocks and DataNodes are shared with the data port (wire/transfer/convert.h). Field values
// follow Hadoop 3.4's NameNode, to the ones that clients need not look at.
#pragma once

#include <string>
#include <string_view>

#include "common/types/block.h"
#include "common/types/file_status.h"
#include "proto/hadoop/client_admin.pb.h"
#include "proto/hadoop/client_files.pb.h"
#include "proto/hadoop/client_tree.pb.h"
#include "proto/hadoop/hdfs.pb.h"
#include "proto/hadoop/hdfs_status.pb.h"
#include "wire/transfer/convert.h"

namespace cairn::wire {

namespace hdfs = ::hadoop::hdfs;

// Sent wherever a block token is required: tokens are not used.
void SetEmptyToken(hadoop::common::TokenProto& token);

// A DataNode with its usage and times, as in reports.
void ToProtoReport(const DatanodeInfo& node, int64_t monotonic_ms_of_last_update,
                   hdfs::DatanodeInfoProto& proto);
void ToProto(const LocatedBlock& block, hdfs::LocatedBlockProto& proto);
void ToProto(const LocatedBlocks& blocks, hdfs::LocatedBlocksProto& proto);
void ToProto(const FileStatus& status, hdfs::HdfsFileStatusProto& proto);
// HdfsFileStatusProto.flags: HDFS says of its root that it can have snapshots.
inline uint32_t StatusFlags(const FileStatusView& status) {
  constexpr uint32_t kSnapshotEnabled = 8;
  return status.file_id == kRootInodeId ? kSnapshotEnabled : 0;
}
void ToProto(const ContentSummary& summary, hdfs::ContentSummaryProto& proto);
void ToProto(const ServerDefaults& defaults, hdfs::FsServerDefaultsProto& proto);
void ToProto(const FsStats& stats, hdfs::GetFsStatsResponseProto& proto);

DatanodeId FromProto(const hdfs::DatanodeIDProto& proto);
// The places of a block: nodes with the storage ids and types that belong to them.
LocatedBlock FromProto(const hdfs::LocatedBlockProto& proto);

}  // namespace cairn::wire
