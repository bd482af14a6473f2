// Tests of delimited framing and the receive buffer.
#include "wire/transfer/framing.h"

#include <gtest/gtest.h>

#include <cstring>

#include "wire/transfer/testing/hex.h"

namespace cairn::wire {
namespace {

TEST(DelimitedSize, WaitsForThePrefix) {
  EXPECT_EQ(*DelimitedSize("", 100), 0u);
  EXPECT_EQ(*DelimitedSize(FromHex("80"), 100), 0u);
  EXPECT_EQ(*DelimitedSize(FromHex("05"), 100), 6u);
  EXPECT_EQ(*DelimitedSize(FromHex("ac02"), 1000), 302u);
}

TEST(DelimitedSize, RefusesMoreThanTheLimit) {
  EXPECT_TRUE(DelimitedSize(FromHex("64"), 100).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(DelimitedSize(FromHex("65"), 100).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(DelimitedSize(FromHex("ffffffff0f"), 100).status()));
}

TEST(DelimitedSize, RefusesAnEndlessVarint) {
  EXPECT_TRUE(absl::IsInvalidArgument(DelimitedSize(FromHex("8080808080"), 100).status()));
}

TEST(DelimitedBody, RefusesASizeThatDoesNotMatch) {
  EXPECT_EQ(*DelimitedBody(FromHex("02 6162")), "ab");
  EXPECT_FALSE(DelimitedBody(FromHex("03 6162")).ok());
  EXPECT_FALSE(DelimitedBody("").ok());
}

void Receive(ReceiveBuffer& buffer, std::string_view bytes, size_t message_bytes) {
  while (!bytes.empty()) {
    char* to = buffer.Prepare(message_bytes);
    ASSERT_GT(buffer.writable(), 0u);
    const size_t n = std::min(buffer.writable(), bytes.size());
    std::memcpy(to, bytes.data(), n);
    buffer.Commit(n);
    bytes.remove_prefix(n);
  }
}

TEST(ReceiveBuffer, KeepsWhatIsNotConsumed) {
  ReceiveBuffer buffer(8);
  Receive(buffer, "abcdef", 6);
  buffer.Consume(4);
  Receive(buffer, "ghijklmnopqrstuvwxyz", 22);
  EXPECT_EQ(buffer.view(), "efghijklmnopqrstuvwxyz");
  buffer.Consume(22);
  EXPECT_EQ(buffer.view(), "");
}

TEST(ReceiveBuffer, GrowsWithWhatWasSentNotWithWhatWasAnnounced) {
  ReceiveBuffer buffer(16);
  buffer.Prepare(16 << 20);
  EXPECT_EQ(buffer.writable(), 16u);
  Receive(buffer, std::string(16, 'x'), 16 << 20);
  buffer.Prepare(16 << 20);
  EXPECT_EQ(buffer.writable(), 16u);
}

}  // namespace
}  // namespace cairn::wire
