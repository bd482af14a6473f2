// Limits and defaults of the namespace, filled by the composition root from Hadoop's configuration
// keys.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "namenode/namespace/protected_directories.h"

namespace cairn::namenode {

// The value of each field is HDFS's default; the key that sets it stands beside it.
struct NamespaceOptions {
  // -- who owns and who may
  bool permissions_enabled = true;        // dfs.permissions.enabled
  std::string supergroup = "supergroup";  // dfs.permissions.superusergroup

  // fs.protected.directories, dfs.protected.subdirectories.enable; both can change
  std::shared_ptr<ProtectedDirectories> protected_dirs = std::make_shared<ProtectedDirectories>();

  // -- limits of names, directories and files
  int64_t max_component_length = 255;     // dfs.namenode.fs-limits.max-component-length; 0: off
  int64_t max_directory_items = 1 << 20;  // dfs.namenode.fs-limits.max-directory-items
  int64_t min_block_size = 1 << 20;       // dfs.namenode.fs-limits.min-block-size
  int64_t max_blocks_per_file = 10000;    // dfs.namenode.fs-limits.max-blocks-per-file
  int32_t min_replication = 1;            // dfs.namenode.replication.min
  int32_t max_replication = 512;          // dfs.replication.max

  // -- behaviour
  int64_t access_time_precision_ms = 3600000;  // dfs.namenode.accesstime.precision; 0: off
  int32_t list_limit = 1000;                   // dfs.ls.limit
  int32_t batched_list_paths = 100;            // dfs.batched.ls.limit
  int32_t open_files_limit = 1000;             // dfs.namenode.list.openfiles.num.responses
  int32_t corrupt_files_limit = 100;           // dfs.corruptfilesreturned.max
  int64_t complete_wait_ms = 0;                // cairn.namenode.complete-wait; HDFS has no such
  int64_t lease_soft_limit_ms = 60000;         // HdfsConstants.LEASE_SOFTLIMIT_PERIOD
  int64_t lease_hard_limit_ms = 1200000;       // dfs.namenode.lease-hard-limit-sec

  // -- told to clients (getServerDefaults)
  int32_t default_replication = 3;         // dfs.replication
  int64_t default_block_size = 128 << 20;  // dfs.blocksize
  int32_t bytes_per_checksum = 512;        // dfs.bytes-per-checksum
  int32_t write_packet_size = 65536;       // dfs.client-write-packet-size
  int32_t file_buffer_size = 4096;         // io.file.buffer.size
  int64_t trash_interval_minutes = 0;      // fs.trash.interval

  // -- retry cache
  int64_t retry_expiry_ms = 600000;     // dfs.namenode.retrycache.expirytime.millis
  int64_t max_retry_entries = 1 << 20;  // about 200 bytes each; the oldest go first

  // -- cache of inodes; both bounds hold for rows that are not pinned
  int64_t cache_bytes = int64_t{1} << 30;                       // cairn.namenode.cache-size
  int64_t cache_entries = std::numeric_limits<int64_t>::max();  // tests

  // -- background work
  int io_threads = 4;                      // loads of rows the cache misses
  int64_t maintenance_interval_ms = 1000;  // expiry of remembered replies; 0: only when asked
  int32_t purge_batch_rows = 128;          // rows reclaimed per transaction
};

}  // namespace cairn::namenode
