// Keys of blocks, heartbeats, reports and replication.
#include "common/config/key_tables.h"

namespace cairn {
namespace {

using enum KeyType;
using enum DurationUnit;

constexpr KeySpec kKeys[] = {
    {"dfs.blocksize", kSize, "134217728", kNone, "Block size of new files.", 512},
    {"dfs.replication", kInt, "3", kNone, "Replicas of new files.", 1, 512},
    {"dfs.replication.max", kInt, "512", kNone, "Most replicas a file may ask for.", 1, 32767},
    {"dfs.namenode.replication.min", kInt, "1", kNone, "Replicas a block needs to be complete.", 1,
     512},
    {"dfs.bytes-per-checksum", kSize, "512", kNone, "Bytes covered by one checksum.", 1, 1048576},
    OnlyDefault({"dfs.checksum.type", kString, "CRC32C", kNone,
                 "Checksum of each chunk; only CRC32C is written."}),
    {"dfs.client-write-packet-size", kSize, "65536", kNone,
     "Bytes of a packet of the write pipeline.", 512, 16777216},
    {"dfs.heartbeat.interval", kDuration, "3", kSeconds,
     "How often a DataNode reports to the NameNode.", 1},
    {"dfs.namenode.heartbeat.recheck-interval", kDuration, "300000", kMilliseconds,
     "A DataNode is dead after twice this plus ten heartbeats without one.", 1},
    {"dfs.namenode.stale.datanode.interval", kDuration, "30000", kMilliseconds,
     "A DataNode is stale after this time without a heartbeat.", 1},
    {"dfs.namenode.stale.datanode.minimum.interval", kInt, "3", kNone,
     "Heartbeats the stale interval lasts at least.", 1},
    {"dfs.namenode.avoid.write.stale.datanode", kBool, "false", kNone,
     "Whether stale DataNodes get no new replicas."},
    {"dfs.namenode.redundancy.considerLoad", kBool, "true", kNone,
     "Whether placement avoids busy DataNodes."},
    {"dfs.namenode.redundancy.considerLoad.factor", kDouble, "2.0", kNone,
     "Busy means more than this times the average load."},
    {"dfs.namenode.replication.max-streams", kInt, "2", kNone,
     "Copies a DataNode sends at a time for replication.", 1},
    {"dfs.namenode.replication.max-streams-hard-limit", kInt, "4", kNone,
     "The same including the most urgent ones.", 1},
    {"dfs.namenode.redundancy.interval.seconds", kDuration, "3", kSeconds,
     "How often replication is planned.", 1},
    {"dfs.namenode.replication.work.multiplier.per.iteration", kInt, "2", kNone,
     "Blocks planned each time, per live DataNode.", 1},
    {"dfs.namenode.reconstruction.pending.timeout-sec", kDuration, "300", kSeconds,
     "A copy that is not reported after this time is planned again.", 1},
    {"dfs.block.invalidate.limit", kInt, "1000", kNone,
     "Replicas a DataNode is told to delete per heartbeat.", 1},
    {"dfs.namenode.invalidate.work.pct.per.iteration", kDouble, "0.32", kNone,
     "Share of the DataNodes that get such work each time."},
    {"dfs.blockreport.intervalMsec", kDuration, "21600000", kMilliseconds,
     "How often a DataNode sends a full block report.", 1},
    {"dfs.blockreport.initialDelay", kDuration, "0", kSeconds,
     "Random delay of the first full report, at most this."},
    {"dfs.blockreport.incremental.intervalMsec", kDuration, "0", kMilliseconds,
     "How long changes are collected before they are reported; 0 reports at once."},
};

}  // namespace

KeySection BlockKeys() { return {.title = "Blocks and replication", .keys = kKeys}; }

}  // namespace cairn
