// Which rack a machine is in: from a table, a script or the configuration (Hadoop's
// net.topology.*).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "common/threads.h"

namespace cairn::namenode {

inline constexpr char kDefaultRack[] = "/default-rack";

// Sources, first match wins: the node mapping, then the table, then the script.
struct RackResolverOptions {
  std::string node_mapping;  // hadoop.configured.node.mapping: host1=/rack1,host2=/rack2
  std::string table_file;    // net.topology.table.file.name: lines of "host-or-ip rack"
  std::string script_file;  // net.topology.script.file.name: run with addresses, prints their racks
  int64_t script_timeout_ms = 10'000;
};

// How the topology script is run: its argv in, what it prints out.
using ScriptRunner =
    std::function<absl::StatusOr<std::string>(const std::vector<std::string>& argv)>;

// Answers are remembered for ever, as HDFS does; failures are not. Thread-safe.
class RackResolver {
 public:
  // Reads the table. kInvalidArgument names the bad part of the mapping or the line of the table.
  static absl::StatusOr<std::unique_ptr<RackResolver>> Create(const RackResolverOptions& options,
                                                              FileSystem& fs, ScriptRunner runner);

  // The rack of a machine known by its address and perhaps its name. May wait for the script: never
  // call under a lock. kDefaultRack when nothing tells.
  std::string Resolve(const std::string& ip_address, const std::string& host_name);
  // The same without waiting: kDefaultRack when only the script could tell and has not yet.
  std::string Known(std::string_view ip_address) const;

 private:
  RackResolver(const RackResolverOptions& options, ScriptRunner runner)
      : options_(options), runner_(std::move(runner)) {}
  absl::Status AddMapping(std::string_view mapping);
  absl::Status AddTable(std::string_view text);
  const std::string* Find(std::string_view name) const REQUIRES(mu_);

  const RackResolverOptions options_;
  const ScriptRunner runner_;
  mutable Mutex mu_;
  absl::flat_hash_map<std::string, std::string> racks_ GUARDED_BY(mu_);
};

// Hops between two racks' nodes: 2 within a rack, 2 more per level up to the common ancestor
// ("/dc1/rack1"). Two processes on one machine are at 0, which callers check themselves.
int RackDistance(std::string_view a, std::string_view b);

}  // namespace cairn::namenode
