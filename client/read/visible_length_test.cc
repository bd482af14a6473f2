// Tests of the question for a visible length, against a server that plays a DataNode.
#include "client/read/visible_length.h"

#include <gtest/gtest.h>

#include "common/types/errors.h"
#include "ipc/server.h"
#include "proto/hadoop/ClientDatanodeProtocol.pb.h"

namespace cairn::client {
namespace {

using hadoop::hdfs::GetReplicaVisibleLengthRequestProto;
using hadoop::hdfs::GetReplicaVisibleLengthResponseProto;

TEST(VisibleLength, IsAskedOfTheDataNode) {
  const ExtendedBlock block{"BP-1", {.id = 42, .generation_stamp = 1001, .num_bytes = 600}};
  ipc::ServerOptions options;
  options.listen = {"127.0.0.1", 0};
  const auto handler =
      ipc::Unary<GetReplicaVisibleLengthRequestProto, GetReplicaVisibleLengthResponseProto>(
          [](const ipc::Call&, const auto& request, auto& response) {
            if (request.block().blockid() != 42) return errors::ReplicaNotFound("no such replica");
            EXPECT_EQ(request.block().poolid(), "BP-1");
            EXPECT_EQ(request.block().generationstamp(), 1001u);
            response.set_length(77);
            return absl::OkStatus();
          });
  const auto server = ipc::Server::Start(options,
                                         {{"org.apache.hadoop.hdfs.protocol.ClientDatanodeProtocol",
                                           1,
                                           {{"getReplicaVisibleLength", handler}}}},
                                         SystemClock());
  ASSERT_TRUE(server.ok()) << server.status();
  const DatanodeId node{
      .uuid = "u", .ip_addr = "127.0.0.1", .host_name = "localhost", .ipc_port = (*server)->port()};
  const auto length = AskVisibleLength(node, block, /*use_hostname=*/false, 10'000);
  ASSERT_TRUE(length.ok()) << length.status();
  EXPECT_EQ(*length, 77);
  EXPECT_EQ(AskVisibleLength(node, block, /*use_hostname=*/true, 10'000).value_or(-1), 77);
  EXPECT_TRUE(Is(AskVisibleLength(node, {"BP-1", {.id = 43}}, false, 10'000).status(),
                 ErrorKind::kReplicaNotFound));
  (*server)->Stop();
  EXPECT_TRUE(absl::IsUnavailable(AskVisibleLength(node, block, false, 10'000).status()));
}

}  // namespace
}  // namespace cairn::client
