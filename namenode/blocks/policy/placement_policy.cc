// One attempt at a placement, repeated with fewer wishes until enough places are found.
#include "namenode/blocks/policy/placement_policy.h"

#include <algorithm>

#include "namenode/blocks/policy/storage_policies.h"
#include "namenode/blocks/topology/rack_resolver.h"

namespace cairn::namenode {
namespace {

// How much an attempt insists on.
struct Wishes {
  bool fresh = true;      // not stale
  bool idle = true;       // not overloaded
  bool remote = true;     // not on the writer's machine, if so asked
  bool fallback = false;  // storage types of second choice are fine
};

// State of one Choose.
class Attempt {
 public:
  Attempt(const PlacementPolicy::Options& options, Random& random, const DatanodeRegistry& nodes,
          const PlacementQuery& query, int64_t now_ms);

  // Adds places until all are found or the wishes exclude what is left.
  void Run(const Wishes& wishes);
  bool done() const { return static_cast<int>(chosen_.size()) >= wanted_; }
  PlacementResult Result() &&;

 private:
  size_t placed() const { return taken_.size(); }
  const std::string& RackOf(NodeIndex node) const { return nodes_.node(node).rack; }
  bool ChooseNext();
  bool ChooseFavored();
  bool ChooseFirst();
  bool ChooseInRack(std::string_view rack);
  bool ChooseOutsideRack(std::string_view rack);
  bool ChooseAnywhere();
  bool ChooseAmong(std::vector<NodeIndex> candidates);
  bool Try(NodeIndex node);
  bool Reject(const char* reason);
  std::optional<StorageIndex> StorageFor(NodeIndex node) const;
  void SortPipeline();

  const PlacementPolicy::Options& options_;
  Random& random_;
  const DatanodeRegistry& nodes_;
  const PlacementQuery& query_;
  const int64_t now_ms_;
  const double average_load_;
  int wanted_ = 0;
  int max_per_rack_ = 0;
  Wishes wishes_;
  std::vector<NodeIndex> taken_;  // nodes with a replica: existing ones, then chosen ones
  std::vector<StorageIndex> chosen_;
  absl::flat_hash_set<NodeIndex> tried_;  // by this Run
  std::map<std::string, int> rejected_;
};

Attempt::Attempt(const PlacementPolicy::Options& options, Random& random,
                 const DatanodeRegistry& nodes, const PlacementQuery& query, int64_t now_ms)
    : options_(options),
      random_(random),
      nodes_(nodes),
      query_(query),
      now_ms_(now_ms),
      average_load_(nodes.AverageXceivers()),
      taken_(query.existing) {
  const int existing = static_cast<int>(query.existing.size());
  const int total = std::min(existing + query.wanted, nodes.live());
  wanted_ = std::max(0, total - existing);
  const int racks = static_cast<int>(nodes.live_by_rack().size());
  max_per_rack_ = total;
  if (racks > 1 && total > 1) {
    max_per_rack_ = (total - 1) / racks + 2;
    if (max_per_rack_ == total) --max_per_rack_;
  }
}

void Attempt::Run(const Wishes& wishes) {
  wishes_ = wishes;
  tried_.clear();
  rejected_.clear();
  while (!done() && ChooseFavored()) {
  }
  while (!done() && ChooseNext()) {
  }
}

bool Attempt::ChooseFavored() {
  for (const NodeIndex node : query_.favored) {
    if (Try(node)) return true;
  }
  return false;
}

bool Attempt::ChooseNext() {
  if (placed() == 0) return ChooseFirst();
  const std::string& first = RackOf(taken_[0]);
  if (placed() == 1) return ChooseOutsideRack(first) || ChooseInRack(first) || ChooseAnywhere();
  if (placed() == 2) {
    const std::string& second = RackOf(taken_[1]);
    // A new block's third replica is near its second; a copy's is near its source.
    const std::string& near = query_.existing.empty() ? second : first;
    if (first != second ? ChooseInRack(near) : ChooseOutsideRack(first)) return true;
  }
  return ChooseAnywhere();
}

bool Attempt::ChooseFirst() {
  if (!query_.avoid_local) {
    for (const NodeIndex node : query_.writer) {
      if (Try(node)) return true;
    }
  }
  const std::string rack = query_.writer.empty() ? query_.writer_rack : RackOf(query_.writer[0]);
  return (!rack.empty() && ChooseInRack(rack)) || ChooseAnywhere();
}

bool Attempt::ChooseInRack(std::string_view rack) {
  const auto it = nodes_.live_by_rack().find(rack);
  return it != nodes_.live_by_rack().end() && ChooseAmong(it->second);
}

bool Attempt::ChooseOutsideRack(std::string_view rack) {
  std::vector<NodeIndex> candidates;
  for (const auto& [name, members] : nodes_.live_by_rack()) {
    if (name != rack) candidates.insert(candidates.end(), members.begin(), members.end());
  }
  return ChooseAmong(std::move(candidates));
}

bool Attempt::ChooseAnywhere() {
  std::vector<NodeIndex> candidates;
  for (const auto& [name, members] : nodes_.live_by_rack()) {
    candidates.insert(candidates.end(), members.begin(), members.end());
  }
  return ChooseAmong(std::move(candidates));
}

bool Attempt::ChooseAmong(std::vector<NodeIndex> candidates) {
  for (size_t left = candidates.size(); left > 0; --left) {
    const size_t pick = random_.Uniform(left);
    if (Try(candidates[pick])) return true;
    candidates[pick] = candidates[left - 1];
  }
  return false;
}

bool Attempt::Reject(const char* reason) {
  ++rejected_[reason];
  return false;
}

bool Attempt::Try(NodeIndex node) {
  if (std::find(taken_.begin(), taken_.end(), node) != taken_.end()) return false;
  const DatanodeState& state = nodes_.node(node);
  const std::string& rack = state.rack;
  const auto in_rack = std::count_if(taken_.begin(), taken_.end(),
                                     [&](NodeIndex other) { return RackOf(other) == rack; });
  if (state.alive && in_rack >= max_per_rack_) return false;  // may be fine for another replica
  if (!tried_.insert(node).second) return false;
  if (!state.alive) return Reject("dead");
  if (state.admin != AdminState::kNormal) return Reject("not in service");
  if (query_.excluded.contains(node)) return false;  // the caller knows
  if (query_.avoid_local && wishes_.remote &&
      std::find(query_.writer.begin(), query_.writer.end(), node) != query_.writer.end()) {
    return Reject("on the writer's machine");
  }
  if (wishes_.fresh && nodes_.IsStale(node, now_ms_)) return Reject("stale");
  if (wishes_.idle && state.xceivers > options_.load_floor_xceivers &&
      state.xceivers > options_.load_factor * average_load_) {
    return Reject("overloaded");
  }
  const auto storage = StorageFor(node);
  if (!storage) return Reject("not enough space on a storage of the wanted type");
  taken_.push_back(node);
  chosen_.push_back(*storage);
  return true;
}

std::optional<StorageIndex> Attempt::StorageFor(NodeIndex node) const {
  const int replica = static_cast<int>(placed());
  const auto types = wishes_.fallback ? FallbackTypes(query_.storage_policy, replica)
                                      : PreferredTypes(query_.storage_policy, replica);
  const int64_t scheduled = nodes_.Scheduled(node) * query_.block_size;
  for (const StorageType type : types) {
    std::vector<StorageIndex> fitting;
    int64_t remaining = 0;
    for (const StorageIndex index : nodes_.node(node).storages) {
      const StorageState& storage = nodes_.storage(index);
      if (!storage.usable || storage.type != type) continue;
      remaining += storage.remaining;
      if (storage.remaining >= query_.block_size) fitting.push_back(index);
    }
    if (fitting.empty() || remaining < query_.block_size + scheduled) continue;
    return fitting[random_.Uniform(fitting.size())];
  }
  return std::nullopt;
}

// Greedy: from the writer always on to the nearest node that is left.
void Attempt::SortPipeline() {
  std::string_view rack = query_.writer_rack;
  std::optional<NodeIndex> here;
  if (!query_.existing.empty()) {
    here = query_.existing.back();
  } else if (!query_.writer.empty()) {
    here = query_.writer.front();
  }
  const auto distance = [&](StorageIndex storage) {
    const NodeIndex node = nodes_.NodeOf(storage);
    const bool local =
        query_.existing.empty() && std::count(query_.writer.begin(), query_.writer.end(), node) > 0;
    if (here == node || (local && here && *here == query_.writer.front())) return 0;
    return RackDistance(here ? std::string_view(RackOf(*here)) : rack, RackOf(node));
  };
  for (size_t next = 0; next < chosen_.size(); ++next) {
    size_t nearest = next;
    for (size_t i = next + 1; i < chosen_.size(); ++i) {
      if (distance(chosen_[i]) < distance(chosen_[nearest])) nearest = i;
    }
    std::swap(chosen_[next], chosen_[nearest]);
    here = nodes_.NodeOf(chosen_[next]);
  }
}

PlacementResult Attempt::Result() && {
  SortPipeline();
  return {std::move(chosen_), std::move(rejected_)};
}

}  // namespace

PlacementResult PlacementPolicy::Choose(const DatanodeRegistry& nodes, const PlacementQuery& query,
                                        int64_t now_ms) const {
  Attempt attempt(options_, random_, nodes, query, now_ms);
  const Wishes rounds[] = {
      {.fresh = options_.avoid_stale, .idle = options_.consider_load, .fallback = false},
      {.fresh = false, .idle = options_.consider_load, .fallback = false},
      {.fresh = false, .idle = options_.consider_load, .fallback = true},
      // HDFS would be content with fewer replicas here; a busy node is better than none.
      {.fresh = false, .idle = false, .remote = false, .fallback = true},
  };
  for (const Wishes& wishes : rounds) {
    attempt.Run(wishes);
    if (attempt.done()) break;
  }
  return std::move(attempt).Result();
}

}  // namespace cairn::namenode
