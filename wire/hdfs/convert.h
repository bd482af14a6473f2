// Conversions between HDFS's messages and common/types, for the NameNode's Hadoop protocols. Field
// values follow Hadoop 3.4's NameNode, to the ones that clients need not look at.
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

namespace cairn::wire {

namespace hdfs = ::hadoop::hdfs;

// Sent wherever a block token is required: tokens are not used.
void SetEmptyToken(hadoop::common::TokenProto& token);

void ToHdfs(const ExtendedBlock& block, hdfs::ExtendedBlockProto& proto);
void ToHdfs(const DatanodeId& id, hdfs::DatanodeIDProto& proto);
// Identity and place only, as in block locations.
void ToHdfs(const DatanodeInfo& node, hdfs::DatanodeInfoProto& proto);
// With usage and times, as in reports.
void ToHdfsReport(const DatanodeInfo& node, int64_t monotonic_ms_of_last_update,
                  hdfs::DatanodeInfoProto& proto);
void ToHdfs(const LocatedBlock& block, hdfs::LocatedBlockProto& proto);
void ToHdfs(const LocatedBlocks& blocks, hdfs::LocatedBlocksProto& proto);
void ToHdfs(const FileStatus& status, hdfs::HdfsFileStatusProto& proto);
void ToHdfs(const DirectoryListing& listing, hdfs::DirectoryListingProto& proto);
// `root` has the namespace quota that HDFS gives it by default.
void ToHdfs(const ContentSummary& summary, bool root, hdfs::ContentSummaryProto& proto);
void ToHdfs(const ServerDefaults& defaults, hdfs::FsServerDefaultsProto& proto);
void ToHdfs(const FsStats& stats, hdfs::GetFsStatsResponseProto& proto);

ExtendedBlock FromHdfs(const hdfs::ExtendedBlockProto& proto);
DatanodeId FromHdfs(const hdfs::DatanodeIDProto& proto);
// The places of a block: nodes with the storage ids and types that belong to them.
LocatedBlock FromHdfs(const hdfs::LocatedBlockProto& proto);

}  // namespace cairn::wire
