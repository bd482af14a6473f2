// The table put together, and its look-ups.
#include "common/config/keys.h"

#include <array>
#include <map>

#include "common/config/key_tables.h"

namespace cairn {
namespace {

using NameMap = std::map<std::string_view, const KeySpec*>;

// Names Hadoop has given up, with their successors (Hadoop's DeprecatedProperties page).
constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"dfs.access.time.precision", "dfs.namenode.accesstime.precision"},
    {"dfs.balance.bandwidthPerSec", "dfs.datanode.balance.bandwidthPerSec"},
    {"dfs.block.size", "dfs.blocksize"},
    {"dfs.data.dir", "dfs.datanode.data.dir"},
    {"dfs.datanode.max.xcievers", "dfs.datanode.max.transfer.threads"},
    {"dfs.http.address", "dfs.namenode.http-address"},
    {"dfs.name.dir", "dfs.namenode.name.dir"},
    {"dfs.namenode.replication.considerLoad", "dfs.namenode.redundancy.considerLoad"},
    {"dfs.namenode.replication.considerLoad.factor", "dfs.namenode.redundancy.considerLoad.factor"},
    {"dfs.namenode.replication.interval", "dfs.namenode.redundancy.interval.seconds"},
    {"dfs.namenode.replication.pending.timeout-sec",
     "dfs.namenode.reconstruction.pending.timeout-sec"},
    {"dfs.permissions", "dfs.permissions.enabled"},
    {"dfs.permissions.supergroup", "dfs.permissions.superusergroup"},
    {"dfs.replication.interval", "dfs.namenode.redundancy.interval.seconds"},
    {"dfs.replication.min", "dfs.namenode.replication.min"},
    {"dfs.safemode.extension", "dfs.namenode.safemode.extension"},
    {"dfs.safemode.threshold.pct", "dfs.namenode.safemode.threshold-pct"},
    {"dfs.socket.timeout", "dfs.client.socket-timeout"},
    {"dfs.umask", "fs.permissions.umask-mode"},
    {"dfs.umaskmode", "fs.permissions.umask-mode"},
    {"fs.default.name", "fs.defaultFS"},
    {"heartbeat.recheck.interval", "dfs.namenode.heartbeat.recheck-interval"},
    {"topology.node.switch.mapping.impl", "net.topology.node.switch.mapping.impl"},
    {"topology.script.file.name", "net.topology.script.file.name"},
    {"topology.script.number.args", "net.topology.script.number.args"},
};

}  // namespace

std::span<const KeySection> KeySections() {
  static const std::array kSections = {GeneralKeys(),  NamenodeKeys(), BlockKeys(),
                                       DatanodeKeys(), ClientKeys(),   CairnKeys()};
  return kSections;
}

const KeySpec* FindKey(std::string_view name) {
  static const NameMap keys = [] {
    NameMap map;
    for (const KeySection& section : KeySections()) {
      for (const KeySpec& key : section.keys) map.emplace(key.name, &key);
    }
    return map;
  }();
  const auto found = keys.find(name);
  return found != keys.end() ? found->second : nullptr;
}

std::string_view CurrentKeyName(std::string_view name) {
  for (const auto& [old_name, current] : kRenamed) {
    if (old_name == name) return current;
  }
  return name;
}

}  // namespace cairn
