// A data port for tests.
#include "datanode/transfer/testing/transfer_node.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace cairn::datanode {

TransferOptions TransferNode::DefaultOptions() {
  TransferOptions options;
  options.listen = {"127.0.0.1", 0};
  options.socket_timeout_ms = 10'000;
  options.write_timeout_ms = 10'000;
  options.host_name = "localhost";
  return options;
}

TransferNode::TransferNode(TransferOptions options) {
  std::signal(SIGPIPE, SIG_IGN);
  StoreOptions store_options;
  store_options.volumes = {{directory_.path() + "/data", StorageType::kDisk}};
  store_options.background = false;
  store_options.stop_writer_timeout_ms = 5'000;
  auto store = OpenBlockStore(store_options,
                              {.cluster_id = "CID-test", .pool_id = kTestPool, .namespace_id = 1},
                              {PosixFileSystem(), SystemClock(), random_});
  if (!store.ok()) throw std::runtime_error(store.status().ToString());
  store_ = *std::move(store);
  store_->SetListener(&listener_);
  auto server = TransferServer::Start(options, *store_, SystemClock());
  if (!server.ok()) throw std::runtime_error(server.status().ToString());
  server_ = *std::move(server);
}

TransferNode::~TransferNode() {
  server_.reset();
  store_->SetListener(nullptr);
}

DatanodeInfo TransferNode::info() const {
  DatanodeInfo info;
  info.id = {.uuid = store_->datanode_uuid(),
             .ip_addr = "127.0.0.1",
             .host_name = "localhost",
             .xfer_port = port()};
  return info;
}

void TransferNode::DamageData(BlockId id, int64_t offset) {
  const std::string name = fmt::format("blk_{}", id);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    if (entry.path().filename() != name) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(offset);
    file.put(byte);
  }
}

}  // namespace cairn::datanode
