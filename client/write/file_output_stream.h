// OutputStream over the pipelines of a file's blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/base/client_context.h"
#include "client/base/lease_renewer.h"
#include "client/client_types.h"
#include "client/streams.h"
#include "client/write/data_streamer.h"
#include "client/write/packet_builder.h"
#include "common/threads.h"

namespace cairn::client {

// Thread-safe as OutputStream says.
class FileOutputStream : public OutputStream, private LeaseHolder {
 public:
  // A new file. `context` must outlive the stream.
  static absl::StatusOr<std::unique_ptr<OutputStream>> Create(ClientContext& context,
                                                              const std::string& path,
                                                              const CreateOptions& options);
  // An existing file, from its end.
  static absl::StatusOr<std::unique_ptr<OutputStream>> Append(ClientContext& context,
                                                              const std::string& path,
                                                              const AppendOptions& options);
  ~FileOutputStream() override;

  absl::Status Write(std::string_view data) override;
  absl::Status Hflush() override { return FlushAndWait(std::nullopt); }
  absl::Status Hsync(const SyncOptions& options) override { return FlushAndWait(options); }
  absl::Status Close() override;
  int64_t Tell() const override;
  const std::string& path() const override { return target_.file.path; }

 private:
  // For a file as append found it; a new one is `reply` without blocks.
  FileOutputStream(ClientContext& context, WriteTarget target, const AppendReply& reply,
                   bool sync_block);
  void Abort(const absl::Status& why) override;
  // Without `sync` only to memory.
  absl::Status FlushAndWait(const std::optional<SyncOptions>& sync);
  // Tells the NameNode the length of the last block when asked, and at a block's first flush.
  absl::Status TellLength(bool update_length);
  absl::Status CloseLocked() REQUIRES(mu_);
  absl::Status CompleteFile();

  ClientContext& context_;
  const WriteTarget target_;
  const bool sync_block_;
  DataStreamer streamer_;
  mutable Mutex mu_;
  PacketBuilder builder_ GUARDED_BY(mu_);
  int64_t position_ GUARDED_BY(mu_);
  BlockId told_block_ GUARDED_BY(mu_) = 0;  // the last one whose length the NameNode was told
  std::optional<absl::Status> closed_ GUARDED_BY(mu_);  // the result of Close
};

}  // namespace cairn::client
