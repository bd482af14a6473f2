// Reads a range of one replica with READ_BLOCK, checking every byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/base/datanode_connection.h"
#include "common/data_checksum.h"
#include "common/types/block.h"

namespace cairn::client {

// Thread-compatible. An error of code kDataLoss means that the replica's bytes and checksums do
// not match; every other error that the node or the connection failed. All name block and node.
// Source of the exchange: DataTransferProtocol v28 of Hadoop 3.4.
class BlockReader {
 public:
  // Asks `connection`'s node for [offset, offset + length) of the block; length > 0. A node that
  // sends no checksums is an error: nothing is returned that was not checked.
  //
  // A block that is `being_written` may be cut back to what was acknowledged, when its pipeline is
  // recovered, while it is sent. Then bytes and checksums do not match either, and nothing is wrong
  // with the replica: the error is not kDataLoss, and the node is not told of it.
  static absl::StatusOr<std::unique_ptr<BlockReader>> Open(
      std::unique_ptr<DatanodeConnection> connection, const ExtendedBlock& block,
      bool being_written, int64_t offset, int64_t length, const std::string& client_name);

  // Reads between 1 and `n` bytes; 0 at the end of the range (or for n == 0).
  absl::StatusOr<size_t> Read(char* out, size_t n);
  // Reads exactly `n` bytes, at most those that are left.
  absl::Status ReadFull(char* out, size_t n);
  // Passes over `n` bytes, at most those that are left.
  absl::Status Skip(int64_t n);
  // Offset in the block of the next byte, and of the end of the range.
  int64_t position() const { return position_; }
  int64_t end() const { return end_; }
  const DatanodeId& node() const { return connection_->node(); }

  // When the whole range was read: ends the operation and gives back the connection for the next
  // one. Null when it cannot be used again. The reader is finished.
  std::unique_ptr<DatanodeConnection> Finish();

 private:
  BlockReader(std::unique_ptr<DatanodeConnection> connection, const ExtendedBlock& block,
              bool being_written, int64_t offset, int64_t length);
  absl::Status Start(const std::string& client_name);
  absl::Status ReceiveNext();
  absl::Status CheckPlace(const wire::PacketView& packet) const;
  absl::Status Fail(std::string_view what) const;

  std::unique_ptr<DatanodeConnection> connection_;
  const ExtendedBlock block_;
  const bool being_written_;
  int64_t position_;
  const int64_t end_;
  DataChecksum checksum_;
  int64_t next_packet_offset_ = 0;
  int64_t next_seqno_ = 0;
  std::string_view pending_;  // verified bytes from position_ on, in the connection's buffer
};

}  // namespace cairn::client
