// What DataNodes say to the front end, and what they are told.
#include <chrono>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "namenode/grpc/testing/grpc_fixture.h"

namespace cairn::namenode {
namespace {

namespace dn = ::cairn::internal::v1;
using testing::GrpcServerTest;
using ::testing::HasSubstr;
using testing::ToAbsl;

TEST_F(GrpcServerTest, DatanodesOfOtherClustersAreRefused) {
  Start();
  const auto refused = [&](const dn::RegisterRequest& request) {
    ::grpc::ClientContext context;
    dn::RegisterResponse response;
    return ToAbsl(datanode_->Register(&context, request, &response));
  };
  dn::RegisterRequest request = Registration();
  request.set_cluster_id("CID-other");
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIncorrectVersion));
  EXPECT_THAT(std::string(refused(request).message()), HasSubstr("CID-other"));
  request = Registration();
  request.set_block_pool_id("BP-other");
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIncorrectVersion));
  request = Registration();
  request.set_namespace_id(8);
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIncorrectVersion));
  request = Registration();
  request.mutable_datanode()->clear_uuid();
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIllegalArgument));
  request = Registration();
  request.mutable_datanode()->set_xfer_port(70000);
  EXPECT_TRUE(Is(refused(request), ErrorKind::kIllegalArgument));
  EXPECT_TRUE(blocks_.registrations().empty());
}

TEST_F(GrpcServerTest, RegistrationGetsTheCallersAddress) {
  Start();
  (void)RegisterDatanode();
  ASSERT_EQ(blocks_.registrations().size(), 1u);
  EXPECT_EQ(blocks_.registrations()[0].id.ip_addr, "127.0.0.1");
}

TEST_F(GrpcServerTest, StaleRegistrationsAreToldToRegisterAgain) {
  Start();
  const dn::Sender old = RegisterDatanode();
  (void)RegisterDatanode();
  ::grpc::ClientContext heartbeat;
  dn::HeartbeatRequest request;
  *request.mutable_sender() = old;
  dn::HeartbeatResponse response;
  ASSERT_TRUE(datanode_->Heartbeat(&heartbeat, request, &response).ok());
  ASSERT_EQ(response.commands_size(), 1);
  EXPECT_TRUE(response.commands(0).has_reregister());

  ::grpc::ClientContext report;
  dn::ReportChangesRequest changes;
  *changes.mutable_sender() = old;
  dn::ReportChangesResponse ignored;
  EXPECT_TRUE(Is(ToAbsl(datanode_->ReportChanges(&report, changes, &ignored)),
                 ErrorKind::kUnregisteredNode));

  ::grpc::ClientContext foreign;
  changes.mutable_sender()->set_block_pool_id("BP-other");
  const absl::Status status = ToAbsl(datanode_->ReportChanges(&foreign, changes, &ignored));
  EXPECT_EQ(status, errors::UnexpectedBlockPool("BP-other", "BP-1"));
}

TEST_F(GrpcServerTest, CommandsTravelInHeartbeatReplies) {
  blocks_.on_heartbeat = [](const HeartbeatRequest& request) -> absl::StatusOr<DatanodeCommands> {
    EXPECT_EQ(request.uuid, "u1");
    EXPECT_EQ(request.seen_ip, "127.0.0.1");
    EXPECT_EQ(request.storages.size(), 1u);
    EXPECT_TRUE(request.storages[0].failed);
    EXPECT_EQ(request.storages[0].remaining, 11);
    DatanodeCommands commands;
    commands.send_full_report = true;
    commands.invalidate = {{1, 1001, 5}, {2, 1002, 6}};
    commands.transfers.push_back({.block = {"BP-1", {3, 1003, 7}}, .targets = {ReplicaLocation{}}});
    commands.recoveries.push_back(
        {{"BP-1", {4, 1004, 8}}, 1010, {ReplicaLocation{}, ReplicaLocation{}}, std::nullopt});
    commands.recoveries.push_back(
        {{"BP-1", {5, 1005, 9}}, 1011, {ReplicaLocation{}}, 0, AbsentReplicas::kNone});
    return commands;
  };
  Start();
  ::grpc::ClientContext context;
  dn::HeartbeatRequest request;
  *request.mutable_sender() = RegisterDatanode();
  dn::StorageReport& report = *request.add_storages();
  report.mutable_storage()->set_storage_id("DS-1");
  report.mutable_storage()->set_state(dn::STORAGE_STATE_FAILED);
  report.set_remaining(11);
  dn::HeartbeatResponse response;
  ASSERT_TRUE(datanode_->Heartbeat(&context, request, &response).ok());
  EXPECT_TRUE(response.full_report_wanted());
  ASSERT_EQ(response.commands_size(), 4);
  const dn::RecoverCommand& recovery = response.commands(0).recover();
  EXPECT_EQ(recovery.block().block().generation_stamp(), 1004);
  EXPECT_EQ(recovery.recovery_id(), 1010);
  EXPECT_EQ(recovery.replicas_size(), 2);
  EXPECT_FALSE(recovery.has_truncate_to());
  EXPECT_EQ(recovery.absent(), dn::ABSENT_REPLICAS_AWAITED);
  EXPECT_EQ(response.commands(1).recover().absent(), dn::ABSENT_REPLICAS_NONE);
  EXPECT_TRUE(response.commands(1).recover().has_truncate_to()) << "to 0 bytes";
  EXPECT_EQ(response.commands(2).transfer().block().block().id(), 3);
  EXPECT_EQ(response.commands(2).transfer().targets_size(), 1);
  EXPECT_EQ(response.commands(3).invalidate().blocks_size(), 2);
}

TEST_F(GrpcServerTest, TheResultOfABlockRecoveryReachesTheNamespace) {
  std::vector<BlockSyncRequest> told;
  names_.on_block_sync = [&](BlockSyncRequest request, DoneVoid done) {
    told.push_back(request);
    done(request.delete_block ? absl::OkStatus() : errors::Io("another recovery id"));
  };
  Start();
  dn::CommitBlockSynchronizationRequest request;
  *request.mutable_sender() = RegisterDatanode();
  request.mutable_block()->set_pool_id("BP-1");
  request.mutable_block()->mutable_block()->set_id(4);
  request.set_recovery_id(1010);
  request.set_new_length(77);
  request.add_replicas()->set_storage_id("DS-1");
  const auto call = [&] {
    ::grpc::ClientContext context;
    dn::CommitBlockSynchronizationResponse response;
    return ToAbsl(datanode_->CommitBlockSynchronization(&context, request, &response));
  };
  EXPECT_EQ(call(), errors::Io("another recovery id"));
  request.set_delete_block(true);
  EXPECT_TRUE(call().ok());
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].block.block.id, 4);
  EXPECT_EQ(told[0].recovery_id, 1010);
  EXPECT_EQ(told[0].new_length, 77);
  EXPECT_EQ(told[0].replicas.at(0).storage_id, "DS-1");
  EXPECT_TRUE(told[1].delete_block);
  (void)RegisterDatanode();
  EXPECT_TRUE(Is(call(), ErrorKind::kUnregisteredNode));
  EXPECT_EQ(told.size(), 2u);
}

// Chunks of a report with one replica each.
class ReportTest : public GrpcServerTest {
 protected:
  static constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

  dn::BlockReportChunk Chunk(int64_t first, int64_t last, std::vector<int64_t> ids,
                             const std::string& storage = "DS-1") {
    dn::BlockReportChunk chunk;
    *chunk.mutable_sender() = sender_;
    chunk.set_storage_id(storage);
    chunk.set_sequence(3);
    chunk.set_first_id(first);
    chunk.set_last_id(last);
    for (const int64_t id : ids) {
      dn::Replica& replica = *chunk.add_replicas();
      replica.set_id(id);
      replica.set_generation_stamp(1001);
      replica.set_length(10);
    }
    return chunk;
  }

  absl::Status Report(const std::vector<dn::BlockReportChunk>& chunks) {
    ::grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    dn::BlockReportResponse response;
    auto writer = datanode_->ReportBlocks(&context, &response);
    for (const dn::BlockReportChunk& chunk : chunks) writer->Write(chunk);
    writer->WritesDone();
    const ::grpc::Status status = writer->Finish();
    if (status.ok()) EXPECT_EQ(response.epoch(), 5);
    return ToAbsl(status);
  }

  dn::Sender sender_;
};

TEST_F(ReportTest, ChunksReachTheBlockManagerInOrder) {
  Start();
  sender_ = RegisterDatanode();
  ASSERT_TRUE(
      Report({Chunk(kMin, 5, {1, 5}), Chunk(6, kMax, {7}), Chunk(kMin, kMax, {}, "DS-2")}).ok());
  const std::vector<ReportChunk> chunks = blocks_.chunks();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].sequence, 3);
  EXPECT_FALSE(chunks[0].last_chunk);
  EXPECT_EQ(chunks[0].replicas.size(), 2u);
  EXPECT_TRUE(chunks[1].last_chunk);
  EXPECT_EQ(chunks[1].replicas[0].block, (Block{7, 1001, 10}));
  EXPECT_EQ(chunks[2].storage_id, "DS-2");
  EXPECT_TRUE(chunks[2].last_chunk);
}

TEST_F(ReportTest, ReportsThatBreakTheRulesAreRefused) {
  Start();
  sender_ = RegisterDatanode();
  const std::vector<std::vector<dn::BlockReportChunk>> bad = {
      {Chunk(0, kMax, {})},                              // a gap at the start
      {Chunk(kMin, 5, {}), Chunk(7, kMax, {})},          // a gap within
      {Chunk(kMin, 5, {})},                              // no last chunk
      {Chunk(kMin, 5, {}), Chunk(6, kMax, {}, "DS-2")},  // another storage in between
      {Chunk(kMin, kMax, {2, 1})},                       // not sorted
      {Chunk(kMin, kMax, {1, 1})},                       // twice
      {Chunk(kMin, 5, {6})},                             // outside its chunk
      {Chunk(kMin, kMax, {1}, "")},                      // no storage
  };
  for (const auto& chunks : bad) {
    const absl::Status status = Report(chunks);
    EXPECT_TRUE(Is(status, ErrorKind::kIllegalArgument)) << status;
  }
  sender_.set_registration_id(99);
  EXPECT_TRUE(Is(Report({Chunk(kMin, kMax, {})}), ErrorKind::kUnregisteredNode));
}

TEST_F(ReportTest, ChangesReachTheBlockManager) {
  Start();
  ::grpc::ClientContext context;
  dn::ReportChangesRequest request;
  *request.mutable_sender() = RegisterDatanode();
  dn::StorageChanges& storage = *request.add_storages();
  storage.mutable_storage()->set_storage_id("DS-1");
  dn::ReplicaChange& change = *storage.add_changes();
  change.set_sequence(4);
  change.mutable_block()->set_id(8);
  change.set_kind(dn::CHANGE_KIND_RECEIVED);
  change.set_delete_hint("u2");
  dn::ReportChangesResponse response;
  ASSERT_TRUE(datanode_->ReportChanges(&context, request, &response).ok());
  const std::vector<ReplicaChange> changes = blocks_.changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].sequence, 4);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceived);
  EXPECT_EQ(changes[0].delete_hint, "u2");

  ::grpc::ClientContext again;
  storage.mutable_changes(0)->set_kind(dn::CHANGE_KIND_UNSPECIFIED);
  EXPECT_TRUE(Is(ToAbsl(datanode_->ReportChanges(&again, request, &response)),
                 ErrorKind::kIllegalArgument));
}

}  // namespace
}  // namespace cairn::namenode
