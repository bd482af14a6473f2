// DataNodes whose disks are full: a clean error to the writer, no daemon ends, what was stored
// stays readable, space that comes back is used.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {
namespace {

constexpr int64_t kBlock = 4 << 20;
const client::CreateOptions kTwoReplicas{.replication = 2, .block_size = kBlock};

TEST(FullDisk, WritersGetAnErrorAndEverythingElseGoesOn) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster,
                       NewForkedCluster({.datanodes = 2, .volume_bytes = 12 * kBlock}));
  ASSERT_OK(cluster->StartAll());
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::DfsClient> client, cluster->NewClient());
  Verifier verifier(*cluster);
  ASSERT_OK(verifier.WriteFile(*client, "/small", 1, kBlock, kTwoReplicas));

  // Two writers at once, so that the NameNode's idea of the free space is behind what they take.
  std::vector<absl::Status> results(2);
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&, i] {
      Verifier scratch(*cluster);
      results[i] =
          scratch.WriteFile(*client, "/too-big-" + std::to_string(i), i, 10 * kBlock, kTwoReplicas);
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_TRUE(std::any_of(results.begin(), results.end(), [](const absl::Status& status) {
    return !status.ok();
  })) << "80 MB fitted into 48 MB";
  ASSERT_OK(cluster->WaitReady(2));
  ASSERT_OK(verifier.CheckContents(*client));

  for (int i = 0; i < 2; ++i) ASSERT_OK(client->Delete("/too-big-" + std::to_string(i), false));
  absl::Status last;
  EXPECT_OK(WaitFor("the deleted blocks' space to be used again", 60, [&] {
    last = verifier.WriteFile(*client, "/after", 5, 6 * kBlock,
                              {.overwrite = true, .replication = 2, .block_size = kBlock});
    return last.ok();
  }));
  ASSERT_OK(last);
  ASSERT_OK(verifier.CheckContents(*client));
  ASSERT_OK(cluster->StopDatanode(0));
  ASSERT_OK(cluster->StopDatanode(1));
}

}  // namespace
}  // namespace cairn::testing
