// Replies to operations (BlockOpResponseProto) and the reader's closing status
// (ClientReadStatusProto), both varint-delimited. Source of the formats: Hadoop 3.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/data_checksum.h"
#include "wire/transfer/op_status.h"
#include "wire/transfer/shm_slot.h"

namespace cairn::wire {

// How a block's checksum is made. Numbers are HDFS's BlockChecksumTypeProto.
enum class BlockChecksumType : uint8_t {
  kMd5Crc = 1,       // MD5 over the stored chunk CRCs
  kCompositeCrc = 2  // CRCs of the data, composed from the chunk CRCs
};

// Which block checksum is asked for or answered.
struct BlockChecksumOptions {
  BlockChecksumType type = BlockChecksumType::kMd5Crc;
  int64_t stripe_length = 0;  // bytes per composed CRC; <= 0: one for the whole block

  friend bool operator==(const BlockChecksumOptions&, const BlockChecksumOptions&) = default;
};

// Answer to READ_BLOCK and COPY_BLOCK: what the packets will hold.
struct ReadChecksumInfo {
  DataChecksum checksum;
  int64_t chunk_offset =
      0;  // offset in the block of the first byte sent; at or below the one asked

  friend bool operator==(const ReadChecksumInfo&, const ReadChecksumInfo&) = default;
};

// Answer to BLOCK_CHECKSUM.
struct BlockChecksumResult {
  int32_t bytes_per_crc = 0;
  int64_t crc_per_block = 0;
  std::string checksum;  // 16 bytes (MD5CRC) or 4 bytes per composed CRC, big-endian
  ChecksumType crc_type = ChecksumType::kCrc32c;
  BlockChecksumOptions options;

  friend bool operator==(const BlockChecksumResult&, const BlockChecksumResult&) = default;
};

// The reply to an operation.
struct OpResponse {
  OpStatus status = OpStatus::kSuccess;
  std::optional<std::string> first_bad_link;  // write set-up: "" on success, else "ip:xferPort"
  std::optional<BlockChecksumResult> checksum_result;
  std::optional<ReadChecksumInfo> read_info;
  std::string message;
  // REQUEST_SHORT_CIRCUIT_FDS: how the files are to be read.
  std::optional<uint32_t> short_circuit_version = std::nullopt;

  friend bool operator==(const OpResponse&, const OpResponse&) = default;
};

// A delimited BlockOpResponseProto.
std::string EncodeResponse(const OpResponse& response);
// Bytes of the reply at the front of `received` as DelimitedSize, bounded by
// limits::kMaxOpMessageBytes.
absl::StatusOr<size_t> ResponseSize(std::string_view received);
// Decodes one complete reply, as sized by ResponseSize; kInvalidArgument when malformed. Also reads
// a DNTransferAckProto, which has the same first field.
absl::StatusOr<OpResponse> DecodeResponse(std::string_view message);

// Answer to REQUEST_SHORT_CIRCUIT_SHM, a delimited ShortCircuitShmResponseProto, and to
// RELEASE_SHORT_CIRCUIT_FDS (without an id), a ReleaseShortCircuitAccessResponseProto.
struct ShmResponse {
  OpStatus status = OpStatus::kSuccess;
  std::string error;
  std::optional<ShmId> id;

  friend bool operator==(const ShmResponse&, const ShmResponse&) = default;
};
std::string EncodeShmResponse(const ShmResponse& response);
// As ResponseSize sizes it; of either message.
absl::StatusOr<ShmResponse> DecodeShmResponse(std::string_view message);

// A delimited ClientReadStatusProto: kChecksumOk (all verified), kSuccess (not verified) or
// kErrorChecksum.
std::string EncodeReadStatus(OpStatus status);
absl::StatusOr<size_t> ReadStatusSize(std::string_view received);
absl::StatusOr<OpStatus> DecodeReadStatus(std::string_view message);

}  // namespace cairn::wire
