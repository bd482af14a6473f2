// File checksums from block checksums.
#include "client/file_checksum.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "client/base/datanode_connection.h"
#include "client/read/replica_choice.h"
#include "common/coding.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

constexpr size_t kMd5Bytes = 16;
// HDFS hashes the whole buffer it collected the blocks' MD5s in, the unused rest included: 32
// bytes, doubled until all fit, filled up with zeros.
constexpr size_t kFirstBufferBytes = 32;

absl::StatusOr<std::string> Md5(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_md5(), nullptr) != 1) {
    return absl::InternalError("MD5 is not available in this OpenSSL");
  }
  return std::string(reinterpret_cast<const char*>(digest.data()), length);
}

absl::StatusOr<wire::BlockChecksumResult> AskReplica(ClientContext& context,
                                                     const ExtendedBlock& block,
                                                     const ReplicaLocation& replica) {
  const DatanodeId& node = replica.datanode.id;
  ASSIGN_OR_RETURN(auto connection, DatanodeConnection::Connect(node, context.options(), 1));
  wire::BlockChecksumOp op;
  op.block = block;
  RETURN_IF_ERROR(connection->SendOp(op));
  ASSIGN_OR_RETURN(const wire::OpResponse response, connection->ReceiveResponse());
  if (response.status != wire::OpStatus::kSuccess || !response.checksum_result ||
      response.checksum_result->checksum.size() != kMd5Bytes) {
    return absl::UnavailableError(
        fmt::format("block checksum of {} from DataNode {}: {} {}", block.ToString(),
                    node.XferAddress(), wire::OpStatusName(response.status), response.message));
  }
  return *response.checksum_result;
}

absl::StatusOr<wire::BlockChecksumResult> AskBlock(ClientContext& context, const std::string& path,
                                                   const LocatedBlock& block) {
  std::string failures;
  for (const ReplicaLocation& replica : NearestFirst(block, context.options())) {
    auto result = AskReplica(context, block.block, replica);
    if (result.ok()) return result;
    failures += (failures.empty() ? "" : "; ") + std::string(result.status().message());
  }
  return errors::Io(fmt::format("Fail to get block MD5 for {} of {}: {}", block.block.ToString(),
                                path, failures.empty() ? "no live replicas" : failures));
}

}  // namespace

absl::StatusOr<FileChecksum> CombineBlockChecksums(
    const std::vector<wire::BlockChecksumResult>& blocks, const std::string& path) {
  std::string md5s;
  int32_t bytes_per_crc = 0;
  int64_t crc_per_block = 0;
  ChecksumType type = ChecksumType::kCrc32;
  for (const wire::BlockChecksumResult& block : blocks) {
    if (md5s.empty()) {
      bytes_per_crc = block.bytes_per_crc;
      type = block.crc_type;
      // A single block says nothing about the length of a full one.
      if (blocks.size() > 1) crc_per_block = block.crc_per_block;
    } else if (block.bytes_per_crc != bytes_per_crc || block.crc_type != type) {
      return errors::Io(fmt::format(
          "{}: blocks with different checksums cannot be combined: {} and {} bytes per CRC", path,
          bytes_per_crc, block.bytes_per_crc));
    }
    md5s += block.checksum;
  }
  size_t buffer_bytes = kFirstBufferBytes;
  while (buffer_bytes < md5s.size()) buffer_bytes *= 2;
  md5s.resize(buffer_bytes, '\0');
  ASSIGN_OR_RETURN(const std::string md5, Md5(md5s));
  FileChecksum result;
  result.algorithm =
      fmt::format("MD5-of-{}MD5-of-{}{}", crc_per_block, bytes_per_crc, ChecksumTypeName(type));
  PutBigEndian<int32_t>(result.bytes, bytes_per_crc);
  PutBigEndian<int64_t>(result.bytes, crc_per_block);
  result.bytes += md5;
  return result;
}

absl::StatusOr<FileChecksum> ComputeFileChecksum(ClientContext& context, const std::string& path,
                                                 int64_t length) {
  if (length < 0) return errors::NegativeArgument("length", path);
  ASSIGN_OR_RETURN(
      const LocatedBlocks located,
      context.Call(RetryMode::kPlain, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.GetBlockLocations(call, path, 0, length);
      }));
  int64_t left = std::min(length, located.file_length);
  std::vector<wire::BlockChecksumResult> results;
  for (const LocatedBlock& block : located.blocks) {
    if (left <= 0) break;
    LocatedBlock part = block;
    part.block.block.num_bytes = std::min(left, block.block.block.num_bytes);
    left -= part.block.block.num_bytes;
    ASSIGN_OR_RETURN(wire::BlockChecksumResult result, AskBlock(context, path, part));
    results.push_back(std::move(result));
  }
  return CombineBlockChecksums(results, path);
}

}  // namespace cairn::client
