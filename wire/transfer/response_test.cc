// Round trips and refusals of replies and read statuses.
#include "wire/transfer/response.h"

#include <gtest/gtest.h>

#include "wire/transfer/testing/hex.h"

namespace cairn::wire {
namespace {

OpResponse FullResponse() {
  return {
      .status = OpStatus::kError,
      .first_bad_link = "127.0.0.1:9866",
      .checksum_result =
          BlockChecksumResult{
              512, 8, std::string(16, 'm'), ChecksumType::kCrc32c, {BlockChecksumType::kMd5Crc, 0}},
      .read_info = ReadChecksumInfo{{ChecksumType::kCrc32, 1024}, 4096},
      .message = "why"};
}

TEST(OpResponse, RoundTripsWithEveryField) {
  const std::string bytes = EncodeResponse(FullResponse());
  EXPECT_EQ(*ResponseSize(bytes), bytes.size());
  const auto response = DecodeResponse(bytes);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(*response, FullResponse());
}

TEST(OpResponse, AnEmptyFirstBadLinkIsKept) {
  EXPECT_EQ(ToHex(EncodeResponse({.status = OpStatus::kSuccess, .first_bad_link = ""})),
            "0408001200");
  EXPECT_EQ(DecodeResponse(FromHex("0408001200"))->first_bad_link, "");
  EXPECT_FALSE(DecodeResponse(FromHex("020800"))->first_bad_link.has_value());
}

TEST(OpResponse, RefusesTruncationAtEveryByte) {
  const std::string bytes = EncodeResponse(FullResponse());
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(DecodeResponse(bytes.substr(0, n)).ok());
}

TEST(OpResponse, RefusesImpossibleChecksumParameters) {
  OpResponse response = FullResponse();
  response.read_info->checksum.bytes_per_checksum = 0;
  EXPECT_FALSE(DecodeResponse(EncodeResponse(response)).ok());
}

TEST(OpResponse, RefusesAnUnknownStatusAndAnOversizedMessage) {
  EXPECT_FALSE(DecodeResponse(FromHex("02087f")).ok());
  EXPECT_FALSE(ResponseSize(FromHex("ffffff7f")).ok());
}

TEST(ReadStatus, RoundTrips) {
  EXPECT_EQ(ToHex(EncodeReadStatus(OpStatus::kChecksumOk)), "020806");
  EXPECT_EQ(*ReadStatusSize(FromHex("020806")), 3u);
  EXPECT_EQ(*DecodeReadStatus(FromHex("020806")), OpStatus::kChecksumOk);
  EXPECT_FALSE(DecodeReadStatus(FromHex("00")).ok());
}

}  // namespace
}  // namespace cairn::wire
