// Carries out what the NameNode orders.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "common/threads.h"
#include "datanode/control/data_port.h"
#include "datanode/control/recovery_worker.h"
#include "datanode/control/report_queue.h"
#include "datanode/store/block_store.h"
#include "proto/cairn/internal/v1/datanode.pb.h"

namespace cairn::datanode {

// Thread-safe. Copies run on threads of this object, at most `transfer_threads` at a time; the
// store deletes in the background by itself, recoveries have threads of their own.
class CommandExecutor {
 public:
  // Told when an order cannot be meant for this DataNode: one line for the NameNode's log.
  using Complain = std::function<void(std::string)>;

  // All must outlive this. `complain` is called on the executor's threads.
  CommandExecutor(BlockStore& store, DataPort& data_port, ReportQueue& reports,
                  RecoveryWorker& recoveries, int32_t transfer_threads, Complain complain);

  // Begins the order. Re-registration is the caller's business and ignored here, as is a kind that
  // is not known.
  void Execute(const ::cairn::internal::v1::Command& command);
  // Ordered copies that wait or run.
  int32_t transfers_in_progress() const { return transfers_in_progress_.load(); }
  // Drops copies that wait and waits for those that run; end them first with
  // stopping the data port.
  void Shutdown();

 private:
  void Transfer(const ExtendedBlock& block, const std::vector<ReplicaLocation>& targets);

  BlockStore& store_;
  DataPort& data_port_;
  ReportQueue& reports_;
  RecoveryWorker& recoveries_;
  const Complain complain_;
  std::atomic<int32_t> transfers_in_progress_{0};
  std::atomic<bool> stopping_{false};
  Executor executor_;
};

}  // namespace cairn::datanode
