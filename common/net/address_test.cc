// Addresses and URIs as users write them.
#include "common/net/address.h"

#include <gtest/gtest.h>

#include "common/net/local_address.h"

namespace cairn {
namespace {

TEST(ParseHostPort, TakesTheFormsHadoopTakes) {
  EXPECT_EQ(*ParseHostPort("nn:8020", 1), (HostPort{"nn", 8020}));
  EXPECT_EQ(*ParseHostPort("nn", 9870), (HostPort{"nn", 9870}));
  EXPECT_EQ(*ParseHostPort(":9870", 1), (HostPort{"", 9870}));
  EXPECT_EQ(*ParseHostPort("[::1]:8020", 1), (HostPort{"::1", 8020}));
  EXPECT_EQ(*ParseHostPort("[::1]", 7), (HostPort{"::1", 7}));
  EXPECT_EQ(*ParseHostPort("hdfs://nn:8020/a/b", 1), (HostPort{"nn", 8020}));
  EXPECT_EQ(*ParseHostPort("hdfs://nn", 8020), (HostPort{"nn", 8020}));
}

TEST(ParseHostPort, RefusesTheRestAndNamesIt) {
  for (const char* text : {"", "nn:", "nn:x", "nn:65536", "nn:-1", "::1", "[::1", "[::1]x", "a b:1",
                           "user@nn:1", "nn:1x"}) {
    const auto parsed = ParseHostPort(text, 1);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.status().message().find(text), absl::string_view::npos) << parsed.status();
  }
}

TEST(HostPort, PrintsIpv6WithBrackets) {
  EXPECT_EQ((HostPort{"::1", 80}).ToString(), "[::1]:80");
  EXPECT_EQ((HostPort{"localhost", 80}).ToString(), "localhost:80");
}

TEST(ParseUri, SplitsAndPrintsBack) {
  const Uri uri = *ParseUri("hdfs://nn:8020/a/b:c");
  EXPECT_EQ(uri, (Uri{"hdfs", {"nn", 8020}, "/a/b:c"}));
  for (const char* text : {"hdfs://nn:8020/a", "hdfs://nn/a", "file:///a", "/a/b", "a/b", "/a:b",
                           "hdfs://[::1]:8020/", "hdfs://nn"}) {
    EXPECT_EQ(ParseUri(text)->ToString(), text);
  }
  EXPECT_EQ(*ParseUri("file:/a"), (Uri{"file", {}, "/a"}));
}

TEST(ParseUri, RefusesABadAuthority) {
  EXPECT_FALSE(ParseUri("hdfs://nn:port/a").ok());
  EXPECT_FALSE(ParseUri("hd fs://nn/a").ok());
}

TEST(LocalAddress, IsOneOfThisMachine) {
  EXPECT_TRUE(IsLocalAddress("127.0.0.1"));
  EXPECT_FALSE(IsLocalAddress("192.0.2.1"));  // reserved for documentation
}

TEST(Resolve, KnowsNumericAddressesAndNamesAnUnknownHost) {
  EXPECT_EQ(Resolve({"127.0.0.1", 80})->front().ToString(), "127.0.0.1:80");
  EXPECT_EQ(Resolve({"::1", 80})->front().ToString(), "[::1]:80");
  const auto unknown = Resolve({"no-such-host.invalid", 80});
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.status().message().find("no-such-host.invalid"), absl::string_view::npos);
}

TEST(SocketAddress, ShowsAMappedIpv4AddressAsIpv4) {
  EXPECT_EQ(Resolve({"::ffff:10.0.0.1", 9})->front().ToString(), "10.0.0.1:9");
}

}  // namespace
}  // namespace cairn
