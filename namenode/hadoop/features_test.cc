// What calls of features that do not exist here answer: as Apache HDFS 3.4.3 with them switched off
// or never used does, class and message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/clock.h"
#include "common/random.h"
#include "ipc/client.h"
#include "namenode/frontend/testing/fake_core.h"
#include "namenode/hadoop/hadoop_server.h"
#include "proto/hadoop/client_admin.pb.h"
#include "proto/hadoop/client_features.pb.h"
#include "proto/hadoop/client_files.pb.h"
#include "proto/hadoop/client_tree.pb.h"
#include "proto/hadoop/erasurecoding.pb.h"

namespace cairn::namenode {
namespace {

namespace pb = ::hadoop::hdfs;
using ::testing::ElementsAre;

constexpr char kSuperuser[] = "hdfs";

// Nothing can be changed.
class NoReconfiguration : public Reconfiguration {
 public:
  std::vector<std::string> Properties() const override { return {}; }
  ReconfigurationStatus Status() const override { return {}; }
  absl::Status Start() override { return errors::Io("not faked"); }
};

class FeaturesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HadoopServerOptions options;
    options.rpc.listen = {"127.0.0.1", 0};
    options.superusers = {.owner = kSuperuser, .supergroup = "supergroup"};
    FrontEndCore core{.names = names_, .blocks = blocks_, .admin = admin_, .clock = SystemClock()};
    core.cluster.last_txid = [] { return Txid{9}; };
    auto server = HadoopServer::Start(
        options, core,
        {.groups = groups_, .proxies = proxies_, .reconfiguration = reconfiguration_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    // /d is a directory, /f a file, both the superuser's.
    names_.on_lookup = [](const Caller& caller, const LookupRequest& request,
                          Done<std::optional<FileStatus>> done) {
      if (request.owner && !caller.superuser) {
        return done(errors::NotOwner(caller.user, request.path));
      }
      const bool directory = request.path == "/d" || request.path == "/";
      if (!directory && request.path != "/f") return done(std::nullopt);
      FileStatus status;
      status.type = directory ? FileType::kDirectory : FileType::kFile;
      done(status);
    };
  }

  template <typename Response>
  absl::StatusOr<Response> Call(const std::string& method, const google::protobuf::Message& request,
                                const std::string& user = kSuperuser) {
    ipc::Client client({.user = user}, random_);
    return client.Call<Response>({"127.0.0.1", server_->port()},
                                 {"org.apache.hadoop.hdfs.protocol.ClientProtocol", method},
                                 request, 20'000);
  }
  // "class: message" for a class without a kind, else the message; "" for success.
  std::string Error(const std::string& method, const google::protobuf::Message& request,
                    const std::string& user = kSuperuser) {
    const auto reply = Call<pb::AllowSnapshotResponseProto>(method, request, user);
    return reply.ok() ? "" : std::string(reply.status().message());
  }
  template <typename Request>
  static Request On(const std::string& path) {
    Request request;
    request.set_snapshotroot(path);
    return request;
  }
  static std::string SuperuserNeeded(const std::string& operation) {
    return "Access denied for user joe. Superuser privilege is required for operation " + operation;
  }

  Random random_{7};
  testing::FakeNamespace names_;
  testing::FakeBlockManager blocks_;
  testing::FakeAdmin admin_;
  testing::FakeGroups groups_;
  ProxyUsers proxies_{{}, groups_};
  NoReconfiguration reconfiguration_;
  std::unique_ptr<HadoopServer> server_;
};

constexpr char kSnapshot[] = "org.apache.hadoop.hdfs.protocol.SnapshotException: ";
constexpr char kInvalidRequest[] = "org.apache.hadoop.fs.InvalidRequestException: ";

TEST_F(FeaturesTest, SnapshotsAreThoseOfDirectoriesThatHaveNone) {
  using Allow = pb::AllowSnapshotRequestProto;
  using Disallow = pb::DisallowSnapshotRequestProto;
  EXPECT_EQ(Error("allowSnapshot", On<Allow>("/d"), "joe"), SuperuserNeeded("allowSnapshot"));
  EXPECT_EQ(Error("allowSnapshot", On<Allow>("/d")), "Snapshots are not supported.");
  EXPECT_EQ(Error("allowSnapshot", On<Allow>("/f")), "`/f': Is not a directory");
  EXPECT_EQ(Error("allowSnapshot", On<Allow>("/no")), "Directory does not exist: /no");
  EXPECT_EQ(Error("disallowSnapshot", On<Disallow>("/d")), "");
  const std::string plain =
      std::string(kSnapshot) + "Directory is not a snapshottable directory: /d";
  auto create = On<pb::CreateSnapshotRequestProto>("/d");
  EXPECT_EQ(Error("createSnapshot", create), plain);
  EXPECT_EQ(Error("createSnapshot", create, "joe"),
            "Permission denied. user=joe is not the owner of inode=/d");
  create.set_snapshotname("a/b");
  EXPECT_EQ(Error("createSnapshot", create), "Invalid path name Invalid snapshot name: a/b");
  EXPECT_EQ(Error("createSnapshot", On<pb::CreateSnapshotRequestProto>("/no")),
            "Directory/File does not exist /no");
  EXPECT_EQ(
      Error("createSnapshot", On<pb::CreateSnapshotRequestProto>("/")),
      std::string(kSnapshot) +
          "Failed to add snapshot: there are already 0 snapshot(s) and the snapshot quota is 0");
  auto remove = On<pb::DeleteSnapshotRequestProto>("/d");
  remove.set_snapshotname("s");
  EXPECT_EQ(Error("deleteSnapshot", remove), plain);
  auto rename = On<pb::RenameSnapshotRequestProto>("/d");
  rename.set_snapshotoldname("s");
  rename.set_snapshotnewname("t");
  EXPECT_EQ(Error("renameSnapshot", rename), plain);
  EXPECT_EQ(Error("getSnapshotListing", On<pb::GetSnapshotListingRequestProto>("/d")), plain);
  const auto root = Call<pb::GetSnapshotListingResponseProto>(
      "getSnapshotListing", On<pb::GetSnapshotListingRequestProto>("/"));
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_TRUE(root->has_snapshotlist());
  auto diff = On<pb::GetSnapshotDiffReportRequestProto>("/d");
  diff.set_fromsnapshot("s");
  diff.set_tosnapshot("");
  EXPECT_EQ(
      Error("getSnapshotDiffReport", diff),
      std::string(kSnapshot) + "The path /d is neither snapshottable nor under a snapshot root!");
}

TEST_F(FeaturesTest, TheDirectoryOfSnapshotsIsListedWhereThereCanBeOne) {
  const auto list = [&](const std::string& path) {
    pb::GetListingRequestProto request;
    request.set_src(path);
    request.set_startafter("");
    request.set_needlocation(false);
    return request;
  };
  const auto root = Call<pb::GetListingResponseProto>("getListing", list("/.snapshot"));
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_TRUE(root->has_dirlist());
  EXPECT_EQ(root->dirlist().partiallisting_size(), 0);
  EXPECT_EQ(Error("getListing", list("/d/.snapshot")),
            std::string(kSnapshot) + "Directory is not a snapshottable directory: /d");
  EXPECT_EQ(Error("getListing", list("/no/.snapshot")), "Directory does not exist: /no");
}

TEST_F(FeaturesTest, LeasesAreNotRenewedForOtherNamespaces) {
  pb::RenewLeaseRequestProto request;
  request.set_clientname("c");
  request.add_namespaces("ns1");
  request.add_namespaces("ns2");
  EXPECT_EQ(Error("renewLease", request), "namespaces([ns1, ns2]) should be null or empty");
}

TEST_F(FeaturesTest, FailedNameDirectoriesAreTakenBackOnRequest) {
  const auto restores = [&](const std::string& what) {
    pb::RestoreFailedStorageRequestProto request;
    request.set_arg(what);
    const auto reply = Call<pb::RestoreFailedStorageResponseProto>("restoreFailedStorage", request);
    return reply.ok() && reply->result();
  };
  EXPECT_FALSE(restores("check"));
  EXPECT_TRUE(restores("true"));
  EXPECT_TRUE(restores("check"));
  EXPECT_FALSE(restores("anything else"));
  EXPECT_FALSE(restores("check"));
}

TEST_F(FeaturesTest, QuotasCanBeClearedButNotSet) {
  constexpr uint64_t kKeep = INT64_MAX;
  constexpr auto kClear = static_cast<uint64_t>(-1);
  pb::SetQuotaRequestProto request;
  request.set_path("/d");
  request.set_namespacequota(kClear);
  request.set_storagespacequota(kKeep);
  EXPECT_EQ(Error("setQuota", request), "");
  EXPECT_EQ(Error("setQuota", request, "joe"), SuperuserNeeded("clearQuota"));
  request.set_namespacequota(kKeep);
  request.set_storagespacequota(kClear);
  EXPECT_EQ(Error("setQuota", request), "");
  EXPECT_EQ(Error("setQuota", request, "joe"), SuperuserNeeded("clearSpaceQuota"));
  request.set_storagespacequota(5);
  EXPECT_EQ(Error("setQuota", request), "Quotas are not supported.");
  EXPECT_EQ(Error("setQuota", request, "joe"), SuperuserNeeded("setSpaceQuota"));
  request.set_storagespacequota(static_cast<uint64_t>(-5));
  EXPECT_EQ(Error("setQuota", request),
            "Illegal value for nsQuota or ssQuota : 9223372036854775807 and -5");
  request.set_storagespacequota(5);
  request.set_path("/f");
  EXPECT_EQ(Error("setQuota", request), "`/f': Is not a directory");
  request.set_path("/no");
  EXPECT_EQ(Error("setQuota", request), "Directory does not exist: /no");
}

TEST_F(FeaturesTest, NoErasureCodingPolicyIsEnabled) {
  const std::string not_enabled =
      "Policy 'RS-6-3-1024k' does not match any enabled erasure coding policies: []. An erasure "
      "coding policy can be enabled by enableErasureCodingPolicy API.";
  pb::SetErasureCodingPolicyRequestProto set;
  set.set_src("/d");
  set.set_ecpolicyname("RS-6-3-1024k");
  EXPECT_EQ(Error("setErasureCodingPolicy", set, "joe"), not_enabled);
  pb::UnsetErasureCodingPolicyRequestProto unset;
  unset.set_src("/d");
  EXPECT_EQ(Error("unsetErasureCodingPolicy", unset),
            "org.apache.hadoop.hdfs.protocol.NoECPolicySetException: No erasure coding policy "
            "explicitly set on /d");
  pb::DisableErasureCodingPolicyRequestProto named;
  named.set_ecpolicyname("XOR-2-1-1024k");
  EXPECT_EQ(Error("disableErasureCodingPolicy", named), "");
  EXPECT_EQ(Error("enableErasureCodingPolicy", named), "Erasure coding is not supported.");
  EXPECT_EQ(Error("removeErasureCodingPolicy", named),
            "System erasure coding policy XOR-2-1-1024k cannot be removed");
  named.set_ecpolicyname("nope");
  EXPECT_EQ(Error("enableErasureCodingPolicy", named), "The policy name nope does not exist");
  EXPECT_EQ(Error("disableErasureCodingPolicy", named, "joe"),
            SuperuserNeeded("disableErasureCodingPolicy"));
  pb::AddErasureCodingPoliciesRequestProto add;
  add.add_ecpolicies()->set_id(64);
  const auto added =
      Call<pb::AddErasureCodingPoliciesResponseProto>("addErasureCodingPolicies", add);
  ASSERT_TRUE(added.ok()) << added.status();
  ASSERT_EQ(added->responses_size(), 1);
  EXPECT_FALSE(added->responses(0).succeed());
  EXPECT_EQ(added->responses(0).errormsg(),
            "Addition of user defined erasure coding policy is disabled.");
  pb::CreateRequestProto create;
  create.set_src("/new");
  create.mutable_masked()->set_perm(0644);
  create.set_clientname("c");
  create.set_createflag(kCreateFlagCreate);
  create.set_createparent(true);
  create.set_replication(1);
  create.set_blocksize(1 << 20);
  create.set_ecpolicyname("RS-6-3-1024k");
  EXPECT_EQ(Error("create", create), not_enabled);
  create.set_createflag(kCreateFlagCreate | kCreateFlagShouldReplicate);
  EXPECT_EQ(Error("create", create),
            "SHOULD_REPLICATE flag and ecPolicyName are exclusive parameters. Set both is not "
            "allowed!");
}

TEST_F(FeaturesTest, TheTopologyIsJudgedByTheLargestPolicy) {
  pb::GetECTopologyResultForPoliciesRequestProto request;
  const auto judged = [&] {
    const auto reply = Call<pb::GetECTopologyResultForPoliciesResponseProto>(
        "getECTopologyResultForPolicies", request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->response() : pb::ECTopologyVerifierResultProto();
  };
  EXPECT_TRUE(judged().issupported());
  EXPECT_EQ(judged().resultmessage(), "No erasure coding policy is given.");
  request.add_policies("RS-3-2-1024k");
  request.add_policies("XOR-2-1-1024k");
  EXPECT_FALSE(judged().issupported());
  EXPECT_EQ(judged().resultmessage(),
            "5 DataNodes are required for the erasure coding policies: RS-3-2-1024k, "
            "XOR-2-1-1024k. The number of DataNodes is only 0.");
  for (int i = 0; i < 5; ++i) {
    DatanodeInfo node;
    node.live = true;
    node.network_location = i % 2 == 0 ? "/a" : "/b";
    blocks_.datanodes.push_back(node);
  }
  EXPECT_EQ(judged().resultmessage(),
            "3 racks are required for the erasure coding policies: RS-3-2-1024k, XOR-2-1-1024k. "
            "The number of racks is only 2.");
  blocks_.datanodes[0].network_location = "/c";
  EXPECT_TRUE(judged().issupported());
  EXPECT_EQ(judged().resultmessage(),
            "The cluster setup can support EC policies: RS-3-2-1024k, XOR-2-1-1024k");
  request.add_policies("nope");
  EXPECT_EQ(Error("getECTopologyResultForPolicies", request),
            "The given erasure coding policy nope does not exist.");
}

TEST_F(FeaturesTest, EncryptionZonesNeedAKeyProvider) {
  pb::CreateEncryptionZoneRequestProto create;
  create.set_src("/d");
  EXPECT_EQ(Error("createEncryptionZone", create, "joe"), SuperuserNeeded("createEncryptionZone"));
  EXPECT_EQ(Error("createEncryptionZone", create),
            "Can't create an encryption zone for /d since no key provider is available.");
  pb::ReencryptEncryptionZoneRequestProto again;
  again.set_zone("/d");
  again.set_action(pb::START_REENCRYPT);
  EXPECT_EQ(Error("reencryptEncryptionZone", again),
            "No key provider configured, re-encryption operation is rejected");
  pb::ListEncryptionZonesRequestProto list;
  list.set_id(0);
  EXPECT_EQ(Error("listEncryptionZones", list, "joe"), SuperuserNeeded("listEncryptionZones"));
  EXPECT_EQ(Error("listEncryptionZones", list), "");
  pb::GetEZForPathRequestProto path;
  path.set_src("/d");
  EXPECT_EQ(Error("getEZForPath", path, "joe"), "");
}

TEST_F(FeaturesTest, ThereAreNoCacheDirectivesAndNoPools) {
  const std::string invalid = kInvalidRequest;
  pb::AddCacheDirectiveRequestProto add;
  add.mutable_info()->set_path("/f");
  EXPECT_EQ(Error("addCacheDirective", add), invalid + "No pool specified.");
  add.mutable_info()->set_pool("p");
  EXPECT_EQ(Error("addCacheDirective", add), invalid + "Unknown pool p");
  pb::ModifyCacheDirectiveRequestProto modify;
  modify.mutable_info();
  EXPECT_EQ(Error("modifyCacheDirective", modify), invalid + "Must supply an ID.");
  modify.mutable_info()->set_id(7);
  EXPECT_EQ(Error("modifyCacheDirective", modify), invalid + "No directive with ID 7 found.");
  pb::RemoveCacheDirectiveRequestProto remove;
  remove.set_id(-7);
  EXPECT_EQ(Error("removeCacheDirective", remove), invalid + "Invalid negative ID.");
  pb::AddCachePoolRequestProto pool;
  pool.mutable_info()->set_poolname("");
  EXPECT_EQ(Error("addCachePool", pool), "invalid empty cache pool name");
  pool.mutable_info()->set_poolname("p");
  EXPECT_EQ(Error("addCachePool", pool), "Centralized cache management is not supported.");
  EXPECT_EQ(Error("addCachePool", pool, "joe"), SuperuserNeeded("addCachePool"));
  EXPECT_EQ(Error("modifyCachePool", pool), invalid + "Cache pool p does not exist.");
  pb::RemoveCachePoolRequestProto gone;
  gone.set_poolname("p");
  EXPECT_EQ(Error("removeCachePool", gone), invalid + "Cannot remove non-existent cache pool p");
}

TEST_F(FeaturesTest, SwitchedOffFeaturesSayByWhichKey) {
  pb::GetFileInfoRequestProto any;
  any.set_src("/f");
  const std::string off = " storage policy since dfs.storage.policy.enabled is set to false.";
  EXPECT_EQ(Error("setStoragePolicy", any), "Failed to set" + off);
  EXPECT_EQ(Error("unsetStoragePolicy", any), "Failed to unset" + off);
  EXPECT_EQ(Error("satisfyStoragePolicy", any), "Failed to satisfy" + off);
  EXPECT_EQ(Error("createSymlink", any), "Symlinks not supported");
  EXPECT_EQ(Error("setXAttr", any),
            "The XAttr operation has been rejected.  Support for XAttrs has been disabled by "
            "setting dfs.namenode.xattrs.enabled to false.");
  pb::GetEditsFromTxidRequestProto edits;
  edits.set_txid(1);
  EXPECT_EQ(Error("getEditsFromTxid", edits, "joe"), SuperuserNeeded("getEditsFromTxid"));
}

TEST_F(FeaturesTest, ABatchGoesOnWithTheKeyOfThePageBefore) {
  std::vector<BatchedListRequest> asked;
  names_.on_batched_listing = [&](const Caller&, BatchedListRequest request,
                                  Done<BatchedListing> done) {
    asked.push_back(std::move(request));
    DirectoryListing listing;
    listing.entries.emplace_back().path = "n";
    BatchedListing batch;
    batch.entries.push_back({0, errors::ComponentTooLong("x", "/", 1, 2)});
    batch.entries.push_back({1, listing});
    batch.has_more = true;
    done(std::move(batch));
  };
  pb::GetBatchedListingRequestProto request;
  for (const char* path : {"/a", "/b", "/c"}) request.add_paths(path);
  request.set_startafter("");
  request.set_needlocation(false);
  auto reply = Call<pb::GetBatchedListingResponseProto>("getBatchedListing", request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->listings_size(), 2);
  EXPECT_EQ(reply->listings(0).exception().classname(),
            "org.apache.hadoop.hdfs.protocol.FSLimitException.PathComponentTooLongException");
  EXPECT_EQ(reply->listings(1).parentidx(), 1u);
  EXPECT_TRUE(reply->hasmore());
  request.set_startafter(reply->startafter());
  reply = Call<pb::GetBatchedListingResponseProto>("getBatchedListing", request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].first, 1u);
  EXPECT_EQ(asked[1].start_after, "n");
  request.set_paths(0, "/other");
  EXPECT_FALSE(Call<pb::GetBatchedListingResponseProto>("getBatchedListing", request).ok())
      << "the key of other paths";
  request.set_startafter("rubbish");
  EXPECT_FALSE(Call<pb::GetBatchedListingResponseProto>("getBatchedListing", request).ok());
}

TEST_F(FeaturesTest, ListsArePassedOn) {
  pb::ListOpenFilesRequestProto open;
  open.set_id(16'400);
  open.set_path("/d");
  EXPECT_EQ(Error("listOpenFiles", open), "Unknown OpenFileType: []");
  open.add_types(pb::BLOCKING_DECOMMISSION);
  names_.on_list_open_files = [](const Caller&, const OpenFilesRequest& request,
                                 Done<OpenFilesPage> done) {
    EXPECT_TRUE(request.on_leaving_datanodes);
    done(OpenFilesPage{});
  };
  auto page = Call<pb::ListOpenFilesResponseProto>("listOpenFiles", open);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->entries_size(), 0);
  names_.on_list_open_files = [](const Caller&, const OpenFilesRequest& request,
                                 Done<OpenFilesPage> done) {
    EXPECT_EQ(request.after, 16'400);
    EXPECT_FALSE(request.on_leaving_datanodes);
    done(OpenFilesPage{{{16'401, request.path + "/f", "c", "10.0.0.1"}}, true});
  };
  open.add_types(pb::ALL_OPEN_FILES);
  page = Call<pb::ListOpenFilesResponseProto>("listOpenFiles", open);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->entries_size(), 1);
  EXPECT_EQ(page->entries(0).path(), "/d/f");
  EXPECT_TRUE(page->hasmore());

  names_.on_list_corrupt_files = [](const Caller&, const CorruptFilesRequest& request,
                                    Done<CorruptFilesPage> done) {
    if (request.after > 5) return done(CorruptFilesPage{{}, request.after});
    done(CorruptFilesPage{{"/d/f", "/d/f"}, 42});
  };
  pb::ListCorruptFileBlocksRequestProto corrupt;
  corrupt.set_path("/");
  auto lost = Call<pb::ListCorruptFileBlocksResponseProto>("listCorruptFileBlocks", corrupt);
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_THAT(lost->corrupt().files(), ElementsAre("/d/f", "/d/f"));
  EXPECT_EQ(lost->corrupt().cookie(), "42");
  corrupt.set_cookie("42");
  lost = Call<pb::ListCorruptFileBlocksResponseProto>("listCorruptFileBlocks", corrupt);
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_EQ(lost->corrupt().files_size(), 0);
  EXPECT_EQ(lost->corrupt().cookie(), "42");
}

}  // namespace
}  // namespace cairn::namenode
