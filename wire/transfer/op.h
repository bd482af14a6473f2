// Operation headers of DataTransferProtocol: int16 version, opcode byte, delimited request message.
// Source of the format: DataTransferProtocol v28 of Hadoop 3.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/data_checksum.h"
#include "common/types/block.h"
#include "wire/transfer/response.h"
#include "wire/transfer/shm_slot.h"

namespace cairn::wire {

// The version in front of every operation.
inline constexpr int16_t kDataTransferVersion = 28;

// Numbers are HDFS's Op codes. Those without a struct below are refused by DecodeOp as unsupported.
enum class OpCode : uint8_t {
  kWriteBlock = 80,
  kReadBlock = 81,
  kReadMetadata = 82,
  kReplaceBlock = 83,
  kCopyBlock = 84,
  kBlockChecksum = 85,
  kTransferBlock = 86,
  kRequestShortCircuitFds = 87,
  kReleaseShortCircuitFds = 88,
  kRequestShortCircuitShm = 89,
  kBlockGroupChecksum = 90,
  kCustom = 127
};

// Numbers are HDFS's BlockConstructionStage. Stage | 1 is the recovery form.
enum class WriteStage : uint8_t {
  kSetupAppend = 0,
  kSetupAppendRecovery = 1,
  kDataStreaming = 2,
  kSetupStreamingRecovery = 3,
  kClose = 4,
  kCloseRecovery = 5,
  kSetupCreate = 6,
  kTransferRbw = 7,
  kTransferFinalized = 8
};

// HDFS's name, e.g. "PIPELINE_SETUP_CREATE".
std::string_view WriteStageName(WriteStage stage);

// A block access token as it travels; empty while security is off.
struct BlockToken {
  std::string identifier;
  std::string password;
  std::string kind;
  std::string service;

  friend bool operator==(const BlockToken&, const BlockToken&) = default;
};

// Hints about the page cache; empty fields leave the choice to the DataNode.
struct CachingStrategy {
  std::optional<bool> drop_behind;
  std::optional<int64_t> readahead_bytes;
};

// Receive a block and pass it on to `targets`.
struct WriteBlockOp {
  ExtendedBlock block;  // num_bytes: the expected size, or the length in transfers and recovery
  BlockToken token;
  std::string client_name;            // empty: a copy between DataNodes
  std::vector<DatanodeInfo> targets;  // downstream nodes only
  std::optional<DatanodeInfo> source;
  WriteStage stage = WriteStage::kSetupCreate;
  int32_t pipeline_size = 0;  // nodes, this one included
  int64_t min_bytes_received = 0;
  int64_t max_bytes_received = 0;
  GenerationStamp latest_generation_stamp = 0;
  DataChecksum requested_checksum;
  CachingStrategy caching;
  StorageType storage_type = StorageType::kDisk;  // for the receiving node
  std::string storage_id;                         // for the receiving node; empty: any
  std::vector<StorageType> target_storage_types;  // one per target, or empty
  std::vector<std::string> target_storage_ids;    // one per target, or empty
  bool allow_lazy_persist = false;
  bool pinning = false;
  std::vector<bool> target_pinnings;
};

// Send a range of a block.
struct ReadBlockOp {
  ExtendedBlock block;
  BlockToken token;
  std::string client_name;
  int64_t offset = 0;
  int64_t length = 0;
  bool send_checksums = true;
  CachingStrategy caching;
};

// Copy a replica to `targets` (pipeline recovery with a replacement node).
struct TransferBlockOp {
  ExtendedBlock block;
  BlockToken token;
  std::string client_name;
  std::vector<DatanodeInfo> targets;
  std::vector<StorageType> target_storage_types;
  std::vector<std::string> target_storage_ids;
};

// Report the checksum of a block's first block.num_bytes bytes.
struct BlockChecksumOp {
  ExtendedBlock block;
  BlockToken token;
  BlockChecksumOptions options;
};

// Fetch a block from `source`, on the order of the balancer or mover.
struct ReplaceBlockOp {
  ExtendedBlock block;
  BlockToken token;
  std::string delete_hint;  // uuid of the DataNode whose replica becomes superfluous
  DatanodeInfo source;
  StorageType storage_type = StorageType::kDisk;
  std::string storage_id;
};

// Send a whole block to a DataNode that executes REPLACE_BLOCK.
struct CopyBlockOp {
  ExtendedBlock block;
  BlockToken token;
};

// Pass open files of a replica over a domain socket.
struct RequestFdsOp {
  ExtendedBlock block;
  BlockToken token;
  uint32_t max_version = 0;  // of the replica's files that the client can read
  std::optional<ShmSlot> slot;
  bool supports_receipt_verification = false;
};

// The client no longer uses a slot.
struct ReleaseFdsOp {
  ShmSlot slot;
};

// Make a shared memory segment for the client; the connection belongs to it from then on.
struct RequestShmOp {
  std::string client_name;
};

using Op = std::variant<WriteBlockOp, ReadBlockOp, TransferBlockOp, BlockChecksumOp, ReplaceBlockOp,
                        CopyBlockOp, RequestFdsOp, ReleaseFdsOp, RequestShmOp>;

// The whole header of `op`.
std::string EncodeOp(const Op& op);
// HDFS's name of the operation, e.g. "READ_BLOCK".
std::string_view OpName(const Op& op);

// Bytes of the operation header at the front of `received`; 0 while that is not yet known. The
// answer may exceed received.size(). kInvalidArgument: another version, an unknown opcode, or a
// message over limits::kMaxOpMessageBytes; kUnimplemented: a known operation that is not served.
absl::StatusOr<size_t> OpSize(std::string_view received);

// Decodes one complete header, as sized by OpSize. kInvalidArgument when the message is malformed,
// a number is out of its range or targets exceed limits::kMaxPipelineNodes.
absl::StatusOr<Op> DecodeOp(std::string_view header);

}  // namespace cairn::wire
