// Addresses of peers, as gRPC spells them.
#include "namenode/grpc/caller_resolver.h"

#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

TEST(PeerAddress, IsTheBareAddress) {
  EXPECT_EQ(PeerAddress("ipv4:127.0.0.1:4711"), "127.0.0.1");
  EXPECT_EQ(PeerAddress("ipv6:[::1]:4711"), "::1");
  EXPECT_EQ(PeerAddress("ipv6:%5B2001:db8::7%5D:4711"), "2001:db8::7");
  EXPECT_EQ(PeerAddress("ipv6:[::ffff:10.0.0.1]:4711"), "10.0.0.1");
  EXPECT_EQ(PeerAddress("unix:"), "unix:");
}

}  // namespace
}  // namespace cairn::namenode
