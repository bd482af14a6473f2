// A client in a process of its own, to be killed: writes a file and says what was acknowledged.
// fault_writer NAMENODE PATH SEED
#include <cstdio>
#include <string>

#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tests/cluster/verifier.h"

namespace {

absl::Status Write(const std::string& namenode, const std::string& path, uint64_t seed) {
  cairn::client::ClientOptions options;
  options.namenode_address = namenode;
  options.block_size = 1 << 20;
  ASSIGN_OR_RETURN(const auto client, cairn::client::DfsClient::Connect(options));
  ASSIGN_OR_RETURN(const auto out, client->Create(path));
  for (int64_t done = 0;; done += 20'000) {
    RETURN_IF_ERROR(out->Write(cairn::testing::PatternBytes(seed, done, 20'000)));
    RETURN_IF_ERROR(out->Hflush());
    std::printf("flushed %lld\n", static_cast<long long>(done + 20'000));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const absl::Status status = Write(argv[1], argv[2], std::stoull(argv[3]));
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
