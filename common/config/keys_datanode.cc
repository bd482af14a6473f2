// Keys of the DataNode.
#include "common/config/key_tables.h"

namespace cairn {
namespace {

using enum KeyType;
using enum DurationUnit;

constexpr int64_t kAnyNumber = std::numeric_limits<int64_t>::min();

constexpr KeySpec kKeys[] = {
    {"dfs.datanode.data.dir", kPathList, "file://${hadoop.tmp.dir}/dfs/data", kNone,
     "Volumes, optionally with a storage type: [SSD]file:///data1,/data2."},
    {"dfs.datanode.address", kString, "0.0.0.0:9866", kNone, "Address of the data transfer port."},
    {"dfs.datanode.ipc.address", kString, "0.0.0.0:9867", kNone,
     "Address of the Hadoop RPC server."},
    {"dfs.datanode.http.address", kString, "0.0.0.0:9864", kNone, "Address of the web server."},
    {"dfs.domain.socket.path", kString, "", kNone,
     "UNIX domain socket where a DataNode serves clients of its machine; _PORT stands for the data "
     "port. Nobody but its user and root may be able to write to the directories above it."},
    {"dfs.client.read.shortcircuit", kBool, "false", kNone,
     "Whether a DataNode passes the files of replicas to local clients, at "
     "dfs.domain.socket.path."},
    {"dfs.client.domain.socket.data.traffic", kBool, "false", kNone,
     "Whether a DataNode serves reads and writes there even without short-circuit reads."},
    {"dfs.datanode.hostname", kString, "", kNone,
     "Name the DataNode is known by; empty means the machine's."},
    {"dfs.datanode.use.datanode.hostname", kBool, "false", kNone,
     "Whether DataNodes reach each other by name instead of address."},
    {"dfs.datanode.handler.count", kInt, "10", kNone, "Threads that serve RPC requests.", 1, 4096},
    {"dfs.datanode.max.transfer.threads", kInt, "4096", kNone, "Reads and writes served at a time.",
     1},
    {"dfs.datanode.du.reserved", kSize, "0", kNone,
     "Bytes of each volume that are left to others."},
    {"dfs.datanode.failed.volumes.tolerated", kInt, "-1", kNone,
     "Volumes that may fail before the DataNode stops; -1 means all but one (Hadoop's default is "
     "0).",
     -1},
    {"dfs.datanode.balance.bandwidthPerSec", kSize, "100m", kNone,
     "Bytes a second that balancing may use.", 1},
    {"dfs.datanode.balance.max.concurrent.moves", kInt, "100", kNone,
     "Moves for balancing at a time.", 1},
    {"dfs.datanode.socket.reuse.keepalive", kDuration, "4000", kMilliseconds,
     "How long an idle connection waits for the next operation."},
    {"dfs.datanode.socket.write.timeout", kDuration, "480000", kMilliseconds,
     "How long a write to a peer may make no progress; 0 for ever."},
    {"dfs.datanode.synconclose", kBool, "false", kNone,
     "Whether every finished replica is synced to disk."},
    {"dfs.datanode.scan.period.hours", kDuration, "504", kHours,
     "Every block is verified this often; 0 means 504 hours, negative never.", kAnyNumber},
    {"dfs.block.scanner.volume.bytes.per.second", kSize, "1048576", kNone,
     "Bytes a second the block scanner reads on a volume; 0 switches it off."},
    {"dfs.datanode.directoryscan.interval", kDuration, "21600", kSeconds,
     "How often the files on disk are compared with what memory knows; negative never.",
     kAnyNumber},
    {"dfs.datanode.xceiver.stop.timeout.millis", kDuration, "60000", kMilliseconds,
     "How long a running write may take to stop for recovery.", 1},
    {"dfs.datanode.oob.timeout-ms", kList, "1500,0,0,0", kNone,
     "How long a DataNode that is stopped takes to tell writers that it restarts; 0 never. Only "
     "the "
     "first number counts."},
    {"dfs.datanode.restart.replica.expiration", kDuration, "50", kSeconds,
     "How soon after a stop a DataNode must be back for writers to go on with their replicas "
     "there."},
    {"dfs.pipeline.ecn", kBool, "false", kNone,
     "Whether a DataNode tells writers that its load is high."},
    {"dfs.pipeline.congestion.ratio", kDouble, "1.5", kNone,
     "Load per processor above which that is so."},
    {"dfs.pipeline.slownode", kBool, "false", kNone,
     "Whether acknowledgements say that a DataNode is not slow."},
    OnlyDefault({"dfs.block.access.token.enable", kBool, "false", kNone,
                 "Whether block access tokens are required; only false is served."}),
    OnlyDefault({"dfs.encrypt.data.transfer", kBool, "false", kNone,
                 "Whether block data is encrypted on the wire; only false is served."}),
};

}  // namespace

KeySection DatanodeKeys() { return {.title = "DataNode", .keys = kKeys}; }

}  // namespace cairn
