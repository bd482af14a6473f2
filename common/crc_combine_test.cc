// Tests of composing CRCs.
#include "common/crc_combine.h"

#include <gtest/gtest.h>

#include "common/coding.h"

namespace cairn {
namespace {

std::string Data(size_t n) {
  std::string data(n, '\0');
  for (size_t i = 0; i < n; ++i) data[i] = static_cast<char>(i * 131 + i / 7);
  return data;
}

TEST(CombineCrc, EqualsTheCrcOfTheWhole) {
  const std::string data = Data(5000);
  for (const ChecksumType type : {ChecksumType::kCrc32, ChecksumType::kCrc32c}) {
    const DataChecksum checksum{type, 512};
    for (const size_t cut : {0u, 1u, 511u, 512u, 4999u, 5000u}) {
      EXPECT_EQ(CombineCrc(type, checksum.Value(std::string_view(data).substr(0, cut)),
                           checksum.Value(std::string_view(data).substr(cut)),
                           static_cast<int64_t>(data.size() - cut)),
                checksum.Value(data));
    }
  }
}

TEST(CrcComposer, ComposesChunksAndAPartialTail) {
  const std::string data = Data(1300);
  const DataChecksum checksum{ChecksumType::kCrc32c, 512};
  CrcComposer composer(ChecksumType::kCrc32c, 0);
  for (size_t at = 0; at < data.size(); at += 512) {
    const std::string_view chunk = std::string_view(data).substr(at, 512);
    composer.Add(checksum.Value(chunk), static_cast<int64_t>(chunk.size()));
  }
  std::string expected;
  PutBigEndian<uint32_t>(expected, checksum.Value(data));
  EXPECT_EQ(composer.Finish(), expected);
}

TEST(CrcComposer, OneValuePerStripe) {
  const std::string data = Data(2048 + 100);
  const DataChecksum checksum{ChecksumType::kCrc32, 512};
  CrcComposer composer(ChecksumType::kCrc32, 1024);
  std::string expected;
  for (size_t at = 0; at < data.size(); at += 512) {
    const std::string_view chunk = std::string_view(data).substr(at, 512);
    composer.Add(checksum.Value(chunk), static_cast<int64_t>(chunk.size()));
  }
  for (size_t at = 0; at < data.size(); at += 1024) {
    PutBigEndian<uint32_t>(expected, checksum.Value(std::string_view(data).substr(at, 1024)));
  }
  EXPECT_EQ(composer.Finish(), expected);
}

}  // namespace
}  // namespace cairn
