// DataNodes whose address changes while they run, as it does in containers.
#include <gtest/gtest.h>

#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

std::unique_ptr<FakeCluster> StartedWithOneNode() {
  auto cluster = std::make_unique<FakeCluster>();
  cluster->AddNode("/r0");
  cluster->Start();
  return cluster;
}

TEST(DatanodeAddress, ANodeThatCallsFromAnotherAddressRegistersAgainAndStaysTheSame) {
  const auto cluster = StartedWithOneNode();
  const BlockId block = cluster->Write(1);
  DatanodeRegistration& registration = cluster->nodes[0].registration;
  registration.ip_as_seen = true;
  cluster->Register(0);
  HeartbeatRequest heartbeat{.uuid = registration.id.uuid,
                             .seen_ip = registration.id.ip_addr,
                             .storages = registration.storages};
  EXPECT_FALSE(cluster->manager->Heartbeat(heartbeat)->reregister);

  heartbeat.seen_ip = registration.id.ip_addr = "10.9.9.9";
  EXPECT_TRUE(cluster->manager->Heartbeat(heartbeat)->reregister);
  cluster->Register(0);
  EXPECT_FALSE(cluster->manager->Heartbeat(heartbeat)->reregister);
  const auto locations = cluster->manager->Locate(block, 0, "").locations;
  ASSERT_EQ(locations.size(), 1u);
  EXPECT_EQ(locations[0].datanode.id.XferAddress(), "10.9.9.9:9866");
  EXPECT_EQ(cluster->manager->Datanodes().size(), 1u);
}

TEST(DatanodeAddress, ANodeThatNamesItsAddressMayCallFromAnother) {
  const auto cluster = StartedWithOneNode();
  const DatanodeRegistration& registration = cluster->nodes[0].registration;
  const auto commands = cluster->manager->Heartbeat(
      {.uuid = registration.id.uuid, .seen_ip = "10.9.9.9", .storages = registration.storages});
  EXPECT_FALSE(commands->reregister);
}

}  // namespace
}  // namespace cairn::namenode
