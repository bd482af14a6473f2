// Names of shared memory segments and of slots in them (Hadoop 3.4: ShortCircuitShm).
#pragma once

#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace cairn::wire {

// A segment: 128 random bits.
struct ShmId {
  int64_t hi = 0;
  int64_t lo = 0;

  // 32 hexadecimal digits, as in HDFS's messages.
  std::string ToString() const {
    return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(hi), static_cast<uint64_t>(lo));
  }
  friend bool operator==(const ShmId&, const ShmId&) = default;
  friend auto operator<=>(const ShmId&, const ShmId&) = default;
};

// One slot of a segment.
struct ShmSlot {
  ShmId shm;
  int32_t index = 0;

  friend bool operator==(const ShmSlot&, const ShmSlot&) = default;
};

}  // namespace cairn::wire
