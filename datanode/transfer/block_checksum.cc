// BLOCK_CHECKSUM. Source of the formats: BlockChecksumHelper's results in HDFS 3.4.
#include "datanode/transfer/block_checksum.h"

#include <openssl/evp.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/coding.h"
#include "common/crc_combine.h"
#include "common/types/errors.h"

namespace cairn::datanode {

namespace {

// Checksums read at a time: 64 Ki values.
constexpr int64_t kChunksPerRead = 64 << 10;

// Takes the CRC of each chunk in turn.
class ChecksumSink {
 public:
  virtual ~ChecksumSink() = default;
  // `crcs` are those of consecutive chunks that cover `bytes` bytes.
  virtual void Add(std::string_view crcs, int64_t bytes) = 0;
  virtual std::string Finish() = 0;
};

// MD5 over the CRCs as stored.
class Md5Sink : public ChecksumSink {
 public:
  Md5Sink() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr);
  }
  void Add(std::string_view crcs, int64_t bytes) override {
    EVP_DigestUpdate(context_.get(), crcs.data(), crcs.size());
  }
  std::string Finish() override {
    std::string digest(EVP_MD_size(EVP_md5()), '\0');
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// CRCs of the data, composed.
class CompositeSink : public ChecksumSink {
 public:
  CompositeSink(const DataChecksum& checksum, int64_t stripe_bytes)
      : chunk_(checksum.bytes_per_checksum), composer_(checksum.type, stripe_bytes) {}
  void Add(std::string_view crcs, int64_t bytes) override {
    for (; !crcs.empty(); crcs.remove_prefix(4)) {
      const int64_t n = std::min(chunk_, bytes);
      composer_.Add(GetBigEndian<uint32_t>(crcs.data()), n);
      bytes -= n;
    }
  }
  std::string Finish() override { return composer_.Finish(); }

 private:
  const int64_t chunk_;
  CrcComposer composer_;
};

absl::Status Feed(const ReplicaReader& reader, int64_t length, ChecksumSink& sink) {
  const DataChecksum& checksum = reader.checksum();
  // Stored values serve for whole chunks and for the chunk that ends the replica.
  const int64_t stored_end =
      length == reader.block().num_bytes ? length : checksum.RoundDown(length);
  const int64_t step = kChunksPerRead * checksum.bytes_per_checksum;
  std::string crcs;
  for (int64_t at = 0; at < stored_end; at += step) {
    const int64_t n = std::min(step, stored_end - at);
    crcs.clear();
    RETURN_IF_ERROR(reader.ReadChecksums(at, n, crcs));
    sink.Add(crcs, n);
  }
  if (stored_end == length) return absl::OkStatus();
  const int64_t chunk_end =
      std::min(stored_end + checksum.bytes_per_checksum, reader.block().num_bytes);
  std::string chunk(static_cast<size_t>(chunk_end - stored_end), '\0');
  RETURN_IF_ERROR(reader.ReadVerified(stored_end, chunk.size(), chunk.data()));
  const int64_t tail = length - stored_end;
  sink.Add(checksum.Compute(std::string_view(chunk).substr(0, static_cast<size_t>(tail))), tail);
  return absl::OkStatus();
}

absl::StatusOr<wire::BlockChecksumResult> Compute(OperationContext& context,
                                                  const wire::BlockChecksumOp& op) {
  RETURN_IF_ERROR(CheckPool(context.services, op.block));
  const int64_t length = op.block.block.num_bytes;
  if (length < 0) return errors::Io(fmt::format("negative length {}", length));
  ASSIGN_OR_RETURN(const auto reader, context.services.store.OpenReader(op.block.block, length));
  return ComputeBlockChecksum(*reader, length, op.options);
}

}  // namespace

absl::StatusOr<wire::BlockChecksumResult> ComputeBlockChecksum(
    const ReplicaReader& reader, int64_t length, const wire::BlockChecksumOptions& options) {
  const DataChecksum& checksum = reader.checksum();
  const int64_t covered = std::min(length, reader.visible_length());
  wire::BlockChecksumResult result;
  result.bytes_per_crc = checksum.bytes_per_checksum;
  result.crc_type = checksum.type;
  result.options = options;
  if (checksum.checksum_size() > 0) {
    result.crc_per_block = checksum.ChunkCount(reader.block().num_bytes);
  }
  std::unique_ptr<ChecksumSink> sink;
  if (options.type == wire::BlockChecksumType::kMd5Crc) {
    sink = std::make_unique<Md5Sink>();
  } else if (checksum.checksum_size() > 0) {
    sink = std::make_unique<CompositeSink>(checksum, options.stripe_length);
  } else {
    return absl::UnimplementedError("COMPOSITE_CRC of a replica without checksums");
  }
  if (checksum.checksum_size() > 0) RETURN_IF_ERROR(Feed(reader, covered, *sink));
  result.checksum = sink->Finish();
  return result;
}

AfterOperation BlockChecksum(OperationContext& context, const wire::BlockChecksumOp& op) {
  const auto result = Compute(context, op);
  if (result.ok()) {
    context.connection.Write(wire::EncodeResponse({.checksum_result = *result})).IgnoreError();
  } else {
    spdlog::info("BLOCK_CHECKSUM {} for {} refused: {}", op.block.ToString(),
                 context.connection.peer(), result.status().ToString());
    ReplyError(context.connection, fmt::format("blockChecksum {} received exception {}",
                                               op.block.ToString(), AsException(result.status())));
  }
  return AfterOperation::kClose;
}

}  // namespace cairn::datanode
