// Keys that Hadoop has no counterpart for.
#include "common/config/key_tables.h"

namespace cairn {
namespace {

using enum KeyType;
using enum DurationUnit;

constexpr KeySpec kKeys[] = {
    {"cairn.namenode.grpc-address", kString, "", kNone,
     "Address of the NameNode's gRPC server; empty means the RPC address with the port plus 1."},
    {"cairn.namenode.grpc-bind-host", kString, "", kNone,
     "Host to listen on instead of the one in cairn.namenode.grpc-address."},
    {"cairn.namenode.cache-size", kSize, "1g", kNone,
     "Memory for cached inodes and directory entries."},
    {"cairn.namenode.rocksdb.block-cache-size", kSize, "256m", kNone,
     "Memory for RocksDB's cache of blocks read from disk."},
    {"cairn.namenode.journal.segment-size", kSize, "64m", kNone,
     "A journal segment that is larger is closed and a new one begun.", 4096},
    {"cairn.namenode.journal.max-unsynced", kSize, "64m", kNone,
     "With more journal bytes not yet on disk, changes wait.", 4096},
    {"cairn.namenode.applier.max-lag", kSize, "256m", kNone,
     "With more durable bytes not yet in RocksDB, changes wait.", 4096},
    {"cairn.namenode.complete-wait", kDuration, "1000", kMilliseconds,
     "How long a writer that closes a file is kept waiting for the first report of its last block "
     "before it is told to ask again; 0: not at all, as in HDFS."},
    {"cairn.namenode.audit-log.file", kString, "", kNone,
     "File the NameNode appends a line per namespace call to, in HDFS's audit format; empty means "
     "none."},
    {"cairn.client.read-ahead", kSize, "0", kNone,
     "How far a DataNode may send ahead of a client's sequential reader; 0 leaves it to the "
     "system.",
     0, 1 << 30},
    {"cairn.client.local-host", kString, "", kNone,
     "Host name or address whose replicas a client reads first; empty leaves it to the NameNode."},
    {"cairn.client.network-location", kString, "", kNone,
     "Rack whose replicas a client reads next; empty leaves it to the NameNode."},
    {"cairn.client.lease-renewal-interval", kDuration, "30000", kMilliseconds,
     "How often a client renews the lease of files it is writing.", 1},
    {"cairn.log.level", kString, "info", kNone,
     "trace, debug, info, warning, error, critical or off."},
    {"cairn.log.file", kString, "", kNone,
     "File the daemon appends its log to; empty means standard error."},
};

}  // namespace

KeySection CairnKeys() { return {.title = "Cairn's own", .keys = kKeys}; }

}  // namespace cairn
