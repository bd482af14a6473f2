// What every operation of the data port stands on.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/status_macros.h"
#include "common/types/block.h"
#include "datanode/shortcircuit/short_circuit_registry.h"
#include "datanode/store/block_store.h"
#include "datanode/transfer/frame_socket.h"
#include "datanode/transfer/operation_threads.h"
#include "datanode/transfer/socket_group.h"
#include "datanode/transfer/throttler.h"
#include "datanode/transfer/transfer_options.h"
#include "wire/transfer/op.h"

namespace cairn::datanode {

// The parts of the daemon that operations use; all outlive every operation.
struct TransferServices {
  BlockStore& store;
  const TransferOptions& options;
  const Clock& clock;
  OperationThreads& threads;
  Throttler& balance_throttler;
  MoverSlots& mover_slots;
  ShortCircuitRegistry& short_circuit;
  DatanodeId self;  // as told to other DataNodes
};

// One operation that a connection asked for.
struct OperationContext {
  TransferServices& services;
  FrameSocket& connection;
  std::shared_ptr<SocketGroup> sockets;  // holds the connection; add others that it may wait for
  wire::ShmId segment = {};              // with kGiveToSegment: whose connection this is now
};

// What becomes of the connection when an operation is over.
enum class AfterOperation { kKeepConnection, kClose, kGiveToSegment };

// UnexpectedBlockPool unless `block` is of the pool that is served here.
absl::Status CheckPool(const TransferServices& services, const ExtendedBlock& block);

// "java.io.IOException: message": an error as Hadoop's clients expect to see it in a reply.
std::string AsException(const absl::Status& status);

// Replies with ERROR and a message; failures to send are ignored, the connection ends anyway.
void ReplyError(FrameSocket& connection, std::string message);

// How long to wait for bytes of a peer with `nodes_behind` further nodes; ms, 0 for ever.
int64_t PeerReadTimeout(const TransferOptions& options, size_t nodes_behind);

// Connects to the data port of `node` and sets both timeouts for `nodes_behind` further nodes.
absl::StatusOr<std::unique_ptr<FrameSocket>> ConnectToDatanode(const TransferServices& services,
                                                               const DatanodeId& node,
                                                               size_t nodes_behind,
                                                               size_t buffer_bytes);

}  // namespace cairn::datanode
