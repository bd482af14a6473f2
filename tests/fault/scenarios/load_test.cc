// Clients at work while links, processes and bytes fail in any order.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;

class Load : public Scenario {
 protected:
  // The link to a DataNode's data port or its RPC port, or to the NameNode.
  FaultProxy& LinkOf(int daemon, bool data) {
    if (daemon == kNamenode) return faults().namenode_link();
    return data ? faults().data_link(daemon) : faults().rpc_link(daemon);
  }
};

TEST_P(Load, LinksStopInOneOrderAndReopenInAnother) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  Workload workload(faults(), history(), random()(),
                    {.write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  const auto data_links_struck = [&] {
    int64_t struck = 0;
    for (int i = 0; i < 4; ++i) struck += faults().data_link(i).struck();
    return struck;
  };
  // A few rounds more where no bytes happened to be under way.
  const int rounds = LongRun() ? 10 : 2;
  for (int round = 0; round < rounds || (data_links_struck() == 0 && round < 20); ++round) {
    const int64_t struck = faults().LinksStruck();
    std::vector<std::pair<int, bool>> order = {{kNamenode, false}};
    for (int i = 0; i < 4; ++i) order.insert(order.end(), {{i, true}, {i, false}});
    for (const bool stop : {true, false}) {
      std::shuffle(order.begin(), order.end(), random());
      for (const auto& [daemon, data] : order) {
        FaultProxy& link = LinkOf(daemon, data);
        history().Add("runner", fmt::format("{} the {} link to {}", stop ? "stops" : "reopens",
                                            data ? "data" : "RPC", DaemonName(daemon)));
        stop ? link.Stop("") : link.Reopen("");
        Sleep(Between(0, 250));
      }
    }
    EXPECT_GT(faults().LinksStruck(), struck);
    AwaitFiles(workload, 2);
  }
  EXPECT_GT(data_links_struck(), 0);
  CheckEverything(&workload);
}

TEST_P(Load, AllDatanodesRestartAtOnceUnderLoad) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  Workload workload(faults(), history(), random()(),
                    {.write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  for (int round = 0; round < (LongRun() ? 8 : 2); ++round) {
    Sleep(Between(300, 2000));
    for (int i = 0; i < 3; ++i) ASSERT_OK(faults().Kill(i));
    ASSERT_OK(faults().StartAll());
    AwaitFiles(workload, 2);
  }
  CheckEverything(&workload);
}

// Everything at once, as it comes.
TEST_P(Load, AnyFaultsUnderLoad) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  watch().ExpectFlips();
  Workload workload(faults(), history(), random()(),
                    {.write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  // Some find nothing to strike, as a link on which nothing passes.
  const int wanted = LongRun() ? 60 : 8;
  int struck = 0;
  for (int round = 0; struck < wanted && round < 5 * wanted && !HasFailure(); ++round) {
    const int64_t before = faults().LinksStruck();
    const int node = static_cast<int>(Between(0, 3));
    const Flow flow = Between(0, 1) == 0 ? Flow::kToDaemon : Flow::kFromDaemon;
    // Callers are this process or another DataNode.
    const int64_t caller = Between(0, 3);
    const std::string source = caller == node ? FaultCluster::client_address()
                                              : faults().address(static_cast<int>(caller));
    FaultProxy& link = LinkOf(Between(0, 5) == 0 ? kNamenode : node, Between(0, 2) > 0);
    const int64_t kind = Between(0, 10);
    history().Add("runner", fmt::format("fault {} on {} from {} flow {}", kind, DaemonName(node),
                                        source, static_cast<int>(flow)));
    switch (kind) {
      case 0:
        link.Shape(source, flow, {.held = true});
        break;
      case 1:
        link.Shape(source, flow, {.delay_ms = Between(1, 500)});
        break;
      case 2:
        link.Shape(source, flow, {.bytes_per_second = Between(100'000, 2'000'000)});
        break;
      case 3:
        link.HalfClose(source, flow);
        break;
      case 4:
        link.Reset(source);
        break;
      case 5:
        link.Once(source, flow, Between(1, 500'000), [&link] { link.Reset(""); });
        break;
      case 6:
        link.FlipOnce(source, flow, Between(1, 500'000));
        break;
      case 7:
        link.Stop(source);
        break;
      case 8:
        faults().Signal(node, SIGSTOP);
        break;
      case 9:
        ASSERT_OK(faults().Kill(node));
        break;
      default:
        ASSERT_OK(faults().Kill(kNamenode));
    }
    Sleep(Between(0, 1500));
    struck += kind >= 8 || faults().LinksStruck() > before ? 1 : 0;
    faults().Heal();
    ASSERT_OK(faults().StartAll());
  }
  EXPECT_GE(struck, wanted);
  AwaitFiles(workload, 3);
  Report(fmt::format("faults={}", struck));
  CheckEverything(&workload);
}

CAIRN_SCENARIOS(Load, 1);

}  // namespace
}  // namespace cairn::fault
