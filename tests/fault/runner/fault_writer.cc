// A client in a process of its own, to be killed: writes a file and says what was acknowledged.
// fault_writer NAMENODE PATH SEED flush|sync (ClientWork)
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tests/cluster/verifier.h"

namespace {

constexpr size_t kFlushBytes = 20'000;
constexpr size_t kMaxPieceBytes = 150'000;
constexpr std::chrono::milliseconds kPause(10);

void Say(const char* what, int64_t bytes) {
  std::printf("%s %lld.\n", what, static_cast<long long>(bytes));
  std::fflush(stdout);
}

absl::Status Write(const std::string& namenode, const std::string& path, uint64_t seed, bool sync) {
  cairn::client::ClientOptions options;
  options.namenode_address = namenode;
  options.block_size = 1 << 20;
  ASSIGN_OR_RETURN(const auto client, cairn::client::DfsClient::Connect(options));
  ASSIGN_OR_RETURN(const auto out, client->Create(path, {.replication = 3, .sync_block = sync}));
  Say("created", 0);
  std::mt19937_64 random(seed);
  for (int64_t done = 0;;) {
    const size_t piece = sync ? 1 + random() % kMaxPieceBytes : kFlushBytes;
    RETURN_IF_ERROR(out->Write(cairn::testing::PatternBytes(seed, done, piece)));
    done += static_cast<int64_t>(piece);
    const bool hsync = sync && random() % 2 == 0;
    RETURN_IF_ERROR(hsync ? out->Hsync() : out->Hflush());
    Say(hsync ? "synced" : "flushed", done);
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const absl::Status status =
      Write(argv[1], argv[2], std::stoull(argv[3]), std::string_view(argv[4]) == "sync");
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
