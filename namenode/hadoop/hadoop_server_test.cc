// The Hadoop front end on loopback over a core that answers what each test says.
#include "namenode/hadoop/hadoop_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>

#include "common/clock.h"
#include "common/random.h"
#include "ipc/client.h"
#include "namenode/frontend/audit_log.h"
#include "namenode/frontend/testing/fake_core.h"
#include "proto/hadoop/NamenodeProtocol.pb.h"
#include "proto/hadoop/ReconfigurationProtocol.pb.h"
#include "proto/hadoop/client_admin.pb.h"
#include "proto/hadoop/client_files.pb.h"
#include "proto/hadoop/client_tree.pb.h"
#include "proto/hadoop/refresh.pb.h"

namespace cairn::namenode {
namespace {

namespace pb = ::hadoop::hdfs;
namespace nn = ::hadoop::hdfs::namenode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kClientProtocol[] = "org.apache.hadoop.hdfs.protocol.ClientProtocol";
constexpr int64_t kTimeoutMs = 20'000;

// A task that has ended, with one change that was made and one that was not.
class FakeReconfiguration : public Reconfiguration {
 public:
  std::vector<std::string> Properties() const override { return {"a.b", "c.d"}; }
  ReconfigurationStatus Status() const override {
    return {.started_ms = 5,
            .ended_ms = 6,
            .changes = {{"a.b", "1", "2", absl::OkStatus()},
                        {"c.d", "x", std::nullopt, errors::Io("not this one")}}};
  }
  absl::Status Start() override { return errors::Io("Another reconfiguration task is running."); }
};

class HadoopServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(audit_text_);
    HadoopServerOptions options;
    options.rpc.listen = {"127.0.0.1", 0};
    options.superusers = {.owner = "hdfs", .supergroup = "supergroup"};
    options.audit_logger = std::make_shared<spdlog::logger>("audit", sink);
    options.audit_logger->set_pattern("%v");
    FrontEndCore core{.names = names_, .blocks = blocks_, .admin = admin_, .clock = SystemClock()};
    core.cluster.last_txid = [] { return Txid{9}; };
    auto server = HadoopServer::Start(
        options, core,
        {.groups = groups_, .proxies = proxies_, .reconfiguration = reconfiguration_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  template <typename Response>
  absl::StatusOr<Response> Call(const std::string& method, const google::protobuf::Message& request,
                                const std::string& user = "joe",
                                const std::string& protocol = kClientProtocol) {
    ipc::Client client({.user = user}, random_);
    return client.Call<Response>({"127.0.0.1", server_->port()}, {protocol, method}, request,
                                 kTimeoutMs);
  }

  std::ostringstream audit_text_;
  Random random_{7};
  testing::FakeNamespace names_;
  testing::FakeBlockManager blocks_;
  testing::FakeAdmin admin_;
  testing::FakeGroups groups_;
  ProxyUsers proxies_{{}, groups_};
  FakeReconfiguration reconfiguration_;
  std::unique_ptr<HadoopServer> server_;
};

TEST_F(HadoopServerTest, ACallReachesTheCoreWithItsCaller) {
  Caller seen;
  MkdirsRequest asked;
  names_.on_mkdirs = [&](const Caller& caller, MkdirsRequest request, Done<bool> done) {
    seen = caller;
    asked = std::move(request);
    done(true);
  };
  pb::MkdirsRequestProto request;
  request.set_src("/d");
  request.mutable_masked()->set_perm(01750);
  request.set_createparent(true);
  const auto reply = Call<pb::MkdirsResponseProto>("mkdirs", request, "admin/host@REALM");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->result());
  EXPECT_EQ(asked.path, "/d");
  EXPECT_EQ(asked.mode, 01750);
  EXPECT_EQ(seen.user, "admin");
  EXPECT_THAT(*seen.groups, ElementsAre("users", "supergroup"));
  EXPECT_TRUE(seen.superuser);
  EXPECT_EQ(seen.address, "127.0.0.1");
  EXPECT_TRUE(seen.call.remembered());
  server_->Shutdown();
  EXPECT_THAT(audit_text_.str(), HasSubstr("cmd=mkdirs\tsrc=/d\tdst=null\tperm=null\tproto=rpc"));
}

// hadoop.caller.context.enabled can change while the NameNode runs.
TEST_F(HadoopServerTest, TheAuditLogSaysForWhomACallWasMadeWhereThatIsWanted) {
  const auto wanted = std::make_shared<std::atomic<bool>>(false);
  const auto logger = std::make_shared<spdlog::logger>(
      "audit", std::make_shared<spdlog::sinks::ostream_sink_mt>(audit_text_));
  logger->set_pattern("%v");
  const AuditLog log(logger, wanted);
  const FrontEndCore core{
      .names = names_, .blocks = blocks_, .admin = admin_, .clock = SystemClock()};
  struct Call call(core, "rpc");
  call.audit.command = "open";
  log.Record(call, absl::OkStatus(), "job_1");
  EXPECT_THAT(audit_text_.str(), Not(HasSubstr("callerContext")));
  *wanted = true;
  log.Record(call, absl::OkStatus(), "job_1\n" + std::string(200, 'x'));
  EXPECT_THAT(audit_text_.str(),
              HasSubstr("proto=rpc\tcallerContext=job_1\\n" + std::string(122, 'x') + "\n"));
}

TEST_F(HadoopServerTest, AnErrorOfTheCoreIsItsJavaException) {
  names_.on_get_file_info = [](const Caller&, const std::string& path,
                               Done<std::optional<FileStatus>> done) {
    done(errors::PermissionDenied("joe", "EXECUTE", path, "hdfs:supergroup:drwx------"));
  };
  pb::GetFileInfoRequestProto request;
  request.set_src("/secret");
  const auto reply = Call<pb::GetFileInfoResponseProto>("getFileInfo", request);
  EXPECT_TRUE(Is(reply.status(), ErrorKind::kAccessControl)) << reply.status();
  EXPECT_THAT(std::string(reply.status().message()),
              HasSubstr("Permission denied: user=joe, access=EXECUTE, inode=\"/secret\""));
}

TEST_F(HadoopServerTest, AMissingPathIsAnEmptyReply) {
  names_.on_get_file_info = [](const Caller&, const std::string&,
                               Done<std::optional<FileStatus>> done) { done(std::nullopt); };
  pb::GetFileInfoRequestProto request;
  request.set_src("/none");
  const auto reply = Call<pb::GetFileInfoResponseProto>("getFileInfo", request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_FALSE(reply->has_fs());
}

TEST_F(HadoopServerTest, AnAppendAfterAFullBlockNamesItOnlyWhenANewOneIsAskedFor) {
  names_.on_append = [](const Caller&, const AppendRequest&, Done<AppendResult> done) {
    done(AppendResult{.last_block = ExtendedBlock{"BP-1", {1073741825, 1001, 512}}});
  };
  pb::AppendRequestProto request;
  request.set_src("/f");
  request.set_clientname("c");
  auto reply = Call<pb::AppendResponseProto>("append", request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_FALSE(reply->has_block());
  request.set_flag(kCreateFlagAppend | kCreateFlagNewBlock);
  reply = Call<pb::AppendResponseProto>("append", request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->block().b().blockid(), 1073741825u);
  EXPECT_EQ(static_cast<int64_t>(reply->block().offset()), -1);
  EXPECT_EQ(reply->block().locs_size(), 0);
}

TEST_F(HadoopServerTest, AConcatNamesItsSourcesInOrder) {
  ConcatRequest asked;
  names_.on_concat = [&](const Caller& caller, ConcatRequest request, DoneVoid done) {
    EXPECT_TRUE(caller.call.remembered());
    asked = std::move(request);
    done(absl::OkStatus());
  };
  pb::ConcatRequestProto request;
  request.set_trg("/t");
  for (const char* source : {"/b", "/a"}) request.add_srcs(source);
  const auto reply = Call<pb::ConcatResponseProto>("concat", request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(asked.target, "/t");
  EXPECT_THAT(asked.sources, ElementsAre("/b", "/a"));
  server_->Shutdown();
  EXPECT_THAT(audit_text_.str(), HasSubstr("cmd=concat\tsrc=[/b, /a]\tdst=/t"));
}

TEST_F(HadoopServerTest, AFeatureThatDoesNotExistRefusesByItsClass) {
  pb::GetFileInfoRequestProto any;
  any.set_src("/f");
  const auto acl = Call<pb::GetFileInfoResponseProto>("getAclStatus", any);
  EXPECT_THAT(
      std::string(acl.status().message()),
      HasSubstr("The ACL operation has been rejected.  Support for ACLs has been disabled"));
  const auto zones = Call<pb::GetListingResponseProto>("listEncryptionZones", any);
  EXPECT_FALSE(zones.status().message().find("rejected") != std::string::npos);
}

TEST_F(HadoopServerTest, ReportsOfDataNodesNeedTheSuperuser) {
  pb::GetDatanodeReportRequestProto request;
  request.set_type(pb::LIVE);
  const auto refused = Call<pb::GetDatanodeReportResponseProto>("getDatanodeReport", request);
  EXPECT_TRUE(Is(refused.status(), ErrorKind::kAccessControl)) << refused.status();
  const auto given = Call<pb::GetDatanodeReportResponseProto>("getDatanodeReport", request, "hdfs");
  EXPECT_TRUE(given.ok()) << given.status();
}

TEST_F(HadoopServerTest, TheBalancerIsGivenTheBlocksOfADataNode) {
  constexpr char kNamenodeProtocol[] = "org.apache.hadoop.hdfs.server.protocol.NamenodeProtocol";
  GetBlocksRequest asked;
  admin_.on_get_blocks = [&](const GetBlocksRequest& request) {
    asked = request;
    return std::vector<BlockPlaces>{
        {{1073741825, 1001, 512}, 16386, {{"uuid-1", "DS-1", StorageType::kSsd}}}};
  };
  nn::GetBlocksRequestProto request;
  request.mutable_datanode()->set_ipaddr("10.0.0.1");
  request.mutable_datanode()->set_hostname("dn1");
  request.mutable_datanode()->set_datanodeuuid("uuid-1");
  request.mutable_datanode()->set_xferport(9866);
  request.mutable_datanode()->set_infoport(0);
  request.mutable_datanode()->set_ipcport(0);
  request.set_size(1000);
  request.set_timeinterval(60'000);
  request.set_storagetype(pb::SSD);
  const auto reply =
      Call<nn::GetBlocksResponseProto>("getBlocks", request, "hdfs", kNamenodeProtocol);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(asked.datanode_uuid, "uuid-1");
  EXPECT_EQ(asked.datanode_name, "10.0.0.1:9866");
  EXPECT_EQ(asked.bytes, 1000);
  EXPECT_EQ(asked.min_block_bytes, 10 << 20) << "Hadoop's default";
  EXPECT_EQ(asked.hot_interval_ms, 60'000);
  EXPECT_EQ(asked.storage_type, StorageType::kSsd);
  ASSERT_EQ(reply->blocks().blocks_size(), 1);
  const pb::BlockWithLocationsProto& block = reply->blocks().blocks(0);
  EXPECT_EQ(block.block().blockid(), 1073741825u);
  EXPECT_EQ(block.block().genstamp(), 1001u);
  EXPECT_EQ(block.block().numbytes(), 512u);
  EXPECT_THAT(block.datanodeuuids(), ElementsAre("uuid-1"));
  EXPECT_THAT(block.storageuuids(), ElementsAre("DS-1"));
  EXPECT_THAT(block.storagetypes(), ElementsAre(pb::SSD));
}

TEST_F(HadoopServerTest, TheBalancerIsToldThatThereAreNoBlockTokens) {
  const auto reply = Call<nn::GetBlockKeysResponseProto>(
      "getBlockKeys", nn::GetBlockKeysRequestProto(), "hdfs",
      "org.apache.hadoop.hdfs.server.protocol.NamenodeProtocol");
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_TRUE(reply->has_keys()) << "Hadoop's balancer takes them for granted";
  EXPECT_FALSE(reply->keys().isblocktokenenabled());
}

// The table pointed at lists that were gone once it was made: what was read then could end the
// NameNode.
TEST_F(HadoopServerTest, StoragePoliciesTellTheirStorageTypes) {
  const auto reply = Call<pb::GetStoragePoliciesResponseProto>(
      "getStoragePolicies", pb::GetStoragePoliciesRequestProto());
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->policies_size(), 8);
  const pb::BlockStoragePolicyProto& warm = reply->policies(2);
  EXPECT_EQ(warm.name(), "WARM");
  EXPECT_THAT(warm.creationpolicy().storagetypes(), ElementsAre(pb::DISK, pb::ARCHIVE));
  EXPECT_THAT(warm.creationfallbackpolicy().storagetypes(), ElementsAre(pb::DISK, pb::ARCHIVE));
  const pb::BlockStoragePolicyProto& hot = reply->policies(3);
  EXPECT_EQ(hot.name(), "HOT");
  EXPECT_THAT(hot.creationpolicy().storagetypes(), ElementsAre(pb::DISK));
  EXPECT_FALSE(hot.has_creationfallbackpolicy());
  EXPECT_THAT(hot.replicationfallbackpolicy().storagetypes(), ElementsAre(pb::ARCHIVE));
}

TEST_F(HadoopServerTest, PropertiesAreChangedBySuperusersWhoAreToldWhatBecameOfIt) {
  constexpr char kProtocol[] = "org.apache.hadoop.hdfs.protocol.ReconfigurationProtocol";
  const auto names = Call<pb::ListReconfigurablePropertiesResponseProto>(
      "listReconfigurableProperties", pb::ListReconfigurablePropertiesRequestProto(), "hdfs",
      kProtocol);
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(names->name(), ElementsAre("a.b", "c.d"));
  const auto status = Call<pb::GetReconfigurationStatusResponseProto>(
      "getReconfigurationStatus", pb::GetReconfigurationStatusRequestProto(), "hdfs", kProtocol);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->starttime(), 5);
  EXPECT_EQ(status->endtime(), 6);
  ASSERT_EQ(status->changes_size(), 2);
  EXPECT_EQ(status->changes(0).newvalue(), "2");
  EXPECT_FALSE(status->changes(0).has_errormessage());
  EXPECT_FALSE(status->changes(1).has_newvalue());
  EXPECT_EQ(status->changes(1).errormessage(), "not this one");
  const absl::Status start =
      Call<pb::StartReconfigurationResponseProto>(
          "startReconfiguration", pb::StartReconfigurationRequestProto(), "hdfs", kProtocol)
          .status();
  EXPECT_THAT(std::string(start.message()), HasSubstr("Another reconfiguration task is running."));
  const absl::Status refused =
      Call<pb::StartReconfigurationResponseProto>(
          "startReconfiguration", pb::StartReconfigurationRequestProto(), "joe", kProtocol)
          .status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("startNamenodeReconfiguration"));
}

TEST_F(HadoopServerTest, GroupsAreThoseOfTheServer) {
  hadoop::common::GetGroupsForUserRequestProto request;
  request.set_user("admin");
  const auto reply = Call<hadoop::common::GetGroupsForUserResponseProto>(
      "getGroupsForUser", request, "joe", "org.apache.hadoop.tools.GetUserMappingsProtocol");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(reply->groups(), ElementsAre("users", "supergroup"));
}

}  // namespace
}  // namespace cairn::namenode
