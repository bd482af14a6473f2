// A whole NameNode in this process, asked over Hadoop RPC as administrators' tools ask it. Answers
// and refusals are those of Apache HDFS 3.4.3 on a plain cluster.
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/temp_dir.h"
#include "common/types/errors.h"
#include "ipc/client.h"
#include "ipc/testing/raw_client.h"
#include "namenode/meta/name_dir.h"
#include "namenode/namenode.h"
#include "proto/hadoop/NamenodeProtocol.pb.h"
#include "proto/hadoop/ReconfigurationProtocol.pb.h"
#include "proto/hadoop/client_admin.pb.h"
#include "proto/hadoop/client_tree.pb.h"
#include "proto/hadoop/refresh.pb.h"
#include "wire/hadoop_rpc/preamble.h"
#include "wire/hadoop_rpc/request.h"

namespace cairn::namenode {
namespace {

namespace pb = ::hadoop::hdfs;
namespace nn = ::hadoop::hdfs::namenode;
namespace cm = ::hadoop::common;
using ::testing::HasSubstr;

constexpr char kClientProtocol[] = "org.apache.hadoop.hdfs.protocol.ClientProtocol";
constexpr char kNamenodeProtocol[] = "org.apache.hadoop.hdfs.server.protocol.NamenodeProtocol";
constexpr char kRefreshUsers[] = "org.apache.hadoop.security.RefreshUserMappingsProtocol";
constexpr int64_t kTimeoutMs = 30'000;

using Settings = std::vector<std::pair<std::string, std::string>>;

class NameNodeAdminTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const NameNodeEnv env{.fs = PosixFileSystem(),
                          .clock = SystemClock(),
                          .random = random_,
                          .owner = "super",
                          .reload = [this] { return Options(); }};
    ASSERT_TRUE(NameNode::Format(*Options(), env, "CID-test", false).ok());
    auto namenode = NameNode::Start(*Options(), env,
                                    [](const absl::Status& status) { ADD_FAILURE() << status; });
    ASSERT_TRUE(namenode.ok()) << namenode.status();
    namenode_ = *std::move(namenode);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (namenode_->blocks()->InSafeMode()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  absl::StatusOr<NameNodeOptions> Options() {
    Settings settings = {{"dfs.namenode.name.dir", directory_ / "name"},
                         {"dfs.namenode.rpc-address", "127.0.0.1:0"},
                         {"cairn.namenode.grpc-address", "127.0.0.1:0"},
                         {"cairn.namenode.cache-size", "16m"},
                         {"cairn.log.file", directory_ / "namenode.log"},
                         {"dfs.namenode.safemode.extension", "0"},
                         {"dfs.namenode.safemode.recheck.interval", "20"},
                         {"dfs.namenode.resource.du.reserved", "0"}};
    settings.insert(settings.end(), extra_.begin(), extra_.end());
    const auto configuration = Configuration::FromSettings(std::move(settings));
    if (!configuration.ok()) return configuration.status();
    return NameNodeOptions::From(*configuration);
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request,
                                const std::string& user = "super",
                                const std::string& protocol = kClientProtocol) {
    ipc::Client client({.user = user}, random_);
    return client.Call<Response>({"127.0.0.1", namenode_->rpc_port()}, {protocol, method}, request,
                                 kTimeoutMs);
  }
  // Expects that joe is told that only superusers may do this.
  template <typename Response, typename Request>
  void ExpectPrivileged(const std::string& method, const Request& request,
                        const std::string& operation,
                        const std::string& protocol = kClientProtocol) {
    const absl::Status status = Call<Response>(method, request, "joe", protocol).status();
    EXPECT_TRUE(Is(status, ErrorKind::kAccessControl)) << method << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("Access denied for user joe. Superuser privilege is required for "
                          "operation " +
                          operation));
  }
  void SafeMode(pb::SafeModeActionProto action) {
    pb::SetSafeModeRequestProto request;
    request.set_action(action);
    const auto reply = Call<pb::SetSafeModeResponseProto>("setSafeMode", request);
    ASSERT_TRUE(reply.ok()) << reply.status();
  }
  std::string Segment(uint64_t first) {
    return SegmentPath(directory_ / "name", static_cast<Txid>(first));
  }
  // What becomes of a call that `real` makes as `effective`: "allowed", or the refusal.
  std::string CallAs(const std::string& real, const std::string& effective) {
    ipc::RawClient client(namenode_->rpc_port());
    std::string bytes = wire::EncodePreamble(wire::RpcAuth::kNone);
    wire::AppendContext(
        {.effective_user = effective, .real_user = real, .protocol = kClientProtocol},
        ipc::RawClient::kClientId, bytes);
    bytes += ipc::RawClient::CallBytes(0, "getServerDefaults", "", kClientProtocol);
    if (!client.Send(bytes).ok()) return "not sent";
    const auto reply = client.Receive();
    if (!reply.ok()) return std::string(reply.status().message());
    return reply->status == wire::RpcReplyStatus::kSuccess ? "allowed" : reply->error.message;
  }

  TempDir directory_;
  Random random_{42};
  Settings extra_;
  std::unique_ptr<NameNode> namenode_;
};

TEST_F(NameNodeAdminTest, ANewJournalSegmentBeginsBehindTheLastTransaction) {
  const auto first = Call<pb::RollEditsResponseProto>("rollEdits", pb::RollEditsRequestProto());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(PosixFileSystem().Exists(Segment(first->newsegmenttxid())));
  const auto again = Call<pb::RollEditsResponseProto>("rollEdits", pb::RollEditsRequestProto());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->newsegmenttxid(), first->newsegmenttxid()) << "nothing was written meanwhile";
  pb::MkdirsRequestProto mkdirs;
  mkdirs.set_src("/d");
  mkdirs.mutable_masked()->set_perm(0755);
  mkdirs.set_createparent(true);
  ASSERT_TRUE(Call<pb::MkdirsResponseProto>("mkdirs", mkdirs).ok());
  const auto signature = Call<nn::RollEditLogResponseProto>(
      "rollEditLog", nn::RollEditLogRequestProto(), "super", kNamenodeProtocol);
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_GT(signature->signature().cursegmenttxid(), first->newsegmenttxid());
  EXPECT_TRUE(PosixFileSystem().Exists(Segment(signature->signature().cursegmenttxid())));
  ExpectPrivileged<pb::RollEditsResponseProto>("rollEdits", pb::RollEditsRequestProto(),
                                               "rollEditLog");
  SafeMode(pb::SAFEMODE_ENTER);
  EXPECT_THAT(std::string(Call<pb::RollEditsResponseProto>("rollEdits", pb::RollEditsRequestProto())
                              .status()
                              .message()),
              HasSubstr("Log not rolled. Name node is in safe mode."));
}

TEST_F(NameNodeAdminTest, ACheckpointIsSparedWhenTheNewestOneWillDo) {
  pb::SaveNamespaceRequestProto request;
  const absl::Status refused =
      Call<pb::SaveNamespaceResponseProto>("saveNamespace", request).status();
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("Safe mode should be turned ON in order to create namespace image."));
  SafeMode(pb::SAFEMODE_ENTER);
  auto saved = Call<pb::SaveNamespaceResponseProto>("saveNamespace", request);
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_TRUE(saved->saved());
  const auto newest = Call<nn::GetMostRecentCheckpointTxIdResponseProto>(
      "getMostRecentCheckpointTxId", nn::GetMostRecentCheckpointTxIdRequestProto(), "super",
      kNamenodeProtocol);
  ASSERT_TRUE(newest.ok()) << newest.status();
  EXPECT_GT(newest->txid(), 0u);
  request.set_timewindow(1'000);
  request.set_txgap(1'000);
  saved = Call<pb::SaveNamespaceResponseProto>("saveNamespace", request);
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_TRUE(saved->saved()) << "HDFS does not say that it has spared it";
  ExpectPrivileged<pb::SaveNamespaceResponseProto>("saveNamespace", request, "saveNamespace");
}

TEST_F(NameNodeAdminTest, WhatIsToBeDoneIsWrittenBesideTheLog) {
  pb::MetaSaveRequestProto request;
  request.set_filename("meta.txt");
  const auto done = Call<pb::MetaSaveResponseProto>("metaSave", request);
  ASSERT_TRUE(done.ok()) << done.status();
  const auto text = PosixFileSystem().ReadFile(directory_ / "meta.txt", 1 << 20);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text,
            "1 files and directories, 0 blocks = 1 total filesystem objects\n"
            "Live Datanodes: 0\n"
            "Dead Datanodes: 0\n"
            "Metasave: Blocks waiting for reconstruction: 0\n"
            "Metasave: Blocks currently missing: 0\n"
            "Mis-replicated blocks that have been postponed:\n"
            "Metasave: Blocks being reconstructed: 0\n"
            "Metasave: Blocks 0 waiting deletion from 0 datanodes.\n"
            "Corrupt Blocks:\n"
            "Metasave: Number of datanodes: 0\n");
  ExpectPrivileged<pb::MetaSaveResponseProto>("metaSave", request, "metaSave");
  for (const char* name : {"", "..", "../up", "/tmp/elsewhere"}) {
    request.set_filename(name);
    EXPECT_TRUE(Is(Call<pb::MetaSaveResponseProto>("metaSave", request).status(), ErrorKind::kIo))
        << name;
  }
}

TEST_F(NameNodeAdminTest, TheBandwidthOfBalancingHasALimit) {
  pb::SetBalancerBandwidthRequestProto request;
  for (const int64_t bytes : {-1L, 0L, 1L << 40}) {
    request.set_bandwidth(bytes);
    const auto set = Call<pb::SetBalancerBandwidthResponseProto>("setBalancerBandwidth", request);
    EXPECT_TRUE(set.ok()) << set.status();
  }
  ExpectPrivileged<pb::SetBalancerBandwidthResponseProto>("setBalancerBandwidth", request,
                                                          "setBalancerBandwidth");
  request.set_bandwidth((1L << 40) + 1);
  EXPECT_THAT(
      std::string(Call<pb::SetBalancerBandwidthResponseProto>("setBalancerBandwidth", request)
                      .status()
                      .message()),
      HasSubstr("Bandwidth should not exceed maximum limit 1099511627776 bytes per second"));
}

TEST_F(NameNodeAdminTest, BlocksOfADatanodeAreRefusedInHdfssOrder) {
  nn::GetBlocksRequestProto request;
  request.mutable_datanode()->set_ipaddr("1.2.3.4");
  request.mutable_datanode()->set_hostname("hh");
  request.mutable_datanode()->set_datanodeuuid("uu");
  request.mutable_datanode()->set_xferport(1);
  request.mutable_datanode()->set_infoport(2);
  request.mutable_datanode()->set_ipcport(3);
  request.set_size(0);
  const auto ask = [&](const std::string& user) {
    return Call<nn::GetBlocksResponseProto>("getBlocks", request, user, kNamenodeProtocol).status();
  };
  EXPECT_TRUE(Is(ask("joe"), ErrorKind::kIllegalArgument)) << "before the rights";
  EXPECT_THAT(std::string(ask("super").message()), HasSubstr("Unexpected not positive size: 0"));
  request.set_size(10);
  request.set_minblocksize(static_cast<uint64_t>(-1));
  EXPECT_THAT(std::string(ask("super").message()), HasSubstr("Unexpected not positive size: 10"));
  request.set_minblocksize(0);
  ExpectPrivileged<nn::GetBlocksResponseProto>("getBlocks", request, "getBlocks",
                                               kNamenodeProtocol);
  const absl::Status unknown = ask("super");
  EXPECT_TRUE(Is(unknown, ErrorKind::kHadoopIllegalArgument)) << unknown;
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("Datanode 1.2.3.4:1 not found."));
  SafeMode(pb::SAFEMODE_ENTER);
  const absl::Status safe = ask("super");
  EXPECT_TRUE(Is(safe, ErrorKind::kSafeMode)) << safe;
  EXPECT_THAT(std::string(safe.message()),
              HasSubstr("Cannot execute getBlocks. Name node is in safe mode."));
}

TEST_F(NameNodeAdminTest, UpgradesAreNeverUnderWay) {
  pb::RollingUpgradeRequestProto request;
  request.set_action(pb::QUERY);
  const auto query = Call<pb::RollingUpgradeResponseProto>("rollingUpgrade", request);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_FALSE(query->has_rollingupgradeinfo());
  request.set_action(pb::FINALIZE);
  EXPECT_TRUE(Call<pb::RollingUpgradeResponseProto>("rollingUpgrade", request).ok());
  ExpectPrivileged<pb::RollingUpgradeResponseProto>("rollingUpgrade", request,
                                                    "finalizeRollingUpgrade");
  request.set_action(pb::START);
  EXPECT_TRUE(
      Is(Call<pb::RollingUpgradeResponseProto>("rollingUpgrade", request).status(), ErrorKind::kIo))
      << "not outside safe mode";
  SafeMode(pb::SAFEMODE_ENTER);
  EXPECT_TRUE(Is(Call<pb::RollingUpgradeResponseProto>("rollingUpgrade", request).status(),
                 ErrorKind::kUnsupportedOperation));
  ExpectPrivileged<pb::FinalizeUpgradeResponseProto>(
      "finalizeUpgrade", pb::FinalizeUpgradeRequestProto(), "finalizeUpgrade");
  EXPECT_TRUE(
      Call<pb::FinalizeUpgradeResponseProto>("finalizeUpgrade", pb::FinalizeUpgradeRequestProto())
          .ok());
}

TEST_F(NameNodeAdminTest, TheListsOfHostsAreReadAgain) {
  ExpectPrivileged<pb::RefreshNodesResponseProto>("refreshNodes", pb::RefreshNodesRequestProto(),
                                                  "refreshNodes");
  const auto refresh = [this] {
    return Call<pb::RefreshNodesResponseProto>("refreshNodes", pb::RefreshNodesRequestProto())
        .status();
  };
  EXPECT_TRUE(refresh().ok());
  extra_ = {{"dfs.hosts", directory_ / "hosts"}};
  EXPECT_THAT(std::string(refresh().message()), HasSubstr(directory_ / "hosts"));
  ASSERT_TRUE(PosixFileSystem().WriteFileAtomically(directory_ / "hosts", "127.0.0.1:7001\n").ok());
  EXPECT_TRUE(refresh().ok());
  const std::vector<DatanodeInfo> nodes = namenode_->blocks()->Datanodes();
  ASSERT_EQ(nodes.size(), 1u) << "the one that is expected";
  EXPECT_EQ(nodes[0].id.XferAddress(), "127.0.0.1:7001");
  EXPECT_FALSE(nodes[0].live);
}

TEST_F(NameNodeAdminTest, AChangedPropertyIsAppliedToTheRunningNamenode) {
  constexpr char kReconfiguration[] = "org.apache.hadoop.hdfs.protocol.ReconfigurationProtocol";
  extra_ = {{"dfs.block.invalidate.limit", "17"},
            {"dfs.heartbeat.interval", "9s"},
            {"fs.protected.directories", "/protected"}};
  const auto started = Call<pb::StartReconfigurationResponseProto>(
      "startReconfiguration", pb::StartReconfigurationRequestProto(), "super", kReconfiguration);
  ASSERT_TRUE(started.ok()) << started.status();
  absl::StatusOr<pb::GetReconfigurationStatusResponseProto> status;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  do {
    status = Call<pb::GetReconfigurationStatusResponseProto>(
        "getReconfigurationStatus", pb::GetReconfigurationStatusRequestProto(), "super",
        kReconfiguration);
    ASSERT_TRUE(status.ok()) << status.status();
    ASSERT_LT(std::chrono::steady_clock::now(), end);
  } while (!status->has_endtime());
  ASSERT_EQ(status->changes_size(), 3);
  EXPECT_EQ(status->changes(0).name(), "dfs.block.invalidate.limit");
  EXPECT_EQ(status->changes(0).oldvalue(), "1000");
  EXPECT_EQ(status->changes(0).newvalue(), "17");
  EXPECT_FALSE(status->changes(0).has_errormessage());
  EXPECT_EQ(namenode_->blocks()->pace().invalidate_limit, 17);
  EXPECT_EQ(status->changes(1).name(), "dfs.heartbeat.interval");
  EXPECT_EQ(status->changes(2).name(), "fs.protected.directories");
  pb::MkdirsRequestProto mkdirs;
  mkdirs.set_src("/protected/d");
  mkdirs.mutable_masked()->set_perm(0755);
  mkdirs.set_createparent(true);
  ASSERT_TRUE(Call<pb::MkdirsResponseProto>("mkdirs", mkdirs).ok());
  pb::DeleteRequestProto remove;
  remove.set_src("/protected");
  remove.set_recursive(true);
  EXPECT_THAT(std::string(Call<pb::DeleteResponseProto>("delete", remove).status().message()),
              HasSubstr("Cannot delete/rename non-empty protected directory /protected"));
}

TEST_F(NameNodeAdminTest, NobodyActsAsAnotherUntilTheRulesThatSaySoAreReadAgain) {
  EXPECT_THAT(CallAs("gateway", "ada"),
              HasSubstr("User: gateway is not allowed to impersonate ada"));
  extra_ = {{"hadoop.proxyuser.gateway.hosts", "127.0.0.1"},
            {"hadoop.proxyuser.gateway.users", "ada"}};
  EXPECT_THAT(CallAs("gateway", "ada"), HasSubstr("not allowed")) << "not read yet";
  const auto refreshed = Call<cm::RefreshSuperUserGroupsConfigurationResponseProto>(
      "refreshSuperUserGroupsConfiguration", cm::RefreshSuperUserGroupsConfigurationRequestProto(),
      "joe", kRefreshUsers);
  ASSERT_TRUE(refreshed.ok()) << refreshed.status();
  EXPECT_EQ(CallAs("gateway", "ada"), "allowed");
  EXPECT_THAT(CallAs("gateway", "bob"),
              HasSubstr("User: gateway is not allowed to impersonate bob"));
  EXPECT_THAT(CallAs("ada", "ada"), HasSubstr("User: ada is not allowed to impersonate ada"));
}

}  // namespace
}  // namespace cairn::namenode
