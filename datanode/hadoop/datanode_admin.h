// What administrators may ask of a running DataNode.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace cairn::datanode {

// Thread-safe. No call waits for what it begins.
class DatanodeAdmin {
 public:
  virtual ~DatanodeAdmin() = default;
  // Tells the NameNode all replicas soon, or only what has changed.
  virtual void TriggerBlockReport(bool incremental) = 0;
  // Ends every write by a client that is in progress; its replica stays for recovery.
  virtual void EvictWriters() = 0;
  // Bytes a second that balancing may use now.
  virtual int64_t BalanceBandwidth() const = 0;
  // Stops the DataNode soon; with `will_restart` clients that write through it are told that it
  // comes back. kIo when a shutdown has been asked for before.
  virtual absl::Status RequestShutdown(bool will_restart) = 0;
};

}  // namespace cairn::datanode
