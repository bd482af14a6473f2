// Everything a DataNode can be told, as plain values.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/config/configuration.h"
#include "datanode/control/control_options.h"
#include "datanode/control/inter_datanode_client.h"
#include "datanode/hadoop/ipc_options.h"
#include "datanode/store/store_types.h"
#include "datanode/transfer/transfer_options.h"

namespace cairn::datanode {

// The options of every part of a DataNode.
struct DatanodeOptions {
  std::shared_ptr<const Configuration> source;  // what all others are made of
  StoreOptions store;
  TransferOptions transfer;
  ControlOptions control;
  IpcOptions ipc;
  InterDatanodeOptions recovery;
  // dfs.datanode.restart.replica.expiration: how soon after a stop it must be back for writers to
  // go on; 0: they never do. Milliseconds.
  int64_t restart_expiry_ms = 50'000;

  // From Hadoop's keys. kInvalidArgument names the key whose value makes no sense here.
  static absl::StatusOr<DatanodeOptions> From(const Configuration& configuration);
};

}  // namespace cairn::datanode
