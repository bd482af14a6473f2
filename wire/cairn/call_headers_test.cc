// Headers of a call: what is sent comes back, and nothing malformed is taken.
#include "wire/cairn/call_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/cairn/utf8.h"

namespace cairn::wire {
namespace {

TEST(CallHeaders, UserNamesSurviveTheTrip) {
  for (const std::string name : {"root", "a b", "100%", "Zo\xc3\xab", "x@EXAMPLE.COM"}) {
    const std::string header = EncodeUserName(name);
    for (const char c : header) EXPECT_TRUE(c > 0x20 && c < 0x7f) << header;
    const auto back = DecodeUserName(header);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, name);
  }
}

TEST(CallHeaders, BadUserNamesAreRefused) {
  for (const std::string header : {"", "%", "%4", "a%zz", "%00", "a%0ab", "%ff"}) {
    EXPECT_FALSE(DecodeUserName(header).ok()) << header;
  }
  EXPECT_FALSE(DecodeUserName(std::string(kMaxUserNameBytes + 1, 'a')).ok());
  EXPECT_TRUE(DecodeUserName(std::string(kMaxUserNameBytes, 'a')).ok());
  EXPECT_TRUE(DecodeUserName("a%41").ok());
}

TEST(CallHeaders, ClientIdsSurviveTheTrip) {
  const std::string id("\x00\x01\xfe\xff\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0", 16);
  EXPECT_EQ(EncodeClientId(id), "0001feff102030405060708090a0b0c0");
  EXPECT_EQ(DecodeClientId(EncodeClientId(id)).value(), id);
  EXPECT_FALSE(DecodeClientId("00").ok());
  EXPECT_FALSE(DecodeClientId(std::string(32, 'g')).ok());
}

TEST(CallHeaders, CallIdsAreNonNegative31BitNumbers) {
  EXPECT_EQ(DecodeCallId("0").value(), 0);
  EXPECT_EQ(DecodeCallId("2147483647").value(), 2147483647);
  for (const std::string header : {"", "-1", "2147483648", "99999999999", "1x", " 1"}) {
    EXPECT_FALSE(DecodeCallId(header).ok()) << header;
  }
}

TEST(Utf8, WellFormedTextIsToldFromOther) {
  EXPECT_TRUE(IsUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const std::string bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                "\xf5\x80\x80\x80", "\xf4\x90\x80\x80", "\xc3", "a\xff"}) {
    EXPECT_FALSE(IsUtf8(bad)) << testing::PrintToString(bad);
  }
}

TEST(Utf8, BadBytesAreReplacedAndLongTextsCut) {
  EXPECT_EQ(ToValidUtf8("a\xff"
                        "b\xc3\xa9",
                        100),
            "a?b\xc3\xa9");
  EXPECT_EQ(ToValidUtf8("0123456789", 10), "0123456789");
  EXPECT_EQ(ToValidUtf8("0123456789x", 10), "0123456...");
  EXPECT_EQ(ToValidUtf8("012345\xe2\x82\xac"
                        "89",
                        10),
            "012345...");
}

}  // namespace
}  // namespace cairn::wire
