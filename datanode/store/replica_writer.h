// Writes one replica's block and meta file, packet by packet.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datanode/store/block_store.h"
#include "datanode/store/store_core.h"
#include "datanode/store/synced_tail.h"

namespace cairn::datanode {

// The writer of a replica of a StoreCore. Threads as ReplicaWriter says.
class LocalReplicaWriter : public ReplicaWriter {
 public:
  // What a transition hands over: the replica as it now is in its volume, its open files and how
  // its meta file is checksummed.
  struct Opened {
    StoredReplica replica;
    ReplicaFiles files;
    DataChecksum disk;
  };

  // Attaches to `opened.replica.active`; its latch is held by the caller. `core` must outlive this.
  LocalReplicaWriter(StoreCore& core, Opened opened, const WriteRequest& request);
  ~LocalReplicaWriter() override;

  Block block() const override;
  const std::string& storage_id() const override { return volume_->storage_id(); }
  const DataChecksum& disk_checksum() const override { return disk_; }
  int64_t bytes_on_disk() const override { return active_->progress().bytes_on_disk; }
  int64_t bytes_acked() const override { return active_->progress().bytes_acked; }

  absl::Status Write(int64_t offset, std::string_view data, std::string_view checksums,
                     bool verify) override;
  absl::Status Sync() override;
  void SetBytesAcked(int64_t bytes) override { active_->SetAcked(bytes); }
  absl::Status ConvertToRbw() override;
  absl::StatusOr<Block> Finalize(bool sync, std::string_view delete_hint) override;
  void Abort() override;

 private:
  // kAborted when detached or asked to stop, the earlier error after a failed write.
  absl::Status CheckUsable() const;
  absl::Status CheckPacket(int64_t offset, std::string_view data, std::string_view checksums,
                           bool verify) const;
  // The values to store for the chunks from that of `written` on, when `fresh` follows there.
  absl::StatusOr<std::string> ChecksumsToStore(const ActiveReplica::Progress& progress,
                                               int64_t offset, std::string_view fresh,
                                               std::string_view checksums) const;
  absl::Status StorePacket(const ActiveReplica::Progress& progress, std::string_view fresh,
                           const std::string& values);
  void RestoreAfterError(const ActiveReplica::Progress& progress);
  // The replica as it is in its volume now.
  StoredReplica Current() const;
  // What is there now must survive a power cut, whatever follows.
  void ProtectTail();
  void Detach();

  StoreCore& core_;
  const std::shared_ptr<Volume> volume_;
  const std::shared_ptr<ActiveReplica> active_;
  const BlockId id_;
  const GenerationStamp stamp_;
  const bool temporary_;
  const DataChecksum sender_;
  const DataChecksum disk_;
  ReplicaFiles files_;
  int64_t promised_ = 0;  // bytes of the space promise not used yet
  bool names_synced_ = false;
  std::optional<SyncedTail> synced_tail_;  // not yet kept in its file
  SyncedTailFile tail_file_;
  bool attached_ = true;
  absl::Status failed_;  // set by the first failing write: nothing is written after it
};

// Makes the replica, whose files are `from`, FINALIZED in its volume: cut files closed or synced by
// the caller, moved to the finalized directory under `stamp`, recorded with `length`, reported
// RECEIVED. The caller holds the latch.
absl::Status FinalizeReplica(StoreCore& core, const StoredReplica& replica, const ReplicaName& from,
                             GenerationStamp stamp, int64_t length, bool sync,
                             std::string_view delete_hint);

}  // namespace cairn::datanode
