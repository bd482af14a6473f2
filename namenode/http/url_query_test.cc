// Targets of requests.
#include "namenode/http/url_query.h"

#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

TEST(UrlTarget, IsDecodedAsJavaEncodesIt) {
  const auto url = ParseUrlTarget("/fs%63k?ugi=joe&path=%2Fd%2Fa+b%2B%C3%A4&files=1&x&&files=2");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->path, "/fsck");
  EXPECT_EQ(url->Get("path", "/"), "/d/a b+\xc3\xa4");
  EXPECT_EQ(url->Get("files", ""), "1") << "the first value counts";
  EXPECT_TRUE(url->Has("x"));
  EXPECT_FALSE(url->Has("blocks"));
  EXPECT_EQ(url->Get("none", "other"), "other");
  EXPECT_EQ(ParseUrlTarget("/a+b")->path, "/a+b") << "a plus is a space in parameters only";
}

TEST(UrlTarget, HalfAnEscapeIsRefused) {
  for (const char* bad : {"/%", "/%4", "/%4g", "/?a=%zz", "/?%=1"}) {
    EXPECT_EQ(ParseUrlTarget(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace cairn::namenode
