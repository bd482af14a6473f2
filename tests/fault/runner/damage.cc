// Damages files.
#include "tests/fault/runner/damage.h"

#include <fmt/format.h>

#include <fstream>

namespace cairn::fault {
namespace {

constexpr int64_t kChecksumTypeAt = 2;  // behind the version of the meta file

char ByteAt(const std::filesystem::path& file, int64_t at) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(at);
  return static_cast<char>(in.get());
}

void SetByte(const std::filesystem::path& file, int64_t at, char byte) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(at);
  out.put(byte);
}

}  // namespace

std::string CutFile(const std::filesystem::path& file, int64_t length) {
  const auto size = std::filesystem::file_size(file);
  std::filesystem::resize_file(file, static_cast<uintmax_t>(length));
  return fmt::format("{} cut to {} of {}", file.string(), length, size);
}

std::string FlipBit(const std::filesystem::path& file, int64_t at, int bit) {
  SetByte(file, at, static_cast<char>(ByteAt(file, at) ^ (1 << bit)));
  return fmt::format("{}: bit {} of byte {} flipped", file.string(), bit, at);
}

std::string SetChecksumType(const std::filesystem::path& meta, char type) {
  SetByte(meta, kChecksumTypeAt, type);
  return fmt::format("{}: checksum type {}", meta.string(), static_cast<int>(type));
}

}  // namespace cairn::fault
