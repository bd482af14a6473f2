// The DataNode's replicas on its disks: the interface that transfers, reports and recovery use.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data_checksum.h"
#include "common/types/block.h"
#include "datanode/store/store_types.h"

namespace cairn::datanode {

// Receives one block. At most one writer is attached to a replica. Write, Sync, ConvertToRbw,
// Finalize and Abort are called by one thread at a time; SetBytesAcked and the getters may be
// called from any thread meanwhile.
//
// Once a recovery has asked this writer to stop (WriteRequest::stop_writer was called), every call
// fails with kAborted and changes nothing; destroy the writer without delay, the recovery waits.
// Destruction without Finalize is Abort. The store must outlive its writers.
class ReplicaWriter {
 public:
  virtual ~ReplicaWriter() = default;

  // The replica's block id, its current generation stamp, and bytes received so far.
  virtual Block block() const = 0;
  virtual const std::string& storage_id() const = 0;
  // How the meta file is checksummed. It differs from the sender's for replicas that existed
  // before; Write then verifies with the sender's and stores its own.
  virtual const DataChecksum& disk_checksum() const = 0;
  // Bytes of the replica that Write has taken; readers see bytes_acked() of them.
  virtual int64_t bytes_on_disk() const = 0;
  virtual int64_t bytes_acked() const = 0;

  // Takes one packet: `data` belongs at `offset` of the block, `checksums` are the sender's
  // (WriteRequest::checksum), one per chunk of the sender's size that `data` begins, counted from
  // `offset`; empty when the sender sends none. With `verify` (last node of a pipeline, DN-to-DN
  // copies) data is compared with them first, and always when the checksums of disk and sender
  // differ or the packet continues a chunk. Bytes below bytes_on_disk() are a re-send and skipped,
  // except that the stored checksum of a partial last chunk is replaced (from the sender when the
  // packet starts at its boundary, else computed after the stored one was checked).
  // Durability: on success data and checksums are in the page cache (HDFS's flush), not on the
  // disk. Errors: kChecksum (errors.h; nothing was written, the sender is to blame),
  // kInvalidArgument (offset beyond the bytes received, checksums of the wrong length, a packet
  // from within a chunk that passes its end), kDiskOutOfSpace, else the disk's error. After a disk
  // error the replica is still consistent at its former length.
  virtual absl::Status Write(int64_t offset, std::string_view data, std::string_view checksums,
                             bool verify) = 0;
  // Makes everything written so far durable on return: data, checksums and, the first time, the
  // directory entries (hsync).
  virtual absl::Status Sync() = 0;
  // Raises what readers may see to `bytes`; call when an all-success ack goes upstream. Lower
  // values and values beyond bytes_on_disk() are clamped. Nothing on disk changes.
  virtual void SetBytesAcked(int64_t bytes) = 0;

  // Ends the writing of a TEMPORARY replica and makes it RBW with every byte acked (TRANSFER_RBW);
  // reported RECEIVING, so that it goes when the pipeline it was meant for never comes to be.
  // Durability: all of it survives a power cut on return, for it stands in for a replica that may
  // have been synced. The writer is detached, also on error.
  virtual absl::Status ConvertToRbw() = 0;
  // Ends the writing: the replica becomes FINALIZED with the bytes received, is moved to the
  // finalized directory and reported RECEIVED with `delete_hint` (uuid of the DataNode that should
  // drop its copy; empty: none). Durability: with `sync` data, checksums and directory entries
  // survive a power cut on return, and so they do when the replica was ever synced before (hsync,
  // append); else as after Write. A crash of the process alone never
  // loses it. Returns the finalized block. Errors leave an RBW (a TEMPORARY is removed); detached.
  virtual absl::StatusOr<Block> Finalize(bool sync, std::string_view delete_hint) = 0;
  // Detaches: a TEMPORARY replica is removed, an RBW stays for recovery. Idempotent.
  virtual void Abort() = 0;
};

// A pinned snapshot of one replica: it stays readable and unchanged while the reader lives, even
// if the replica grows, is finalized or deleted meanwhile. (A recovery that truncates it below the
// snapshot turns reads beyond the new end into kDataLoss.) Const calls are thread-safe.
class ReplicaReader {
 public:
  virtual ~ReplicaReader() = default;

  // Id, generation stamp and, as num_bytes, the length of the snapshot.
  virtual const Block& block() const = 0;
  virtual ReplicaState state() const = 0;
  virtual const std::string& storage_id() const = 0;
  // Bytes acknowledged to the writer; a FINALIZED replica's whole length. At most block().num_bytes
  // and what clients may be told the length is; reads may go on to the end of the snapshot because
  // whole chunks are sent.
  virtual int64_t visible_length() const = 0;
  // kNull only when the replica was written without checksums.
  virtual const DataChecksum& checksum() const = 0;

  // The block file, positioned by byte of the block, for sendfile. Bytes at or beyond
  // block().num_bytes are not part of the snapshot: never send them. Owned by this object.
  virtual int data_fd() const = 0;
  // The meta file, for local readers that get both files. Owned by this object.
  virtual int meta_fd() const = 0;
  // Reads exactly `n` bytes at `offset` of the data, without verifying them. kDataLoss when the
  // file is shorter than the snapshot (the replica is reported).
  virtual absl::Status ReadData(int64_t offset, size_t n, char* out) const = 0;
  // Appends the stored checksums of [offset, offset + n) to `out`: `offset` on a chunk boundary,
  // the end on one or at block().num_bytes (else kInvalidArgument). That of the last, partial chunk
  // is the one that belongs to block().num_bytes, whatever a writer has made of it since.
  virtual absl::Status ReadChecksums(int64_t offset, int64_t n, std::string& out) const = 0;
  // ReadData and ReadChecksums of a chunk-aligned range, compared: kChecksum on a mismatch, and the
  // replica is reported bad.
  virtual absl::Status ReadVerified(int64_t offset, size_t n, char* out) const = 0;
};

// All replicas of one block pool on all volumes. Thread-safe; calls on one block run one after
// another, calls on different blocks in parallel, and no lock is held across disk I/O.
//
// Errors everywhere: kReplicaNotFound, kReplicaAlreadyExists, kChecksum, kDiskOutOfSpace
// (errors.h); kFailedPrecondition when state, generation stamp or length forbid the call;
// kUnavailable when a writer did not stop in time; kDataLoss and kInternal for a failing disk,
// which is then checked in the background and dropped if it fails again. On error nothing changed
// unless said otherwise.
//
// Durability everywhere: a changed generation stamp, state or name survives a crash of the process
// on return; a power cut may undo it unless the call says that it syncs, but never leaves a replica
// that is wrong, only one that is older, shorter or (never synced) gone.
class BlockStore {
 public:
  virtual ~BlockStore() = default;

  // Receives events from now on; null stops them. Bad replicas and failed volumes found before are
  // told at once. When a call returns the former listener is no longer in use.
  virtual void SetListener(StoreListener* listener) = 0;

  // Calls `changed` from now on whenever a replica is changed, hidden or removed in a way that ends
  // what those who hold its files may rely on; from many threads and under locks: it must be quick
  // and not call the store. Null ends that; when the call returns the former one is no longer used.
  virtual void WatchReplicas(ReplicaWatch changed) = 0;

  // Identity, stable over restarts, and the pool all blocks belong to.
  virtual const std::string& datanode_uuid() const = 0;
  virtual const std::string& cluster_id() const = 0;
  virtual const std::string& pool_id() const = 0;

  // ---- Writers (data-transfer stages; HDFS 3.4 FsDatasetImpl). `request.stop_writer` belongs to
  // the writer returned. Calls that find another writer on the replica stop it first and wait up to
  // StoreOptions::stop_writer_timeout_ms.

  // PIPELINE_SETUP_CREATE: a new, empty RBW; reported RECEIVING. An existing replica is
  // kReplicaAlreadyExists, unless latest_generation_stamp is above the replica's: then it is
  // deleted first. The stamp is latest_generation_stamp when that is not 0.
  virtual absl::StatusOr<std::unique_ptr<ReplicaWriter>> CreateRbw(const WriteRequest& request) = 0;
  // DN-to-DN copies and TRANSFER_*: a new, empty TEMPORARY, invisible to readers and reports.
  // kReplicaAlreadyExists when the existing stamp is not below the block's, or the replica is
  // FINALIZED and this is no transfer; otherwise the older replica is deleted first. (A transfer
  // is for a pipeline, whose stamp the NameNode gave: what is older is stale.)
  virtual absl::StatusOr<std::unique_ptr<ReplicaWriter>> CreateTemporary(
      const WriteRequest& request) = 0;
  // PIPELINE_SETUP_APPEND: FINALIZED → RBW with latest_generation_stamp, which must not be below
  // the replica's; length must be min_bytes_received. Reported RECEIVING. Syncs the names.
  virtual absl::StatusOr<std::unique_ptr<ReplicaWriter>> Append(const WriteRequest& request) = 0;
  // …_APPEND_RECOVERY: as Append, from FINALIZED or RBW with a stamp in [block's, latest].
  virtual absl::StatusOr<std::unique_ptr<ReplicaWriter>> RecoverAppend(
      const WriteRequest& request) = 0;
  // …_STREAMING_RECOVERY: an RBW with a stamp in [block's, latest], bytes acked ≥ min, received ≤
  // max; cut to the bytes acked, stamp := latest.
  virtual absl::StatusOr<std::unique_ptr<ReplicaWriter>> RecoverRbw(
      const WriteRequest& request) = 0;
  // …_CLOSE_RECOVERY: FINALIZED or RBW of length min_bytes_received; stamp := latest, finalized,
  // reported RECEIVED. Returns the storage id. No packets follow. Durable: the lost last packet may
  // have asked for that.
  virtual absl::StatusOr<std::string> RecoverClose(const WriteRequest& request) = 0;

  // ---- Readers.

  // Opens the replica with `block.id`, whose stamp must not be below the block's; a newer one is
  // served. TEMPORARY and RWR are not readable (kFailedPrecondition). For an RBW waits up to 3 s
  // until `wait_for_bytes` are acked, then returns the snapshot as it is: the caller checks its
  // range. A missing, short or malformed meta file is kChecksum, and the replica is reported.
  virtual absl::StatusOr<std::unique_ptr<ReplicaReader>> OpenReader(const Block& block,
                                                                    int64_t wait_for_bytes) = 0;
  // What is known of the replica; kReplicaNotFound otherwise. No disk access.
  virtual absl::StatusOr<ReplicaInfo> Get(BlockId id) const = 0;
  // ClientDatanodeProtocol.getReplicaVisibleLength; the stamp must not be below the block's.
  virtual absl::StatusOr<int64_t> VisibleLength(const Block& block) const = 0;

  // ---- Lease recovery (InterDatanodeProtocol; data-transfer section 9).

  // Stops the writer and moves the replica under recovery with `recovery_id`; empty when there is
  // no replica. RecoveryInProgress (errors.h) when a recovery with this or a later id runs.
  virtual absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitReplicaRecovery(
      const Block& block, GenerationStamp recovery_id) = 0;
  // Ends it: the replica under recovery `recovery_id` is cut to `new_length` (never grown), gets
  // the id as its stamp, is finalized durably and reported RECEIVED. Returns the storage id.
  virtual absl::StatusOr<std::string> UpdateReplicaUnderRecovery(const Block& old_block,
                                                                 GenerationStamp recovery_id,
                                                                 int64_t new_length) = 0;

  // ---- Moves and restarts.

  // Moves a FINALIZED replica with exactly the block's stamp to another volume of this DataNode: a
  // verified, durable copy replaces it, reported RECEIVED there and DELETED here.
  // kReplicaAlreadyExists when it is on the wished storage already.
  virtual absl::Status MoveToStorage(const MoveRequest& request) = 0;
  // This process is about to end and comes back soon: replicas being written stay RBW for a store
  // that is opened within `budget_ms`, instead of waiting for recovery. Call when no writer is
  // left.
  virtual void AnnounceRestart(int64_t budget_ms) = 0;

  // ---- Deletion and checks.

  // Marks replicas for deletion: from now on they are neither read nor listed; their files go in
  // the background at StoreOptions::deletions_per_second, then DELETED is reported. Blocks that are
  // unknown or have another stamp are skipped and logged. A restart before that brings them back.
  virtual void Invalidate(const std::vector<Block>& blocks) = 0;
  // Has the block scanner verify this replica soon: a client or peer found it corrupt.
  virtual void Suspect(const Block& block) = 0;

  // ---- Reports.

  // One entry per volume in service.
  virtual std::vector<StorageUsage> Usage() const = 0;
  // Volumes dropped since the start, also those that could not be opened.
  virtual std::vector<VolumeFailure> FailedVolumes() const = 0;
  // The full report of a storage: a consistent snapshot, sorted by block id, of everything but
  // TEMPORARY and invalidated replicas, with a number of its own among those of the changes. A
  // replica under recovery is listed as what it was. kNotFound for a storage not in service.
  virtual absl::StatusOr<ReplicaListing> List(std::string_view storage_id) const = 0;
  // OK, or why the DataNode must stop: more volumes failed than failed_volumes_tolerated, or none
  // is left.
  virtual absl::Status Health() const = 0;

  // ---- Volumes.

  // Has exactly these directories in service: new ones are opened as OpenBlockStore does and their
  // replicas served, those no longer named are let go of, their writers stopped. What cannot be
  // done is named in the error, the rest is done; a change of a directory's storage type is
  // refused. Of a block that is on a new volume and on another, the other one's replica stays.
  // kInvalidArgument, and nothing is done, for no directory at all. One call at a time.
  virtual absl::Status SetVolumes(const std::vector<VolumeOptions>& volumes) = 0;

  // ---- Maintenance; the store runs these by itself, tests and tools call them directly. Each
  // returns when done and may run beside everything else.

  virtual void RunDirectoryScan() = 0;
  virtual void RunBlockScan() = 0;
  // Waits until the files of all invalidated replicas are gone.
  virtual void DrainDeletions() = 0;
};

// Opens every volume for `pool`: locks it, formats it when it is new, refuses it when it belongs to
// another cluster or pool, loads its replicas, and starts the background work of the store.
// Volumes that fail to open are dropped as far as failed_volumes_tolerated allows; a foreign one
// is always an error (kFailedPrecondition, naming directory and id). Everything in `env` must
// outlive the store.
absl::StatusOr<std::unique_ptr<BlockStore>> OpenBlockStore(const StoreOptions& options,
                                                           const PoolIdentity& pool,
                                                           const StoreEnv& env);

}  // namespace cairn::datanode
