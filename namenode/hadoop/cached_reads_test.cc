// Reads answered from the cache: the same bytes as messages, and nothing for other requests.
#include "namenode/hadoop/handlers/cached_reads.h"

#include <gtest/gtest.h>

#include "common/clock.h"
#include "namenode/frontend/testing/fake_core.h"
#include "namenode/hadoop/front_end.h"
#include "proto/hadoop/client_files.pb.h"
#include "proto/hadoop/client_tree.pb.h"
#include "wire/hdfs/convert.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

namespace pb = ::hadoop::hdfs;

FileStatus AFile() {
  FileStatus status;
  status.path = "f";
  status.owner = "ada";
  status.length = 17;
  return status;
}

// Has one file and one directory with that file in it.
class CachedNamespace : public testing::FakeNamespace {
 public:
  bool TryGetFileInfo(const Caller&, std::string_view path,
                      absl::FunctionRef<void(const FileStatusView&)> take) override {
    if (path == "/f") take(AFile());
    return path != "/uncached";
  }
  bool TryGetListing(const Caller&, const ListRequest& request,
                     absl::FunctionRef<void(const FileStatusView&)> take,
                     absl::FunctionRef<void(int64_t)> end) override {
    if (request.path != "/d") return true;
    take(AFile());
    end(request.start_after == "e" ? 5 : 0);
    return true;
  }
  bool TryGetBlockLocations(const Caller&, std::string_view path, int64_t offset, int64_t length,
                            absl::FunctionRef<void(const LocatedBlocks&)> take) override {
    if (path != "/f") return false;
    LocatedBlocks blocks;
    blocks.file_length = offset + length;
    take(blocks);
    return true;
  }
};

class CachedReadsTest : public ::testing::Test {
 protected:
  std::optional<std::string> Ask(CachedRead* read, const std::string& request) {
    const auto response = read(core_, {}, request, room_);
    return response ? std::optional(std::string(*response)) : std::nullopt;
  }

  CachedNamespace names_;
  testing::FakeBlockManager blocks_;
  testing::FakeAdmin admin_;
  FrontEndCore core_{.names = names_, .blocks = blocks_, .admin = admin_, .clock = SystemClock()};
  std::string room_;
};

TEST_F(CachedReadsTest, AStatus) {
  pb::GetFileInfoRequestProto request;
  request.set_src("/f");
  pb::GetFileInfoResponseProto response;
  wire::ToProto(AFile(), *response.mutable_fs());
  EXPECT_EQ(Ask(&GetFileInfoFromCache, request.SerializeAsString()), response.SerializeAsString());
  request.set_src("/missing");
  EXPECT_EQ(Ask(&GetFileInfoFromCache, request.SerializeAsString()), "");
  request.set_src("/uncached");
  EXPECT_EQ(Ask(&GetFileInfoFromCache, request.SerializeAsString()), std::nullopt);
}

TEST_F(CachedReadsTest, AListing) {
  pb::GetListingRequestProto request;
  request.set_src("/d");
  request.set_startafter("e");
  request.set_needlocation(false);
  pb::GetListingResponseProto response;
  wire::ToProto(AFile(), *response.mutable_dirlist()->add_partiallisting());
  response.mutable_dirlist()->set_remainingentries(5);
  EXPECT_EQ(Ask(&GetListingFromCache, request.SerializeAsString()), response.SerializeAsString());
  request.set_src("/missing");
  EXPECT_EQ(Ask(&GetListingFromCache, request.SerializeAsString()), "");
  request.set_needlocation(true);
  EXPECT_EQ(Ask(&GetListingFromCache, request.SerializeAsString()), std::nullopt);
}

TEST_F(CachedReadsTest, BlockLocations) {
  pb::GetBlockLocationsRequestProto request;
  request.set_src("/f");
  request.set_offset(1000);
  request.set_length(7);
  pb::GetBlockLocationsResponseProto response;
  LocatedBlocks blocks;
  blocks.file_length = 1007;
  wire::ToProto(blocks, *response.mutable_locations());
  EXPECT_EQ(Ask(&GetBlockLocationsFromCache, request.SerializeAsString()),
            response.SerializeAsString());
  request.set_src("/missing");
  EXPECT_EQ(Ask(&GetBlockLocationsFromCache, request.SerializeAsString()), std::nullopt);
}

TEST_F(CachedReadsTest, OtherRequestsAreTheHandlers) {
  pb::GetListingRequestProto whole;
  whole.set_src("/d");
  whole.set_startafter("");
  whole.set_needlocation(false);
  const std::string bytes = whole.SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Ask(&GetListingFromCache, bytes.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(Ask(&GetListingFromCache, bytes + "\x20\x01"), std::nullopt) << "a field too many";
  EXPECT_EQ(Ask(&GetListingFromCache, "\x0a\x7f/d"), std::nullopt) << "longer than the request";
}

}  // namespace
}  // namespace cairn::namenode::hadoop_handlers
