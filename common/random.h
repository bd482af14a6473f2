// Randomness, injected so that a seed repeats a run.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "common/threads.h"

namespace cairn {

// A source of random numbers. Thread-safe.
class Random {
 public:
  // Seeded from the operating system.
  Random();
  // Repeats the same sequence for the same seed.
  explicit Random(uint64_t seed);

  // Uniform over all 64-bit values.
  uint64_t Next64();
  // Uniform in [0, bound); bound must be positive.
  uint64_t Uniform(uint64_t bound);
  // A random version-4 UUID in its canonical lower-case form.
  std::string Uuid();
  // `n` random bytes.
  std::string Bytes(size_t n);

 private:
  Mutex mu_;
  std::mt19937_64 engine_ GUARDED_BY(mu_);
};

}  // namespace cairn
