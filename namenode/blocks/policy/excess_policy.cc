// Choosing replicas to delete.
#include "namenode/blocks/policy/excess_policy.h"

#include <algorithm>
#include <map>

namespace cairn::namenode {
namespace {

std::map<std::string, int> CountByRack(const std::vector<ExcessCandidate>& replicas) {
  std::map<std::string, int> racks;
  for (const ExcessCandidate& replica : replicas) ++racks[replica.rack];
  return racks;
}

// Index of the one to delete.
size_t ChooseOne(const std::vector<ExcessCandidate>& replicas, bool use_hint, int64_t too_old_ms) {
  const auto racks = CountByRack(replicas);
  const auto may_go = [&](const ExcessCandidate& replica) {
    return racks.size() != 2 || racks.at(replica.rack) > 1 || replicas.size() <= racks.size();
  };
  size_t oldest = replicas.size();
  size_t fullest = replicas.size();
  for (size_t i = 0; i < replicas.size(); ++i) {
    const ExcessCandidate& replica = replicas[i];
    if (!may_go(replica)) continue;
    if (use_hint && replica.hinted) return i;
    if (replica.last_heartbeat_ms < too_old_ms &&
        (oldest == replicas.size() ||
         replica.last_heartbeat_ms < replicas[oldest].last_heartbeat_ms)) {
      oldest = i;
    }
    if (fullest == replicas.size() || replica.remaining < replicas[fullest].remaining) fullest = i;
  }
  return oldest != replicas.size() ? oldest : fullest;
}

}  // namespace

std::vector<uint32_t> ChooseExcess(std::vector<ExcessCandidate> replicas, size_t keep,
                                   int64_t now_ms, int64_t heartbeat_interval_ms) {
  std::vector<uint32_t> chosen;
  keep = std::max<size_t>(keep, 1);
  while (replicas.size() > keep) {
    const size_t one = ChooseOne(replicas, chosen.empty(), now_ms - 4 * heartbeat_interval_ms);
    chosen.push_back(replicas[one].storage);
    replicas.erase(replicas.begin() + static_cast<ptrdiff_t>(one));
  }
  return chosen;
}

}  // namespace cairn::namenode
