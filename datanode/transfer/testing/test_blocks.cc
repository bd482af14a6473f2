// Whole writes and reads for tests.
#include "datanode/transfer/testing/test_blocks.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "common/status_macros.h"

namespace cairn::datanode {

std::string TestData(size_t bytes, uint32_t seed) {
  std::string data(bytes, '\0');
  uint32_t state = seed * 2654435761u + 1;
  for (char& c : data) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return data;
}

wire::WriteBlockOp CreateOp(const ExtendedBlock& block, const std::vector<TransferNode*>& nodes) {
  wire::WriteBlockOp op;
  op.block = block;
  op.client_name = "client";
  op.pipeline_size = static_cast<int32_t>(nodes.size());
  for (size_t i = 1; i < nodes.size(); ++i) {
    op.targets.push_back(nodes[i]->info());
    op.target_storage_types.push_back(StorageType::kDisk);
  }
  return op;
}

absl::Status WriteWhole(const ExtendedBlock& block, std::string_view data,
                        const std::vector<TransferNode*>& nodes) {
  RawClient client(nodes[0]->port());
  RETURN_IF_ERROR(client.Send(CreateOp(block, nodes)));
  ASSIGN_OR_RETURN(const wire::OpResponse reply, client.ReadResponse());
  if (reply.status != wire::OpStatus::kSuccess || reply.first_bad_link != "") {
    return absl::InternalError("set-up: " + reply.message);
  }
  constexpr size_t kStep = 64512;
  int64_t seqno = 0;
  for (size_t at = 0; at < data.size(); at += kStep) {
    RETURN_IF_ERROR(client.SendPacket(
        {.offset_in_block = static_cast<int64_t>(at), .seqno = seqno++}, data.substr(at, kStep)));
  }
  RETURN_IF_ERROR(client.SendLast(static_cast<int64_t>(data.size()), seqno));
  for (int64_t expected = 0; expected <= seqno; ++expected) {
    ASSIGN_OR_RETURN(const wire::PipelineAck ack, client.ReadAck());
    if (ack.seqno != expected || ack.replies.size() != nodes.size() || !ack.AllSuccess()) {
      return absl::InternalError(fmt::format("wrong ack {} of {} nodes, expected {}", ack.seqno,
                                             ack.replies.size(), expected));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadRange(TransferNode& node, const ExtendedBlock& block,
                                      int64_t offset, int64_t length) {
  RawClient client(node.port());
  ASSIGN_OR_RETURN(
      ReadResult result,
      client.Read({.block = block, .client_name = "client", .offset = offset, .length = length}));
  if (result.response.status != wire::OpStatus::kSuccess) {
    return absl::FailedPreconditionError(result.response.message);
  }
  const auto skip = static_cast<size_t>(offset - result.begin);
  if (result.data.size() < skip + static_cast<size_t>(length)) {
    return absl::DataLossError("fewer bytes than asked for");
  }
  return result.data.substr(skip, static_cast<size_t>(length));
}

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace cairn::datanode
