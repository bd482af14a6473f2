// mmap and compare-and-swap.
#include "datanode/shortcircuit/shm_segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "common/status_macros.h"

namespace cairn::datanode {
namespace {

absl::Status Failure(std::string_view doing) {
  return absl::ResourceExhaustedError(
      fmt::format("{}: {}", doing, std::generic_category().message(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShmSegment>> ShmSegment::Make(wire::ShmId id,
                                                             const std::string& client) {
  OwnedFd fd(::memfd_create("HadoopShortCircuitShm", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0) return Failure("Cannot make a shared memory segment");
  // Sealed: a client that cuts it would have us touch memory that is no longer there.
  if (::ftruncate(fd.get(), kSegmentBytes) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Failure("Cannot size a shared memory segment");
  }
  void* memory = ::mmap(nullptr, kSegmentBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return Failure("Cannot map a shared memory segment");
  return std::unique_ptr<ShmSegment>(new ShmSegment(id, client, std::move(fd), memory));
}

ShmSegment::~ShmSegment() { ::munmap(memory_, kSegmentBytes); }

std::atomic_ref<uint64_t> ShmSegment::Word(int32_t index) const {
  char* slot = static_cast<char*>(memory_) + static_cast<size_t>(index) * kSlotBytes;
  return std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(slot));
}

std::optional<BlockId> ShmSegment::BlockOf(int32_t index) const {
  if (index < 0 || index >= kSlotsPerSegment) return std::nullopt;
  return blocks_[static_cast<size_t>(index)];
}

absl::Status ShmSegment::Register(int32_t index, BlockId block) {
  if (index < 0 || index >= kSlotsPerSegment) {
    return absl::InvalidArgumentError(
        fmt::format("there is no slot {} in a shared memory segment", index));
  }
  if (BlockOf(index)) {
    return absl::InvalidArgumentError(
        fmt::format("shared memory segment {} already has slot {} in use", id_.ToString(), index));
  }
  if ((Word(index).load() & kSlotValid) == 0) {
    return absl::InvalidArgumentError(fmt::format(
        "slot {} of shared memory segment {} is not marked as valid", index, id_.ToString()));
  }
  Word(index).fetch_and(~kSlotAnchorable);
  blocks_[static_cast<size_t>(index)] = block;
  return absl::OkStatus();
}

absl::StatusOr<BlockId> ShmSegment::Unregister(int32_t index) {
  const std::optional<BlockId> block = BlockOf(index);
  if (!block) {
    return absl::InvalidArgumentError(
        fmt::format("slot {} of shared memory segment {} is not in use", index, id_.ToString()));
  }
  Invalidate(index);
  blocks_[static_cast<size_t>(index)].reset();
  return *block;
}

void ShmSegment::Invalidate(int32_t index) { Word(index).fetch_and(~kSlotValid); }

}  // namespace cairn::datanode
