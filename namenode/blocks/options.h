// Everything the block manager is configured with. Defaults are HDFS 3.4's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/types/ids.h"

namespace cairn::namenode {

// How fast copies and deletions go; may change while the NameNode runs.
struct RedundancyPace {
  int max_streams = 2;
  int max_streams_hard_limit = 4;
  int work_multiplier = 2;
  int64_t pending_timeout_ms = 300'000;
  int invalidate_limit = 1'000;
};

// When a DataNode is stale, and when dead: after 2 × recheck + 10 × heartbeat without a heartbeat.
// May change while the NameNode runs. Milliseconds.
struct Liveness {
  int64_t heartbeat_interval_ms = 3'000;  // dfs.heartbeat.interval
  int64_t recheck_interval_ms = 300'000;  // dfs.namenode.heartbeat.recheck-interval
  int64_t stale_interval_ms = 30'000;     // dfs.namenode.stale.datanode.interval

  int64_t dead_ms() const { return 2 * recheck_interval_ms + 10 * heartbeat_interval_ms; }
};

// Durations in milliseconds. Each field names the key that main reads it from.
struct BlockManagerOptions {
  std::string cluster_id;     // a DataNode of another cluster is refused
  std::string block_pool_id;  // the pool of every block here
  std::string host_name;      // shown in safe mode's tip

  int min_replication = 1;              // dfs.namenode.replication.min
  int default_replication = 3;          // dfs.replication
  int maintenance_min_replication = 1;  // dfs.namenode.maintenance.replication.min

  Liveness liveness;

  // Placement.
  bool avoid_stale_for_write = true;  // dfs.namenode.avoid.write.stale.datanode
  bool consider_load = true;          // dfs.namenode.redundancy.considerLoad
  double load_factor = 2.0;           // dfs.namenode.redundancy.considerLoad.factor
  // A node with no more transfers than this is never called overloaded: an idle cluster's average
  // is near 0, where "twice the average" says nothing.
  int load_floor_xceivers = 16;

  // Redundancy.
  // dfs.namenode.replication.{max-streams, max-streams-hard-limit,
  // work.multiplier.per.iteration}, dfs.namenode.reconstruction.pending.timeout-sec,
  // dfs.block.invalidate.limit (per heartbeat and node).
  RedundancyPace pace;
  double invalidate_work_fraction = 0.32;  // dfs.namenode.invalidate.work.pct.per.iteration

  int64_t redundancy_interval_ms = 3'000;  // dfs.namenode.redundancy.interval.seconds: one round

  // Safe mode.
  double safe_mode_threshold = 0.999;       // dfs.namenode.safemode.threshold-pct
  int64_t safe_mode_extension_ms = 30'000;  // dfs.namenode.safemode.extension
  int safe_mode_min_datanodes = 0;          // dfs.namenode.safemode.min.datanodes

  // Blocks or replicas handled before the lock is given to others for a moment.
  int lock_yield_items = 1'024;

  // The journal's durable watermark: no command leaves before the change that caused it is durable.
  // Called under the block manager's lock: must take none itself.
  std::function<Txid()> durable;
  // The highest generation stamp ever given out. A replica of an unknown block with a higher one
  // comes from a future this metadata has lost: it is kept, and safe mode stays on. Called under
  // the block manager's lock: must take none itself. Empty: nothing counts as future.
  std::function<GenerationStamp()> highest_generation_stamp;
};

}  // namespace cairn::namenode
