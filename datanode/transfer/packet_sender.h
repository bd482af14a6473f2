// Sends a range of a replica as packets; shared by reads and by copies to other DataNodes.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/data_checksum.h"
#include "datanode/store/block_store.h"
#include "datanode/transfer/frame_socket.h"
#include "datanode/transfer/throttler.h"

namespace cairn::datanode {

// What to send: bytes [begin, end) of a snapshot. `begin` is on a chunk boundary.
struct SendPlan {
  int64_t begin = 0;
  int64_t end = 0;
  bool send_checksums = true;
  // Compare the data with the stored checksums first. Without, data goes from the file to the
  // socket inside the kernel, and the receiver compares.
  bool verify = false;
  Throttler* throttler = nullptr;  // null: as fast as it goes
};

// Sends packets of about 64 KiB and the empty last one. With `verify`, `end` may lie within a
// chunk: then the last checksum is computed from the verified data. Errors: those of the socket;
// kChecksum and kDataLoss when the replica is damaged (nothing of the bad packet was sent).
absl::Status SendPackets(FrameSocket& to, const ReplicaReader& reader, const SendPlan& plan);

}  // namespace cairn::datanode
