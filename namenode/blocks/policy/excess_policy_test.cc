// Which replicas go.
#include "namenode/blocks/policy/excess_policy.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.h"

namespace cairn::namenode {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNow = 1'000'000;
constexpr int64_t kBeat = 3'000;

ExcessCandidate Replica(uint32_t storage, const std::string& rack, int64_t remaining = 100,
                        int64_t heard_ms = kNow, bool hinted = false) {
  return {storage, rack, heard_ms, remaining, hinted};
}

TEST(ExcessPolicy, NothingGoesWhenThereAreNotTooMany) {
  EXPECT_THAT(ChooseExcess({Replica(1, "/a")}, 1, kNow, kBeat), IsEmpty());
  EXPECT_THAT(ChooseExcess({Replica(1, "/a")}, 3, kNow, kBeat), IsEmpty());
}

TEST(ExcessPolicy, TheLastOneStaysWhateverIsAsked) {
  EXPECT_EQ(ChooseExcess({Replica(1, "/a"), Replica(2, "/a")}, 0, kNow, kBeat).size(), 1u);
}

TEST(ExcessPolicy, TheFullestStorageGoesFirst) {
  EXPECT_THAT(ChooseExcess({Replica(1, "/a", 50), Replica(2, "/a", 10), Replica(3, "/a", 90)}, 1,
                           kNow, kBeat),
              ElementsAre(2, 1));
}

TEST(ExcessPolicy, ANodeNotHeardOfForFourBeatsGoesBeforeTheFullest) {
  EXPECT_THAT(ChooseExcess({Replica(1, "/a", 50, kNow - 4 * kBeat - 1), Replica(2, "/a", 10),
                            Replica(3, "/a", 90, kNow - 4 * kBeat - 2)},
                           1, kNow, kBeat),
              ElementsAre(3, 1));
}

TEST(ExcessPolicy, OnTwoRacksTheSecondRackIsKept) {
  EXPECT_THAT(ChooseExcess({Replica(1, "/a", 50), Replica(2, "/a", 60), Replica(3, "/b", 1)}, 2,
                           kNow, kBeat),
              ElementsAre(1));
}

TEST(ExcessPolicy, OnThreeRacksAnyMayGo) {
  EXPECT_THAT(ChooseExcess({Replica(1, "/a", 50), Replica(2, "/c", 60), Replica(3, "/b", 1)}, 2,
                           kNow, kBeat),
              ElementsAre(3));
}

TEST(ExcessPolicy, TheHintedReplicaGoesFirstUnlessItIsTheSecondRack) {
  EXPECT_THAT(
      ChooseExcess({Replica(1, "/a", 1), Replica(2, "/a", 60, kNow, true), Replica(3, "/b", 1)}, 2,
                   kNow, kBeat),
      ElementsAre(2));
  EXPECT_THAT(
      ChooseExcess({Replica(1, "/a", 1), Replica(2, "/a", 60), Replica(3, "/b", 1, kNow, true)}, 2,
                   kNow, kBeat),
      ElementsAre(1));
}

TEST(ExcessPolicy, RandomBlocksKeepTheirNumberAndTwoRacks) {
  const uint64_t seed = Random().Next64();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<ExcessCandidate> replicas;
    std::set<std::string> racks;
    const uint64_t count = 1 + random.Uniform(10);
    for (uint32_t i = 0; i < count; ++i) {
      replicas.push_back(Replica(
          i, "/r" + std::to_string(random.Uniform(4)), static_cast<int64_t>(random.Uniform(1'000)),
          kNow - static_cast<int64_t>(random.Uniform(20'000)), random.Uniform(10) == 0));
      racks.insert(replicas.back().rack);
    }
    const size_t keep = 1 + random.Uniform(5);
    const auto chosen = ChooseExcess(replicas, keep, kNow, kBeat);
    const std::set<uint32_t> gone(chosen.begin(), chosen.end());
    EXPECT_EQ(gone.size(), chosen.size());
    EXPECT_EQ(replicas.size() - gone.size(), std::min<size_t>(replicas.size(), keep));
    std::set<std::string> left;
    for (const ExcessCandidate& replica : replicas) {
      if (!gone.contains(replica.storage)) left.insert(replica.rack);
    }
    EXPECT_GE(left.size(), std::min({racks.size(), keep, size_t{2}}));
  }
}

}  // namespace
}  // namespace cairn::namenode
