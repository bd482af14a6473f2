// Copies a replica from here to other DataNodes: TRANSFER_BLOCK of a client that recovers its
// pipeline, and copies that the NameNode ordered.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "datanode/transfer/operation.h"

namespace cairn::datanode {

// Where a copy goes: the nodes form one pipeline in this order. Types and ids: one per node, or
// empty.
struct CopyTargets {
  std::vector<DatanodeInfo> nodes;
  std::vector<StorageType> storage_types;
  std::vector<std::string> storage_ids;
};

// Thread-safe. Everything is verified before it is sent: a damaged replica is reported and never
// copied.
class BlockCopier {
 public:
  explicit BlockCopier(TransferServices& services) : services_(services) {}

  // TRANSFER_BLOCK: sends what readers may see of an RBW or FINALIZED replica with at least the
  // block's stamp and length, and waits until the target has it. Blocks; `sockets` ends it early.
  absl::Status TransferForClient(const wire::TransferBlockOp& op, SocketGroup& sockets);

  // Copies a FINALIZED replica with exactly the block's stamp, on the NameNode's order. Blocks
  // until everything is sent; whether it arrived shows in the targets' reports. Called on a thread
  // of the caller; `sockets` ends it early.
  absl::Status CopyForNamenode(const ExtendedBlock& block, const CopyTargets& targets,
                               SocketGroup& sockets);

  // Copies being sent now.
  int32_t running() const { return running_.load(); }

 private:
  absl::Status Send(const ReplicaReader& reader, const std::string& pool_id,
                    const CopyTargets& targets, wire::WriteStage stage,
                    const wire::BlockToken& token, const std::string& client_name,
                    SocketGroup& sockets);

  TransferServices& services_;
  std::atomic<int32_t> running_{0};
};

// TRANSFER_BLOCK to its end. The connection is over afterwards.
AfterOperation TransferBlock(OperationContext& context, BlockCopier& copier,
                             const wire::TransferBlockOp& op);

}  // namespace cairn::datanode
