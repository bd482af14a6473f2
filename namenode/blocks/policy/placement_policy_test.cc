// Where new replicas go.
#include "namenode/blocks/policy/placement_policy.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/blocks/policy/storage_policies.h"

namespace cairn::namenode {
namespace {

using testing::ElementsAre;

constexpr int64_t kNow = 100'000;

// `racks` × `per_rack` nodes, rack of node n: /r(n / per_rack); one disk each with room for plenty.
class Nodes {
 public:
  Nodes(int racks, int per_rack) : registry({}) {
    for (int i = 0; i < racks * per_rack; ++i) Add("/r" + std::to_string(i / per_rack));
  }

  NodeIndex Add(const std::string& rack, StorageType type = StorageType::kDisk) {
    DatanodeRegistration registration;
    const size_t number = registry.size();
    registration.id.uuid = "u" + std::to_string(number);
    registration.id.ip_addr = "10.0.0." + std::to_string(number);
    registration.id.xfer_port = 9866;
    StorageUsage usage;
    usage.storage_id = "DS-" + std::to_string(number);
    usage.type = type;
    usage.remaining = 1'000'000;
    registration.storages = {usage};
    return registry.Register(registration, rack, kNow, 0).node;
  }

  StorageState& Disk(NodeIndex node) { return registry.storage(registry.node(node).storages[0]); }

  // Chosen nodes, in the pipeline's order.
  std::vector<NodeIndex> Choose(const PlacementQuery& query) {
    PlacementPolicy policy(options, random);
    result = policy.Choose(registry, query, kNow);
    std::vector<NodeIndex> chosen;
    for (const StorageIndex storage : result.chosen) chosen.push_back(registry.NodeOf(storage));
    const std::set<NodeIndex> distinct(chosen.begin(), chosen.end());
    EXPECT_EQ(distinct.size(), chosen.size()) << "one replica per node";
    return chosen;
  }
  const std::string& Rack(NodeIndex node) { return registry.node(node).rack; }

  DatanodeRegistry registry;
  Random random{7};
  PlacementPolicy::Options options;
  PlacementResult result;
};

PlacementQuery Query(int wanted) {
  PlacementQuery query;
  query.wanted = wanted;
  query.block_size = 1'000;
  return query;
}

TEST(PlacementPolicy, FirstOnTheWriterThenTwoInOneOtherRack) {
  Nodes nodes(4, 5);
  for (int i = 0; i < 200; ++i) {
    PlacementQuery query = Query(3);
    query.writer = {7};
    const auto chosen = nodes.Choose(query);
    ASSERT_EQ(chosen.size(), 3u);
    EXPECT_EQ(chosen[0], 7u);
    EXPECT_NE(nodes.Rack(chosen[1]), "/r1");
    EXPECT_EQ(nodes.Rack(chosen[1]), nodes.Rack(chosen[2]));
  }
}

TEST(PlacementPolicy, AWriterThatIsNoDatanodeGetsItsRack) {
  Nodes nodes(4, 5);
  for (int i = 0; i < 100; ++i) {
    PlacementQuery query = Query(3);
    query.writer_rack = "/r2";
    const auto chosen = nodes.Choose(query);
    ASSERT_EQ(chosen.size(), 3u);
    EXPECT_EQ(nodes.Rack(chosen[0]), "/r2") << "nearest first";
    EXPECT_EQ(std::count_if(chosen.begin(), chosen.end(),
                            [&](NodeIndex node) { return nodes.Rack(node) == "/r2"; }),
              1);
  }
}

TEST(PlacementPolicy, ChoosesAllNodesEquallyOften) {
  Nodes nodes(4, 5);
  std::vector<int> times(20, 0);
  for (int i = 0; i < 10'000; ++i) {
    for (const NodeIndex node : nodes.Choose(Query(3))) ++times[node];
  }
  for (const int count : times) EXPECT_NEAR(count, 1'500, 200);
}

TEST(PlacementPolicy, NeverPutsMoreThanItsShareIntoOneRack) {
  const uint64_t seed = Random().Next64();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 500; ++round) {
    const int racks = static_cast<int>(1 + random.Uniform(5));
    Nodes nodes(racks, 6);
    const int wanted = static_cast<int>(1 + random.Uniform(9));
    PlacementQuery query = Query(wanted);
    if (random.Uniform(2) == 0) {
      query.writer = {static_cast<NodeIndex>(random.Uniform(nodes.registry.size()))};
    }
    const auto chosen = nodes.Choose(query);
    std::map<std::string, int> per_rack;
    for (const NodeIndex node : chosen) ++per_rack[nodes.Rack(node)];
    const int total = std::min<int>(wanted, racks * 6);
    int limit = racks == 1 || total == 1 ? total : (total - 1) / racks + 2;
    if (racks > 1 && total > 1 && limit == total) --limit;
    for (const auto& [rack, count] : per_rack) EXPECT_LE(count, limit);
    if (limit * racks >= total) EXPECT_EQ(static_cast<int>(chosen.size()), total);
    if (racks > 1 && total > 1) EXPECT_GE(per_rack.size(), 2u);
  }
}

TEST(PlacementPolicy, GivesWhatThereIsWhenMoreIsWanted) {
  Nodes nodes(1, 2);
  EXPECT_EQ(nodes.Choose(Query(3)).size(), 2u);
  Nodes none(0, 0);
  EXPECT_TRUE(none.Choose(Query(3)).empty());
}

TEST(PlacementPolicy, ExcludedNodesStayOut) {
  Nodes nodes(1, 4);
  PlacementQuery query = Query(3);
  query.writer = {1};
  query.excluded = {1, 2};
  const auto chosen = nodes.Choose(query);
  EXPECT_EQ(std::set<NodeIndex>(chosen.begin(), chosen.end()), (std::set<NodeIndex>{0, 3}));
}

TEST(PlacementPolicy, NoLocalWriteAvoidsTheWriterUnlessItIsTheOnlyOne) {
  Nodes nodes(1, 4);
  PlacementQuery query = Query(3);
  query.writer = {1};
  query.avoid_local = true;
  const auto chosen = nodes.Choose(query);
  EXPECT_EQ(std::count(chosen.begin(), chosen.end(), 1u), 0);
  Nodes single(1, 1);
  query = Query(1);
  query.writer = {0};
  query.avoid_local = true;
  EXPECT_THAT(single.Choose(query), ElementsAre(0));
}

TEST(PlacementPolicy, FavoredNodesComeFirst) {
  Nodes nodes(2, 5);
  for (int i = 0; i < 50; ++i) {
    PlacementQuery query = Query(3);
    query.favored = {3, 8};
    const auto chosen = nodes.Choose(query);
    EXPECT_EQ(std::count(chosen.begin(), chosen.end(), 3u), 1);
    EXPECT_EQ(std::count(chosen.begin(), chosen.end(), 8u), 1);
  }
}

TEST(PlacementPolicy, StaleNodesAreTakenOnlyWhenThereAreNoOthers) {
  Nodes nodes(1, 4);
  nodes.registry.node(0).last_heartbeat_ms = kNow - 30'001;
  for (int i = 0; i < 50; ++i) {
    const auto chosen = nodes.Choose(Query(3));
    EXPECT_EQ(std::count(chosen.begin(), chosen.end(), 0u), 0);
  }
  EXPECT_EQ(nodes.Choose(Query(4)).size(), 4u);
}

TEST(PlacementPolicy, OverloadedNodesAreTakenOnlyWhenThereAreNoOthers) {
  Nodes nodes(1, 4);
  nodes.registry.node(2).xceivers = 100;  // average 25
  for (int i = 0; i < 50; ++i) {
    const auto chosen = nodes.Choose(Query(3));
    EXPECT_EQ(std::count(chosen.begin(), chosen.end(), 2u), 0);
  }
  EXPECT_EQ(nodes.Choose(Query(4)).size(), 4u);
  nodes.registry.node(2).xceivers = 10;  // far above the average, but no load to speak of
  int taken = 0;
  for (int i = 0; i < 50; ++i) {
    const auto chosen = nodes.Choose(Query(3));
    taken += static_cast<int>(std::count(chosen.begin(), chosen.end(), 2u));
  }
  EXPECT_GT(taken, 20);
}

TEST(PlacementPolicy, RoomMustRemainForScheduledBlocksToo) {
  Nodes nodes(1, 3);
  nodes.Disk(1).remaining = 999;
  nodes.Disk(2).remaining = 2'999;
  nodes.registry.Schedule(2);
  nodes.registry.Schedule(2);
  EXPECT_THAT(nodes.Choose(Query(3)), ElementsAre(0));
  EXPECT_EQ(nodes.result.rejected.begin()->second, 2);
  nodes.registry.Arrived(2);
  EXPECT_EQ(nodes.Choose(Query(3)).size(), 2u);
}

TEST(PlacementPolicy, ChoosesAStorageWithRoomOnTheNode) {
  Nodes nodes(1, 1);
  const StorageIndex full = nodes.registry.node(0).storages[0];
  nodes.registry.storage(full).remaining = 10;
  const StorageIndex free = nodes.registry.EnsureStorage(0, "DS-free", StorageType::kDisk);
  nodes.registry.storage(free).remaining = 5'000;
  const StorageIndex failed = nodes.registry.EnsureStorage(0, "DS-failed", StorageType::kDisk);
  nodes.registry.storage(failed).remaining = 5'000;
  nodes.registry.storage(failed).usable = false;
  for (int i = 0; i < 20; ++i) {
    nodes.Choose(Query(1));
    EXPECT_THAT(nodes.result.chosen, ElementsAre(free));
  }
}

TEST(PlacementPolicy, StorageTypesFollowThePolicyWithItsFallback) {
  Nodes nodes(1, 0);
  const NodeIndex ssd = nodes.Add("/r0", StorageType::kSsd);
  const NodeIndex disk = nodes.Add("/r0", StorageType::kDisk);
  PlacementQuery query = Query(1);
  query.storage_policy = kOneSsdPolicy;
  for (int i = 0; i < 20; ++i) EXPECT_THAT(nodes.Choose(query), ElementsAre(ssd));
  query.storage_policy = kHotPolicy;
  for (int i = 0; i < 20; ++i) EXPECT_THAT(nodes.Choose(query), ElementsAre(disk));
  query.storage_policy = kAllSsdPolicy;
  query.wanted = 2;
  EXPECT_EQ(nodes.Choose(query).size(), 2u) << "the second falls back to disk";
}

TEST(PlacementPolicy, FurtherReplicasComplementTheExistingOnes) {
  Nodes nodes(3, 4);
  for (int i = 0; i < 100; ++i) {
    PlacementQuery query = Query(1);
    query.existing = {0, 1};  // both in /r0
    auto chosen = nodes.Choose(query);
    ASSERT_EQ(chosen.size(), 1u);
    EXPECT_NE(nodes.Rack(chosen[0]), "/r0");
    query.existing = {0, 4};
    chosen = nodes.Choose(query);
    ASSERT_EQ(chosen.size(), 1u);
    EXPECT_NE(chosen[0], 0u);
    EXPECT_NE(chosen[0], 4u);
  }
}

TEST(PlacementPolicy, DeadNodesAreNeverChosen) {
  Nodes nodes(1, 3);
  nodes.registry.MarkDead(1);
  PlacementQuery query = Query(3);
  query.writer = {1};
  const auto chosen = nodes.Choose(query);
  EXPECT_EQ(std::set<NodeIndex>(chosen.begin(), chosen.end()), (std::set<NodeIndex>{0, 2}));
}

}  // namespace
}  // namespace cairn::namenode
