// SIGKILL in the middle of work: what a writer was told is on disk is there for the next process.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

// What the child tells its parent after each call that succeeded.
struct Ack {
  BlockId id = 0;
  int64_t bytes = 0;
  bool finalized = false;
};

class CrashTest : public StoreTest, public ::testing::WithParamInterface<int> {
 protected:
  static constexpr size_t kBlockBytes = 6000;
  static std::string Content(BlockId id) { return Bytes(kBlockBytes, static_cast<uint64_t>(id)); }

  static void Tell(int pipe, const Ack& ack) {
    if (::write(pipe, &ack, sizeof(ack)) != static_cast<ssize_t>(sizeof(ack))) ::_exit(1);
  }

  // Writes, recovers, finalizes and appends to one block after the other until it is killed.
  void Work(int pipe, uint64_t seed) {
    Random dice(seed);
    if (!TryOpen().ok()) ::_exit(2);
    for (BlockId id = 1;; ++id) {
      const std::string content = Content(id);
      GenerationStamp stamp = kStamp;
      auto writer = store->CreateRbw(Request(id));
      if (!writer.ok()) ::_exit(3);
      int64_t length = 0;
      while (length < static_cast<int64_t>(kBlockBytes)) {
        const int64_t begin = length / 512 * 512;
        const auto end =
            std::min<int64_t>(kBlockBytes, length + 1 + static_cast<int64_t>(dice.Uniform(1500)));
        const std::string_view packet = std::string_view(content).substr(begin, end - begin);
        if (!Put(**writer, begin, packet).ok()) ::_exit(4);
        length = end;
        (*writer)->SetBytesAcked(length);
        Tell(pipe, {id, length, false});
        if (dice.Uniform(3) != 0) continue;
        // Finalize and append, or recover the pipeline.
        WriteRequest request = Request(id, stamp, stamp + 1);
        request.min_bytes_received = length;
        request.max_bytes_received = length;
        ++stamp;
        if (dice.Uniform(2) == 0) {
          if (!(*writer)->Finalize(false, "").ok()) ::_exit(5);
          Tell(pipe, {id, length, false});
          writer = store->Append(request);
        } else {
          (*writer)->Abort();
          writer = store->RecoverRbw(request);
        }
        if (!writer.ok()) ::_exit(6);
      }
      if (!(*writer)->Finalize(false, "").ok()) ::_exit(7);
      Tell(pipe, {id, length, true});
    }
  }

  void Check(const Ack& ack) {
    const auto info = store->Get(ack.id);
    ASSERT_TRUE(info.ok()) << ack.id << ": " << info.status();
    ASSERT_GE(info->block.num_bytes, ack.bytes) << ack.id;
    if (ack.finalized) EXPECT_EQ(info->state, ReplicaState::kFinalized) << ack.id;
    if (info->state == ReplicaState::kWaitingToBeRecovered) {
      ASSERT_TRUE(store->InitReplicaRecovery(info->block, 5000).ok());
      ASSERT_TRUE(store->UpdateReplicaUnderRecovery(info->block, 5000, info->block.num_bytes).ok());
    }
    const auto read = ReadAll(ack.id);
    ASSERT_TRUE(read.ok()) << ack.id << ": " << read.status();
    EXPECT_EQ(*read, Content(ack.id).substr(0, read->size())) << ack.id;
  }
};

TEST_P(CrashTest, EveryWriteThatReturnedSurvivesSigkill) {
  const auto seed = static_cast<uint64_t>(GetParam());
  SCOPED_TRACE(fmt::format("seed {}", seed));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[0]);
    Work(ends[1], seed);
    ::_exit(0);
  }
  ::close(ends[1]);
  Random moment(seed + 1000);
  uint64_t acks_left = 20 + moment.Uniform(60);
  std::map<BlockId, Ack> acked;
  Ack ack;
  while (::read(ends[0], &ack, sizeof(ack)) == static_cast<ssize_t>(sizeof(ack))) {
    acked[ack.id] = ack;
    if (--acks_left == 0) ::kill(child, SIGKILL);  // and go on with what is still in the pipe
  }
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child gave up with " << WEXITSTATUS(status);
  Open();
  EXPECT_TRUE(listener.TakeBad().empty());
  for (const auto& [id, last] : acked) Check(last);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CrashTest, ::testing::Range(1, 9));

}  // namespace
}  // namespace cairn::datanode
