// Keys that every program reads.
#include "common/config/key_tables.h"

namespace cairn {
namespace {

using enum KeyType;
using enum DurationUnit;

constexpr KeySpec kKeys[] = {
    {"fs.defaultFS", kString, "file:///", kNone,
     "File system that paths without a scheme belong to: hdfs://host:port."},
    {"hadoop.tmp.dir", kString, "/tmp/hadoop-${user.name}", kNone,
     "Base of the default data directories; for trying things out only."},
    {"io.file.buffer.size", kSize, "4096", kNone,
     "Size of the buffers for reading and writing local files.", 1, int64_t{1} << 30},
    {"fs.trash.interval", kDuration, "0", kMinutes,
     "How long deleted files stay in the trash; 0 means no trash. The NameNode's value wins."},
    {"fs.permissions.umask-mode", kString, "022", kNone,
     "Bits taken away from the mode of new files and directories, octal or symbolic."},
    OnlyDefault({"hadoop.security.authentication", kString, "simple", kNone,
                 "How users prove who they are; only simple is served."}),
    OnlyDefault({"hadoop.security.authorization", kBool, "false", kNone,
                 "Whether service-level authorization is on; only false is served."}),
    {"hadoop.security.groups.cache.secs", kDuration, "300", kSeconds,
     "How long the NameNode remembers the groups of a user."},
    {"hadoop.user.group.static.mapping.overrides", kString, "dr.who=;", kNone,
     "Groups of some users without asking the host: user1=group1,group2;user2=."},
    OnlyDefault({"dfs.http.policy", kString, "HTTP_ONLY", kNone,
                 "Protocols of the web ports; only HTTP_ONLY is served."}),
    {"ipc.maximum.data.length", kSize, "134217728", kNone,
     "Largest RPC request or reply that is accepted.", 1024, int64_t{1} << 31},
    {"ipc.client.connection.maxidletime", kDuration, "10000", kMilliseconds,
     "Idle time after which a client closes its RPC connection."},
    {"ipc.client.idlethreshold", kInt, "4000", kNone,
     "RPC connections up to which a server closes none for being idle.", 0},
    {"ipc.client.connect.max.retries", kInt, "10", kNone,
     "How often a client tries to connect to a server that refuses."},
    {"ipc.client.connect.retry.interval", kDuration, "1000", kMilliseconds,
     "Pause between two such attempts."},
    {"ipc.client.rpc-timeout.ms", kDuration, "120000", kMilliseconds,
     "How long a client waits for the answer of one call; 0 for ever."},
    {"ipc.server.max.connections", kInt, "0", kNone,
     "RPC connections a server holds at most; 0 means no limit."},
    {"net.topology.script.file.name", kString, "", kNone,
     "Program that prints the racks of the hosts given as arguments."},
    {"net.topology.table.file.name", kString, "", kNone,
     "File of host and rack, separated by blanks, one pair a line."},
    {"hadoop.configured.node.mapping", kString, "", kNone,
     "Racks of some hosts: host1=/rack1,host2=/rack2."},
};

}  // namespace

KeySection GeneralKeys() { return {.title = "General", .keys = kKeys}; }

}  // namespace cairn
