// The client's streams over real data ports and block stores in one process; only the NameNode is a
// fake.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/base/client_context.h"
#include "client/dfs_client.h"
#include "client/testing/fake_cluster.h"
#include "datanode/transfer/testing/transfer_node.h"

namespace cairn {

// Data ports and a client whose NameNode knows them.
class DataPlane : public testing::Test {
 protected:
  void Start(size_t nodes) {
    std::vector<ReplicaLocation> locations;
    for (size_t i = 0; i < nodes; ++i) {
      nodes_.push_back(std::make_unique<datanode::TransferNode>());
      ReplicaLocation location;
      location.datanode = nodes_.back()->info();
      location.datanode.network_location = "/default-rack";
      location.datanode.id.ipc_port = 1;  // answered by this
      locations.push_back(location);
    }
    namenode_ = std::make_unique<client::FakeNamenode>(locations, datanode::kTestPool);
    options_.block_size = 1 << 20;
    options_.socket_timeout_ms = 10'000;
    client::ClientEnvironment environment = client::ClientEnvironment::Real();
    environment.visible_length = [this](const DatanodeId& node, const ExtendedBlock& block) {
      return VisibleLength(node, block);
    };
    client_ =
        client::DfsClient::WithStub(options_, client::MakeStub(*namenode_), std::move(environment))
            .value();
  }

  void TearDown() override { client_.reset(); }

  // As the DataNode's RPC port would answer.
  absl::StatusOr<int64_t> VisibleLength(const DatanodeId& node, const ExtendedBlock& block) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i]->info().id.uuid != node.uuid) continue;
      if (stopped_[i]) break;
      return nodes_[i]->store().VisibleLength(block.block);
    }
    return absl::UnavailableError("Connection refused");
  }

  // As a crash of the DataNode, but for what it has stored.
  void Stop(size_t index) {
    stopped_[index] = true;
    nodes_[index]->StopServer();
  }

  absl::Status Put(const std::string& path, const std::string& data,
                   const client::CreateOptions& create = {}) {
    auto out = client_->Create(path, create);
    if (!out.ok()) return out.status();
    if (absl::Status written = (*out)->Write(data); !written.ok()) return written;
    return (*out)->Close();
  }
  absl::StatusOr<std::string> Get(const std::string& path) {
    auto in = client_->Open(path);
    if (!in.ok()) return in.status();
    return (*in)->ReadAll();
  }

  // Every block of the file has a finalized replica of its length on node `index`.
  void ExpectFinalizedOn(const std::string& path, size_t index) {
    for (const LocatedBlock& block : namenode_->BlocksOf(path)) {
      const auto replica = nodes_[index]->store().Get(block.block.block.id);
      ASSERT_TRUE(replica.ok()) << replica.status();
      EXPECT_EQ(replica->state, ReplicaState::kFinalized);
      EXPECT_EQ(replica->block.generation_stamp, block.block.block.generation_stamp);
      EXPECT_EQ(replica->block.num_bytes, block.block.block.num_bytes);
    }
  }

  client::ClientOptions options_;
  std::array<std::atomic<bool>, 8> stopped_ = {};
  std::vector<std::unique_ptr<datanode::TransferNode>> nodes_;
  std::unique_ptr<client::FakeNamenode> namenode_;
  std::unique_ptr<client::DfsClient> client_;
};

}  // namespace cairn
