// A shared memory segment and its slots: how a client learns at once that a replica whose files it
// holds is no longer current (Hadoop 3.4: ShortCircuitShm).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/net/unix_socket.h"
#include "common/types/ids.h"
#include "wire/transfer/shm_slot.h"

namespace cairn::datanode {

// The bits of a slot's word, which client and DataNode change by compare-and-swap.
inline constexpr uint64_t kSlotValid = uint64_t{1} << 63;
inline constexpr uint64_t kSlotAnchorable = uint64_t{1} << 62;  // no checksums needed: in memory
inline constexpr uint64_t kSlotAnchors = 0x7fffffff;            // how many readers rely on it

inline constexpr size_t kSlotBytes = 64;  // of which the first eight are the word
inline constexpr size_t kSegmentBytes = 8192;
inline constexpr int32_t kSlotsPerSegment = kSegmentBytes / kSlotBytes;

// Thread-compatible: the registry's lock guards it. The memory is the client's, too: nothing in it
// is trusted but to be 64 bits.
class ShmSegment {
 public:
  // Makes a segment of memory that no file name leads to.
  static absl::StatusOr<std::unique_ptr<ShmSegment>> Make(wire::ShmId id,
                                                          const std::string& client);
  ~ShmSegment();
  ShmSegment(const ShmSegment&) = delete;
  ShmSegment& operator=(const ShmSegment&) = delete;

  const wire::ShmId& id() const { return id_; }
  const std::string& client() const { return client_; }
  // To be passed to the client.
  int fd() const { return fd_.get(); }

  // Ties the slot to the block; the client has made it valid. kInvalidArgument: out of range, in
  // use, or not valid. It is not anchorable: nothing is held in memory for clients.
  absl::Status Register(int32_t index, BlockId block);
  // Makes the slot invalid and frees it; returns its block. kInvalidArgument when it is not in use.
  absl::StatusOr<BlockId> Unregister(int32_t index);
  // The client must no longer rely on the replica; the slot stays the client's until it releases
  // it.
  void Invalidate(int32_t index);
  // The slot's block; empty when it is not in use.
  std::optional<BlockId> BlockOf(int32_t index) const;

 private:
  ShmSegment(wire::ShmId id, std::string client, OwnedFd fd, void* memory)
      : id_(id), client_(std::move(client)), fd_(std::move(fd)), memory_(memory) {}

  std::atomic_ref<uint64_t> Word(int32_t index) const;

  const wire::ShmId id_;
  const std::string client_;
  const OwnedFd fd_;
  void* const memory_;
  std::array<std::optional<BlockId>, kSlotsPerSegment> blocks_;
};

}  // namespace cairn::datanode
