// Handlers of NamenodeProtocol: the balancer's calls, and those of checkpointing NameNodes.
#pragma once

#include "namenode/frontend/call.h"
#include "proto/hadoop/NamenodeProtocol.pb.h"

namespace cairn::namenode::hadoop_handlers {

namespace pb = ::hadoop::hdfs;
namespace nn = ::hadoop::hdfs::namenode;

void VersionRequest(Call&, const pb::VersionRequestProto&, pb::VersionResponseProto&, DoneVoid);

// Declares a handler of the method's own request and response.
#define CAIRN_NAMENODE_HANDLER(Name) \
  void Name(Call&, const nn::Name##RequestProto&, nn::Name##ResponseProto&, DoneVoid)

CAIRN_NAMENODE_HANDLER(GetBlocks);
CAIRN_NAMENODE_HANDLER(GetBlockKeys);
CAIRN_NAMENODE_HANDLER(GetTransactionId);
CAIRN_NAMENODE_HANDLER(IsUpgradeFinalized);
CAIRN_NAMENODE_HANDLER(IsRollingUpgrade);
CAIRN_NAMENODE_HANDLER(GetNextSPSPath);
CAIRN_NAMENODE_HANDLER(GetMostRecentCheckpointTxId);
CAIRN_NAMENODE_HANDLER(RollEditLog);
CAIRN_NAMENODE_HANDLER(GetEditLogManifest);
CAIRN_NAMENODE_HANDLER(StartCheckpoint);
CAIRN_NAMENODE_HANDLER(EndCheckpoint);
void NamenodeErrorReport(Call&, const nn::ErrorReportRequestProto&, nn::ErrorReportResponseProto&,
                         DoneVoid);
void RegisterSubordinateNamenode(Call&, const nn::RegisterRequestProto&, nn::RegisterResponseProto&,
                                 DoneVoid);

#undef CAIRN_NAMENODE_HANDLER

}  // namespace cairn::namenode::hadoop_handlers
