// Files that are read while they are written and DataNodes fail: what a writer was promised, every
// reader sees, and no reader ever sees a wrong byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "tests/client/data_plane_fixture.h"

namespace cairn {
namespace {

using client::TestData;

// One file, its writer and those who tail it.
struct TailedFile {
  std::string path;
  std::string data;                  // what will be written
  std::atomic<int64_t> flushed = 0;  // hflushed so far
  std::atomic<bool> closed = false;
  absl::Status written;
  std::vector<std::string> wrong;  // by reader; empty: nothing
};

class Tailing : public DataPlane, public testing::WithParamInterface<uint64_t> {
 protected:
  // Writes pieces of random sizes, each followed by hflush or hsync.
  void Write(TailedFile& file, uint64_t seed) {
    std::mt19937_64 random(seed);
    file.written = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(auto out, client_->Create(file.path));
      for (size_t at = 0; at < file.data.size();) {
        const size_t most = random() % 3 == 0 ? 90'000 : 900;
        const size_t n = std::min(file.data.size() - at, 1 + random() % most);
        RETURN_IF_ERROR(out->Write(std::string_view(file.data).substr(at, n)));
        at += n;
        RETURN_IF_ERROR(random() % 4 == 0 ? out->Hsync() : out->Hflush());
        file.flushed = static_cast<int64_t>(at);
        flushes_++;
      }
      return out->Close();
    }();
    file.closed = true;
    --writing_;
  }

  // Follows the file to its end with one stream, opening another one now and then.
  std::string Tail(const TailedFile& file, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::unique_ptr<client::InputStream> in;
    int64_t seen = 0;
    std::string buffer(100'000, '\0');
    while (true) {
      const bool closed = file.closed;
      const int64_t promised = file.flushed;
      if (in == nullptr || random() % 50 == 0) {
        auto opened = client_->Open(file.path);
        if (Is(opened.status(), ErrorKind::kFileNotFound) && !closed) continue;
        if (!opened.ok()) return "open: " + opened.status().ToString();
        in = *std::move(opened);
        if (in->Length() < promised) {
          return fmt::format("{} bytes visible, {} were flushed", in->Length(), promised);
        }
        // What one DataNode shows before it is acknowledged, another one may not show yet.
        if (in->Length() < seen) {
          in.reset();
          continue;
        }
        if (absl::Status sought = in->Seek(seen); !sought.ok()) return sought.ToString();
      }
      const auto got = in->Read(buffer.data(), 1 + random() % buffer.size());
      if (!got.ok()) return "read: " + got.status().ToString();
      if (file.data.compare(static_cast<size_t>(seen), *got, buffer, 0, *got) != 0) {
        return fmt::format("wrong bytes from {} on", seen);
      }
      seen += static_cast<int64_t>(*got);
      if (*got > 0) continue;
      const bool complete = seen == static_cast<int64_t>(file.data.size());
      if (closed) return complete ? "" : fmt::format("ends at {}", seen);
      if (seen < promised) return fmt::format("ends at {}, {} were flushed", seen, promised);
      std::this_thread::yield();
    }
  }

  // Writes `files` files with two readers each; calls `disturb` after `after` flushes.
  void Run(size_t files, size_t after, const std::function<void()>& disturb) {
    std::vector<TailedFile> tailed(files);
    writing_ = files;
    SCOPED_TRACE(fmt::format("seed {}", GetParam()));
    std::vector<std::thread> threads;
    for (size_t i = 0; i < files; ++i) {
      TailedFile& file = tailed[i];
      file.path = fmt::format("/f{}", i);
      file.data = TestData(1'500'000, GetParam() * 100 + i);
      file.wrong.resize(2);
      threads.emplace_back([this, &file, i] { Write(file, GetParam() * 1000 + i); });
      for (size_t r = 0; r < file.wrong.size(); ++r) {
        threads.emplace_back(
            [this, &file, i, r] { file.wrong[r] = Tail(file, GetParam() * 10'000 + i * 10 + r); });
      }
    }
    AwaitFlushes(after);
    disturb();
    for (std::thread& thread : threads) thread.join();
    for (const TailedFile& file : tailed) {
      EXPECT_TRUE(file.written.ok()) << file.path << ": " << file.written;
      EXPECT_THAT(file.wrong, testing::Each("")) << file.path;
      EXPECT_TRUE(Get(file.path).value() == file.data) << file.path;
    }
    EXPECT_TRUE(namenode_->bad_blocks_reported().empty());
  }

  // Waits until there were so many, or every writer has ended.
  void AwaitFlushes(size_t count) {
    while (flushes_ < count && writing_ > 0) std::this_thread::yield();
  }

  std::atomic<size_t> flushes_ = 0;
  std::atomic<size_t> writing_ = 0;
};

TEST_P(Tailing, UndisturbedSeesEveryFlush) {
  Start(3);
  Run(2, 0, [] {});
}

TEST_P(Tailing, WhileTwoDatanodesStopLosesNothing) {
  options_.read_retry_window_ms = 100;
  Start(5);
  Run(3, 20, [this] {
    Stop(GetParam() % 3);
    AwaitFlushes(flushes_ + 20);
    Stop((GetParam() + 1) % 3);
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, Tailing, testing::Range<uint64_t>(1, 5));

}  // namespace
}  // namespace cairn
