// A DataNode for tests: speaks DataTransferProtocol on loopback, keeps replicas in memory, and
// fails on command.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/net/socket.h"
#include "common/threads.h"
#include "common/types/block.h"
#include "wire/transfer/ack.h"
#include "wire/transfer/op.h"
#include "wire/transfer/packet.h"

namespace cairn::client {

// What a fake DataNode does wrong. Counters are of this node, from when the faults were set.
struct DatanodeFaults {
  int die_after_packets = -1;         // as if SIGKILLed, when this many data packets have come
  bool die_on_last_packet = false;    // when a block's last packet comes, before it is acknowledged
  int refuse_setups = 0;              // answer so many WRITE_BLOCK with ERROR, blaming itself
  int refuse_setups_after_first = 0;  // the same, but for one
  bool corrupt_reads = false;         // flip a byte of the first packet of every read
  int close_reads_after_packets = -1;
  bool no_checksums = false;  // reads answer with the NULL checksum
  bool refuse_transfers = false;
  bool swallow_acks = false;           // a network that fails one way: data comes, no ack leaves
  int64_t mirror_timeout_ms = 10'000;  // how long it waits for the node behind it
  // Changes an acknowledgement before it goes upstream.
  std::function<void(wire::PipelineAck&)> change_ack;
};

// One replica as the fake keeps it.
struct FakeReplica {
  GenerationStamp generation_stamp = 0;
  std::string data;
  int64_t acked = 0;
  bool finalized = false;
  int writer = 0;  // raised by every set-up; a writer with an older number is cut off
};

// Thread-safe. Threads end with the object.
class FakeDatanode {
 public:
  // Finds another fake by uuid, for transfers; null when there is none.
  using Peers = std::function<FakeDatanode*(const std::string& uuid)>;

  FakeDatanode(const std::string& name, const std::string& rack, Peers peers);
  ~FakeDatanode();

  ReplicaLocation location() const;
  const std::string& uuid() const { return id_.uuid; }
  void SetFaults(DatanodeFaults faults);
  // Stops listening and resets every connection, as a SIGKILL does.
  void Kill();
  bool alive() const;

  std::optional<FakeReplica> Replica(BlockId block) const;
  void SetReplica(BlockId block, FakeReplica replica);
  // Every operation received, in order.
  std::vector<wire::Op> ops() const;
  // The header of every packet written to it, in order.
  std::vector<wire::PacketHeader> packets() const;
  int connections_accepted() const;

 private:
  class Session;
  friend class Session;

  void Accept();
  void Serve(std::shared_ptr<TcpSocket> socket);

  DatanodeId id_;
  const std::string rack_;
  const Peers peers_;
  std::unique_ptr<TcpListener> listener_;
  mutable Mutex mu_;
  bool killed_ GUARDED_BY(mu_) = false;
  DatanodeFaults faults_ GUARDED_BY(mu_);
  int packets_ GUARDED_BY(mu_) = 0;
  int accepted_ GUARDED_BY(mu_) = 0;
  std::map<BlockId, FakeReplica> replicas_ GUARDED_BY(mu_);
  std::vector<wire::Op> ops_ GUARDED_BY(mu_);
  std::vector<wire::PacketHeader> headers_ GUARDED_BY(mu_);
  std::set<std::shared_ptr<TcpSocket>> sockets_ GUARDED_BY(mu_);
  std::list<std::thread> sessions_ GUARDED_BY(mu_);
  std::thread acceptor_;
};

}  // namespace cairn::client
