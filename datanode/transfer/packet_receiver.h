// Receives the packets of one block: forwards them, stores them, has them acknowledged.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "datanode/store/block_store.h"
#include "datanode/transfer/ack_responder.h"
#include "datanode/transfer/frame_socket.h"
#include "datanode/transfer/throttler.h"
#include "wire/transfer/packet.h"

namespace cairn::datanode {

// How a block is received. Pointers may be null and must outlive the receiver.
struct ReceivePlan {
  FrameSocket* mirror = nullptr;      // the next node
  AckResponder* responder = nullptr;  // where packets are acknowledged
  bool always_verify = false;         // copies between DataNodes
  Throttler* throttler = nullptr;
  std::function<absl::Status()> after_packet;  // e.g. keep-alives; an error ends the receipt
};

// Reads packets from `from` until the last one. Each is forwarded before it is stored; when the
// mirror fails the rest is still stored. Without a (working) mirror data is verified. Errors:
// kChecksum (after the sender was told, where acknowledgements are sent), kInvalidArgument a
// malformed or out-of-sequence packet, else those of store and socket.
absl::Status ReceivePackets(FrameSocket& from, ReplicaWriter& writer, const ReceivePlan& plan);

}  // namespace cairn::datanode
