// Tests of the calls to other DataNodes, against a server that plays one.
#include "datanode/control/inter_datanode_client.h"

#include <gtest/gtest.h>

#include "common/types/errors.h"
#include "ipc/server.h"
#include "proto/hadoop/InterDatanodeProtocol.pb.h"

namespace cairn::datanode {
namespace {

namespace pb = ::hadoop::hdfs;

const ExtendedBlock kBlock{"BP-1", {.id = 42, .generation_stamp = 1001, .num_bytes = 600}};

class InterDatanodeClientTest : public ::testing::Test {
 protected:
  InterDatanodeClientTest() {
    ipc::ServerOptions options;
    options.listen = {"127.0.0.1", 0};
    std::vector<ipc::Method> methods = {
        {"initReplicaRecovery",
         ipc::Unary<pb::InitReplicaRecoveryRequestProto, pb::InitReplicaRecoveryResponseProto>(
             [this](const ipc::Call&, const auto& request, auto& response) {
               init_ = request;
               response = init_answer_;
               return error_;
             })},
        {"updateReplicaUnderRecovery",
         ipc::Unary<pb::UpdateReplicaUnderRecoveryRequestProto,
                    pb::UpdateReplicaUnderRecoveryResponseProto>(
             [this](const ipc::Call&, const auto& request, auto& response) {
               update_ = request;
               response.set_storageuuid("DS-1");
               return error_;
             })}};
    server_ = *ipc::Server::Start(
        options,
        {{"org.apache.hadoop.hdfs.server.protocol.InterDatanodeProtocol", 1, std::move(methods)}},
        SystemClock());
    node_ = {
        .uuid = "u", .ip_addr = "127.0.0.1", .host_name = "localhost", .ipc_port = server_->port()};
  }
  ~InterDatanodeClientTest() override { server_->Stop(); }

  Random random_;
  std::unique_ptr<ipc::Server> server_;
  DatanodeId node_;
  // The server's, one call at a time.
  pb::InitReplicaRecoveryRequestProto init_;
  pb::InitReplicaRecoveryResponseProto init_answer_;
  pb::UpdateReplicaUnderRecoveryRequestProto update_;
  absl::Status error_;
};

TEST_F(InterDatanodeClientTest, AsksForTheReplicaAndTellsWhatWasFound) {
  InterDatanodeClient client({.user = "hdfs"}, random_);
  init_answer_.set_replicafound(true);
  init_answer_.set_state(pb::RBW);
  init_answer_.mutable_block()->set_blockid(42);
  init_answer_.mutable_block()->set_genstamp(1001);
  init_answer_.mutable_block()->set_numbytes(512);
  const auto found = client.InitReplicaRecovery(node_, kBlock, 1005);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->block, (Block{.id = 42, .generation_stamp = 1001, .num_bytes = 512}));
  EXPECT_EQ((*found)->original_state, ReplicaState::kBeingWritten);
  EXPECT_EQ(init_.block().newgenstamp(), 1005u);
  EXPECT_EQ(init_.block().block().b().poolid(), "BP-1");
  EXPECT_EQ(init_.block().block().b().generationstamp(), 1001u);

  init_answer_.Clear();
  init_answer_.set_replicafound(false);
  const auto missing = client.InitReplicaRecovery(node_, kBlock, 1006);
  ASSERT_TRUE(missing.ok()) << missing.status();
  EXPECT_FALSE(missing->has_value());
}

TEST_F(InterDatanodeClientTest, EndsTheRecovery) {
  InterDatanodeClient client({.user = "hdfs", .connect_by_hostname = true}, random_);
  const auto storage = client.UpdateReplicaUnderRecovery(node_, kBlock, 1005, 42, 512);
  ASSERT_TRUE(storage.ok()) << storage.status();
  EXPECT_EQ(*storage, "DS-1");
  EXPECT_EQ(update_.block().numbytes(), 600u);
  EXPECT_EQ(update_.recoveryid(), 1005u);
  EXPECT_EQ(update_.newblockid(), 42u);
  EXPECT_EQ(update_.newlength(), 512u);
}

TEST_F(InterDatanodeClientTest, ErrorsKeepTheirKind) {
  InterDatanodeClient client({.user = "hdfs"}, random_);
  error_ = errors::ReplicaRecoveryInProgress("somebody else is at it");
  EXPECT_TRUE(
      Is(client.InitReplicaRecovery(node_, kBlock, 1005).status(), ErrorKind::kRecoveryInProgress));
  server_->Stop();
  EXPECT_TRUE(
      absl::IsUnavailable(client.UpdateReplicaUnderRecovery(node_, kBlock, 1, 42, 1).status()));
  node_.ipc_port = 0;
  EXPECT_TRUE(absl::IsUnavailable(client.InitReplicaRecovery(node_, kBlock, 1005).status()));
  client.Shutdown();
  node_.ipc_port = 1;
  EXPECT_TRUE(absl::IsCancelled(client.InitReplicaRecovery(node_, kBlock, 1005).status()));
}

}  // namespace
}  // namespace cairn::datanode
