// Keys of the NameNode's namespace and storage.
#include "common/config/key_tables.h"

namespace cairn {
namespace {

using enum KeyType;
using enum DurationUnit;

constexpr KeySpec kKeys[] = {
    {"dfs.namenode.name.dir", kPathList, "file://${hadoop.tmp.dir}/dfs/name", kNone,
     "Where the namespace is kept; every directory holds a full copy of the journal."},
    {"dfs.namenode.rpc-address", kString, "", kNone,
     "Address of the Hadoop RPC server; empty means host and port of fs.defaultFS, port 8020."},
    {"dfs.namenode.rpc-bind-host", kString, "", kNone,
     "Host to listen on instead of the one in dfs.namenode.rpc-address, e.g. 0.0.0.0."},
    {"dfs.namenode.http-address", kString, "0.0.0.0:9870", kNone,
     "Address of the NameNode's web server, where Hadoop's fsck asks; port 0 takes any free one."},
    {"dfs.namenode.http-bind-host", kString, "", kNone,
     "Host to listen on instead of the one in dfs.namenode.http-address, e.g. 0.0.0.0."},
    {"hadoop.http.staticuser.user", kString, "dr.who", kNone,
     "Who asks over HTTP without giving a name."},
    {"dfs.namenode.handler.count", kInt, "10", kNone, "Threads that serve requests.", 1, 4096},
    {"dfs.permissions.enabled", kBool, "true", kNone, "Whether permissions are checked."},
    {"dfs.permissions.superusergroup", kString, "supergroup", kNone,
     "Members of this group are superusers."},
    {"dfs.namenode.fs-limits.min-block-size", kSize, "1048576", kNone,
     "Smallest block size a file may be created with."},
    {"dfs.namenode.fs-limits.max-blocks-per-file", kInt, "10000", kNone, "Blocks a file may have.",
     1},
    {"dfs.namenode.fs-limits.max-component-length", kInt, "255", kNone,
     "Bytes a name may have; 0 means no limit."},
    {"dfs.namenode.fs-limits.max-directory-items", kInt, "1048576", kNone,
     "Children a directory may have.", 1, 6400000},
    {"dfs.namenode.accesstime.precision", kDuration, "3600000", kMilliseconds,
     "Access times are not updated more often than this; 0 switches them off."},
    {"dfs.ls.limit", kInt, "1000", kNone, "Entries of one page of a listing.", 1, 100000},
    {"dfs.batched.ls.limit", kInt, "100", kNone, "Paths of one batched listing.", 1, 100000},
    {"dfs.namenode.list.openfiles.num.responses", kInt, "1000", kNone,
     "Entries of one page of open files.", 1, 100000},
    {"dfs.corruptfilesreturned.max", kInt, "100", kNone,
     "Entries of one page of files that have lost blocks.", 1, 100000},
    {"dfs.namenode.lease-hard-limit-sec", kDuration, "1200", kSeconds,
     "A writer that is silent for this long loses its files.", 1000},
    {"dfs.namenode.lease-recheck-interval-ms", kDuration, "2000", kMilliseconds,
     "How often leases are checked.", 1},
    {"dfs.namenode.checkpoint.period", kDuration, "3600", kSeconds,
     "Longest time between two checkpoints."},
    {"dfs.namenode.checkpoint.txns", kInt, "1000000", kNone,
     "A checkpoint is made after this many transactions.", 1},
    {"dfs.namenode.num.checkpoints.retained", kInt, "2", kNone, "Checkpoints that are kept.", 1,
     100},
    {"hadoop.caller.context.enabled", kBool, "false", kNone,
     "Whether the audit log says for which job a call was made, as far as the caller tells."},
    {"fs.protected.directories", kList, "", kNone,
     "Directories, with commas between, that are neither deleted nor renamed unless empty."},
    {"dfs.protected.subdirectories.enable", kBool, "false", kNone,
     "Whether what is not empty below such a directory is protected too."},
    {"dfs.namenode.name.dir.restore", kBool, "false", kNone,
     "Whether checkpoints take failed name directories back (dfsadmin -restoreFailedStorage)."},
    {"dfs.namenode.enable.retrycache", kBool, "true", kNone,
     "Whether replies are remembered so that a repeated call takes effect once."},
    {"dfs.namenode.retrycache.expirytime.millis", kDuration, "600000", kMilliseconds,
     "How long such a reply is remembered."},
    {"dfs.namenode.resource.du.reserved", kSize, "104857600", kNone,
     "With less free space on a name directory the NameNode enters safe mode."},
    {"dfs.namenode.resource.check.interval", kDuration, "5000", kMilliseconds,
     "How often the free space is checked.", 1},
    {"dfs.namenode.safemode.threshold-pct", kDouble, "0.999", kNone,
     "Share of the blocks that must be reported before safe mode ends."},
    {"dfs.namenode.safemode.extension", kDuration, "30000", kMilliseconds,
     "How long safe mode goes on after the threshold is reached."},
    {"dfs.namenode.safemode.min.datanodes", kInt, "0", kNone,
     "DataNodes that must be live before safe mode ends."},
    {"dfs.namenode.safemode.recheck.interval", kDuration, "1000", kMilliseconds,
     "How often the end of safe mode is checked.", 1},
    {"dfs.hosts", kString, "", kNone,
     "File of the hosts that may be DataNodes, as HOST or HOST:PORT; empty, or an empty file: all "
     "may."},
    {"dfs.hosts.exclude", kString, "", kNone,
     "File of the hosts whose DataNodes are to leave the cluster."},
    {"dfs.namenode.hosts.provider.classname", kString,
     "org.apache.hadoop.hdfs.server.blockmanagement.HostFileManager", kNone,
     "Form of these files: plain lists, or with CombinedHostFileManager of the same package one "
     "JSON file, dfs.hosts, that also says who is to leave and who is in maintenance."},
    {"dfs.namenode.maintenance.replication.min", kInt, "1", kNone,
     "Replicas in service that the blocks of a DataNode in maintenance must have.", 0, 512},
};

}  // namespace

KeySection NamenodeKeys() { return {.title = "NameNode", .keys = kKeys}; }

}  // namespace cairn
