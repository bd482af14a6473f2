// Joins the data port to control, which do not know each other.
#pragma once

#include "datanode/control/data_port.h"
#include "datanode/transfer/transfer_server.h"

namespace cairn::datanode {

// Thread-safe. `server` must outlive this.
class TransferDataPort : public DataPort {
 public:
  explicit TransferDataPort(TransferServer& server) : server_(server) {}

  int port() const override { return server_.port(); }
  int32_t xceiver_count() const override { return server_.xceiver_count(); }
  absl::Status Copy(const ExtendedBlock& block,
                    const std::vector<ReplicaLocation>& targets) override {
    CopyTargets copy;
    for (const ReplicaLocation& target : targets) {
      copy.nodes.push_back(target.datanode);
      copy.storage_types.push_back(target.storage_type);
      copy.storage_ids.push_back(target.storage_id);
    }
    return server_.CopyForNamenode(block, copy);
  }
  void SetBalanceBandwidth(int64_t bytes_per_second) override {
    server_.SetBalanceBandwidth(bytes_per_second);
  }

 private:
  TransferServer& server_;
};

}  // namespace cairn::datanode
