// Order of replicas and the rule for reporting bad ones.
#include "client/read/replica_choice.h"

#include <gtest/gtest.h>

namespace cairn::client {
namespace {

ReplicaLocation Node(const std::string& name, const std::string& rack) {
  ReplicaLocation location;
  location.datanode.id.uuid = name;
  location.datanode.id.host_name = name;
  location.datanode.network_location = rack;
  return location;
}

LocatedBlock BlockOn(std::vector<ReplicaLocation> locations) {
  LocatedBlock block;
  block.block.block.id = 7;
  block.locations = std::move(locations);
  return block;
}

std::string Names(const std::vector<ReplicaLocation>& locations) {
  std::string names;
  for (const auto& location : locations) names += location.datanode.id.uuid;
  return names;
}

TEST(NearestFirst, KeepsTheNamenodesOrderByDefault) {
  EXPECT_EQ(Names(NearestFirst(BlockOn({Node("c", "/1"), Node("a", "/2"), Node("b", "/1")}), {})),
            "cab");
}

TEST(NearestFirst, PrefersTheOwnHostThenTheOwnRack) {
  ClientOptions options;
  options.local_host = "b";
  options.network_location = "/2";
  EXPECT_EQ(
      Names(NearestFirst(BlockOn({Node("c", "/1"), Node("a", "/2"), Node("b", "/1")}), options)),
      "bac");
}

TEST(BadReplicas, SomeBadReplicasAreReportedOnceEach) {
  const LocatedBlock block = BlockOn({Node("a", "/1"), Node("b", "/1")});
  BadReplicas bad;
  bad.Add(block, block.locations[0]);
  bad.Add(block, block.locations[0]);
  ASSERT_EQ(bad.ToReport().size(), 1u);
  EXPECT_EQ(Names(bad.ToReport()[0].locations), "a");
}

TEST(BadReplicas, WhenAllOfSeveralLookBadTheReaderIsSuspect) {
  const LocatedBlock block = BlockOn({Node("a", "/1"), Node("b", "/1")});
  BadReplicas bad;
  for (const auto& replica : block.locations) bad.Add(block, replica);
  EXPECT_TRUE(bad.ToReport().empty());
}

TEST(BadReplicas, TheOnlyReplicaIsReported) {
  const LocatedBlock block = BlockOn({Node("a", "/1")});
  BadReplicas bad;
  bad.Add(block, block.locations[0]);
  EXPECT_EQ(bad.ToReport().size(), 1u);
}

}  // namespace
}  // namespace cairn::client
