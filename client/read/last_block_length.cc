// Rules of HDFS's client about the length of a block that is being written.
#include "client/read/last_block_length.h"

#include <fmt/format.h>

#include "client/base/datanode_connection.h"
#include "common/types/errors.h"

namespace cairn::client {

absl::StatusOr<int64_t> LastBlockLength(const ClientContext& context, const std::string& path,
                                        const LocatedBlock& block) {
  const auto& ask = context.environment().visible_length;
  const int64_t known = block.block.block.num_bytes;
  if (ask == nullptr) return known;
  // Nobody has reported a replica, and nobody has promised a byte of it.
  if (block.locations.empty() && known == 0) return 0;
  std::string failures;
  size_t without_replica = 0;
  size_t asked = 0;
  for (const ReplicaLocation& location : block.locations) {
    if (location.datanode.id.ipc_port == 0) continue;  // it serves no such calls
    ++asked;
    const absl::StatusOr<int64_t> length = ask(location.datanode.id, block.block);
    if (length.ok() && *length >= 0) return *length;
    without_replica += Is(length.status(), ErrorKind::kReplicaNotFound) ? 1 : 0;
    failures += fmt::format(
        "; {}: {}", location.datanode.id.XferAddress(),
        length.ok() ? "its replica is not readable" : std::string(length.status().message()));
  }
  // Bytes are visible once every node of the pipeline has them, so one without a replica means that
  // there are none (of HDFS's client all nodes have to say so, and one that is down makes it wait).
  // But where a flush has told the NameNode of some, the replica was lost.
  if (without_replica > 0 && known == 0) return 0;
  if (!block.locations.empty() && asked == 0) return known;
  if (block.locations.empty()) failures = "; no DataNode has reported it";
  return errors::Io(
      fmt::format("Cannot obtain block length for LocatedBlock{{{}; getBlockSize()={}; "
                  "corrupt={}; offset={}; locs={}}} of {}{}",
                  block.block.ToString(), known, block.corrupt, block.offset,
                  DescribeNodes(block.locations), path, failures));
}

}  // namespace cairn::client
