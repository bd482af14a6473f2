// Identity, liveness and usage of DataNodes.
#include "namenode/blocks/model/datanode_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

using testing::ElementsAre;

DatanodeRegistration Registration(const std::string& uuid, const std::string& ip,
                                  std::vector<std::string> storages = {"DS-1"}) {
  DatanodeRegistration registration;
  registration.id.uuid = uuid;
  registration.id.ip_addr = ip;
  registration.id.host_name = "host-" + ip;
  registration.id.xfer_port = 9866;
  for (const std::string& id : storages) {
    StorageUsage usage;
    usage.storage_id = id;
    usage.remaining = 100;
    registration.storages.push_back(usage);
  }
  return registration;
}

HeartbeatRequest HeartbeatOf(const DatanodeRegistration& registration) {
  HeartbeatRequest request;
  request.uuid = registration.id.uuid;
  request.storages = registration.storages;
  return request;
}

TEST(DatanodeRegistry, AKnownUuidAtANewAddressHasMoved) {
  DatanodeRegistry nodes({});
  const NodeIndex first = nodes.Register(Registration("u", "1.1.1.1"), "/a", 0, 0).node;
  const auto outcome = nodes.Register(Registration("u", "2.2.2.2"), "/b", 1, 1);
  EXPECT_EQ(outcome.node, first);
  EXPECT_TRUE(outcome.lost.empty());
  EXPECT_FALSE(nodes.FindByXferAddress("1.1.1.1:9866"));
  EXPECT_EQ(nodes.FindByXferAddress("2.2.2.2:9866"), first);
  EXPECT_EQ(nodes.FindByXferAddress("host-2.2.2.2:9866"), first);
  EXPECT_TRUE(nodes.FindByHost("1.1.1.1").empty());
  EXPECT_THAT(nodes.FindByHost("2.2.2.2"), ElementsAre(first));
  EXPECT_EQ(nodes.live(), 1);
  EXPECT_EQ(nodes.live_by_rack().size(), 1u);
  EXPECT_TRUE(nodes.live_by_rack().contains("/b"));
}

TEST(DatanodeRegistry, ANewUuidAtAKnownAddressWipesTheOldNode) {
  DatanodeRegistry nodes({});
  const NodeIndex old = nodes.Register(Registration("u1", "1.1.1.1"), "/a", 0, 0).node;
  const auto outcome = nodes.Register(Registration("u2", "1.1.1.1"), "/a", 0, 0);
  EXPECT_NE(outcome.node, old);
  EXPECT_EQ(outcome.lost, nodes.node(old).storages);
  EXPECT_FALSE(nodes.FindByUuid("u1"));
  EXPECT_TRUE(nodes.node(old).wiped);
  EXPECT_EQ(nodes.live(), 1);
  EXPECT_EQ(nodes.dead(), 0) << "a replaced node is not a dead one";
}

TEST(DatanodeRegistry, NodesBecomeStaleThenDead) {
  DatanodeRegistry nodes({});
  const auto registration = Registration("u", "1.1.1.1");
  const NodeIndex node = nodes.Register(registration, "/a", 0, 0).node;
  EXPECT_FALSE(nodes.IsStale(node, 30'000));
  EXPECT_TRUE(nodes.IsStale(node, 30'001));
  nodes.Heartbeat(node, HeartbeatOf(registration), 30'002, 0);
  EXPECT_FALSE(nodes.IsStale(node, 30'003));
  EXPECT_TRUE(nodes.ExpireDead(660'002).empty());
  EXPECT_THAT(nodes.ExpireDead(660'003), ElementsAre(node));
  EXPECT_TRUE(nodes.ExpireDead(700'000).empty()) << "told once";
  EXPECT_EQ(nodes.dead(), 1);
  EXPECT_TRUE(nodes.live_by_rack().empty());
}

TEST(DatanodeRegistry, LivenessCanBeChanged) {
  DatanodeRegistry nodes({});
  const NodeIndex node = nodes.Register(Registration("u", "1.1.1.1"), "/a", 0, 0).node;
  nodes.SetLiveness(
      {.heartbeat_interval_ms = 100, .recheck_interval_ms = 500, .stale_interval_ms = 200});
  EXPECT_TRUE(nodes.IsStale(node, 201));
  EXPECT_TRUE(nodes.ExpireDead(2'000).empty());
  EXPECT_THAT(nodes.ExpireDead(2'001), ElementsAre(node));
}

TEST(DatanodeRegistry, ReportsFailedAndVanishedStoragesOnce) {
  DatanodeRegistry nodes({});
  const auto registration = Registration("u", "1.1.1.1", {"DS-1", "DS-2", "DS-3"});
  const NodeIndex node = nodes.Register(registration, "/a", 0, 0).node;
  HeartbeatRequest request = HeartbeatOf(registration);
  request.storages[0].failed = true;
  request.storages.pop_back();
  EXPECT_EQ(nodes.Heartbeat(node, request, 1, 1).size(), 2u);
  EXPECT_TRUE(nodes.Heartbeat(node, request, 2, 2).empty());
  EXPECT_EQ(nodes.Info(node, 0, 2).remaining, 100);
}

// It was read from again and nobody knew of its replicas until the next periodic report.
TEST(DatanodeRegistry, AStorageThatIsBackIsAskedForAReport) {
  DatanodeRegistry nodes({});
  const auto registration = Registration("u", "1.1.1.1", {"DS-1", "DS-2"});
  const NodeIndex node = nodes.Register(registration, "/a", 0, 0).node;
  HeartbeatRequest request = HeartbeatOf(registration);
  request.storages.pop_back();
  EXPECT_EQ(nodes.Heartbeat(node, request, 1, 1).size(), 1u);
  EXPECT_FALSE(nodes.node(node).report_wanted);
  nodes.Heartbeat(node, HeartbeatOf(registration), 2, 2);
  EXPECT_TRUE(nodes.node(node).report_wanted);
  nodes.Heartbeat(node, request, 3, 3);
  nodes.Register(registration, "/a", 4, 4);
  EXPECT_FALSE(nodes.node(node).report_wanted) << "it sends one anyway";
}

TEST(DatanodeRegistry, AStorageIsStaleUntilItReportsAfterEachRegistration) {
  DatanodeRegistry nodes({});
  const NodeIndex node = nodes.Register(Registration("u", "1.1.1.1"), "/a", 0, 0).node;
  const StorageIndex storage = nodes.node(node).storages[0];
  EXPECT_FALSE(nodes.storage(storage).reported);
  nodes.storage(storage).reported = true;
  nodes.Register(Registration("u", "1.1.1.1"), "/a", 0, 0);
  EXPECT_FALSE(nodes.storage(storage).reported);
}

TEST(DatanodeRegistry, RemembersThatThereWereSeveralRacks) {
  DatanodeRegistry nodes({});
  nodes.Register(Registration("u1", "1.1.1.1"), "/a", 0, 0);
  EXPECT_FALSE(nodes.ever_multi_rack());
  const NodeIndex far = nodes.Register(Registration("u2", "1.1.1.2"), "/b", 0, 0).node;
  nodes.MarkDead(far);
  EXPECT_TRUE(nodes.ever_multi_rack());
}

TEST(DatanodeRegistry, ScheduledBlocksAreForgottenAfterTwoWindows) {
  DatanodeRegistry nodes({});
  const NodeIndex node = nodes.Register(Registration("u", "1.1.1.1"), "/a", 0, 0).node;
  nodes.Schedule(node);
  nodes.Schedule(node);
  EXPECT_EQ(nodes.Scheduled(node), 2);
  nodes.Arrived(node);
  nodes.RollScheduled();
  EXPECT_EQ(nodes.Scheduled(node), 1);
  nodes.RollScheduled();
  EXPECT_EQ(nodes.Scheduled(node), 0);
  nodes.Arrived(node);
  EXPECT_EQ(nodes.Scheduled(node), 0);
}

TEST(DatanodeRegistry, AveragesTheLoadOfLiveNodes) {
  DatanodeRegistry nodes({});
  for (int i = 0; i < 3; ++i) {
    const NodeIndex node =
        nodes
            .Register(Registration("u" + std::to_string(i), "1.1.1." + std::to_string(i)), "/a", 0,
                      0)
            .node;
    nodes.node(node).xceivers = 10 * i;
  }
  EXPECT_DOUBLE_EQ(nodes.AverageXceivers(), 10);
  nodes.MarkDead(2);
  EXPECT_DOUBLE_EQ(nodes.AverageXceivers(), 5);
}

}  // namespace
}  // namespace cairn::namenode
