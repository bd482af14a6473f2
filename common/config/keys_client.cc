// Keys of clients.
#include "common/config/key_tables.h"

namespace cairn {
namespace {

using enum KeyType;
using enum DurationUnit;

constexpr KeySpec kKeys[] = {
    {"dfs.client.socket-timeout", kDuration, "60000", kMilliseconds,
     "How long a read from a DataNode may make no progress; 0 for ever."},
    {"dfs.client.use.datanode.hostname", kBool, "false", kNone,
     "Whether clients reach DataNodes by name instead of address."},
    {"dfs.client.max.block.acquire.failures", kInt, "3", kNone,
     "How often a reader asks the NameNode for new locations of a block.", 1},
    {"dfs.client.retry.window.base", kDuration, "3000", kMilliseconds,
     "Base of the pause before it asks again."},
    {"dfs.client.block.write.retries", kInt, "3", kNone,
     "How often a writer asks for other DataNodes when a pipeline cannot be set up.", 1},
    {"dfs.client.block.write.locateFollowingBlock.retries", kInt, "5", kNone,
     "How often a writer asks for the next block, and to complete a file.", 1},
    {"dfs.client.block.write.locateFollowingBlock.initial.delay.ms", kDuration, "400",
     kMilliseconds, "First pause between such attempts; doubles each time.", 1},
    {"dfs.client.block.write.locateFollowingBlock.max.delay.ms", kDuration, "60000", kMilliseconds,
     "Longest pause between such attempts.", 1},
    {"dfs.client.block.write.replace-datanode-on-failure.enable", kBool, "true", kNone,
     "Whether a failed DataNode of a pipeline is replaced."},
    {"dfs.client.block.write.replace-datanode-on-failure.policy", kString, "DEFAULT", kNone,
     "When it is: DEFAULT, ALWAYS or NEVER."},
    {"dfs.client.block.write.replace-datanode-on-failure.best-effort", kBool, "false", kNone,
     "Whether writing goes on when no replacement is found."},
    {"dfs.client.block.write.replace-datanode-on-failure.min-replication", kInt, "0", kNone,
     "Replicas that must be left for writing to go on without a replacement; 0: it never does."},
    {"dfs.client.pipeline.recovery.max-retries", kInt, "5", kNone,
     "How often a writer recovers its pipeline while the same packet stays unacknowledged.", 1},
    {"dfs.client.write.max-packets-in-flight", kInt, "80", kNone,
     "Packets sent and not yet acknowledged.", 1, 10000},
    {"dfs.client.datanode-restart.timeout", kDuration, "30", kSeconds,
     "How long a writer waits for a DataNode that announced its restart."},
    {"dfs.client.mark.slownode.as.badnode.threshold", kInt, "10", kNone,
     "Acknowledgements in a row in which a DataNode calls itself slow before a writer drops it.",
     1},
    {"dfs.client.congestion.backoff.mean.time", kDuration, "5000", kMilliseconds,
     "About how long a writer pauses when DataNodes call themselves congested."},
    {"dfs.client.congestion.backoff.max.time", kDuration, "50000", kMilliseconds,
     "Longest such pause."},
    {"dfs.client.retry.times.get-last-block-length", kInt, "3", kNone,
     "How often a reader asks again for the length of a block that is being written.", 0},
    {"dfs.client.retry.interval-ms.get-last-block-length", kDuration, "4000", kMilliseconds,
     "Pause before it does."},
    {"dfs.client.socketcache.capacity", kInt, "16", kNone,
     "Idle connections to DataNodes a client keeps."},
    {"dfs.client.socketcache.expiryMsec", kDuration, "3000", kMilliseconds,
     "How long it keeps one."},
};

}  // namespace

KeySection ClientKeys() { return {.title = "Client", .keys = kKeys}; }

}  // namespace cairn
