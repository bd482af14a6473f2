// InterDatanodeProtocol at other DataNodes, over Hadoop RPC.
#pragma once

#include <cstdint>
#include <string>

#include "common/random.h"
#include "datanode/control/recovery_peer.h"
#include "ipc/client.h"

namespace cairn::datanode {

// Options of the calls to other DataNodes.
struct InterDatanodeOptions {
  std::string user;                  // whom the calls are made as
  bool connect_by_hostname = false;  // dfs.datanode.use.datanode.hostname
  // Of one call (dfs.client.socket-timeout); the other node may take as long to stop a writer.
  int64_t call_timeout_ms = 60'000;
};

// Thread-safe.
class InterDatanodeClient : public RecoveryPeer {
 public:
  InterDatanodeClient(InterDatanodeOptions options, Random& random);

  absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitReplicaRecovery(
      const DatanodeId& node, const ExtendedBlock& block, GenerationStamp recovery_id) override;
  absl::StatusOr<std::string> UpdateReplicaUnderRecovery(const DatanodeId& node,
                                                         const ExtendedBlock& old_block,
                                                         GenerationStamp recovery_id,
                                                         BlockId new_block_id,
                                                         int64_t new_length) override;
  void Shutdown() override { client_.Shutdown(); }

 private:
  // Where `node` serves Hadoop RPC; kUnavailable when it does not.
  absl::StatusOr<HostPort> AddressOf(const DatanodeId& node) const;

  const InterDatanodeOptions options_;
  ipc::Client client_;
};

}  // namespace cairn::datanode
