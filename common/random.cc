// Random numbers and UUIDs.
#include "common/random.h"

#include "absl/strings/str_format.h"

namespace cairn {

Random::Random() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(), device(), device()};
  MutexLock lock(mu_);
  engine_.seed(seed);
}

Random::Random(uint64_t seed) : engine_(seed) {}

uint64_t Random::Next64() {
  MutexLock lock(mu_);
  return engine_();
}

uint64_t Random::Uniform(uint64_t bound) {
  MutexLock lock(mu_);
  return std::uniform_int_distribution<uint64_t>(0, bound - 1)(engine_);
}

std::string Random::Uuid() {
  const uint64_t hi = (Next64() & ~uint64_t{0xf000}) | 0x4000;
  const uint64_t lo = (Next64() & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", hi >> 32, (hi >> 16) & 0xffff, hi & 0xffff,
                         lo >> 48, lo & 0xffffffffffff);
}

std::string Random::Bytes(size_t n) {
  std::string out;
  out.reserve(n + 8);
  while (out.size() < n) {
    const uint64_t word = Next64();
    out.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  out.resize(n);
  return out;
}

}  // namespace cairn
