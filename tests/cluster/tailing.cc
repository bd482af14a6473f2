// Writing with flushes, and following.
#include "tests/cluster/tailing.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "client/testing/fake_cluster.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::testing {
namespace {

constexpr size_t kReadBytes = 100'000;

}  // namespace

struct Tailing::File {
  std::string path;
  std::string data;                  // what will be written
  std::atomic<int64_t> flushed = 0;  // as far as a flush has returned
  std::atomic<bool> ended = false;   // the writer is done, well or not
  std::vector<absl::Status> outcomes;
};

absl::Status Tailing::Write(File& file, uint64_t seed) {
  std::mt19937_64 random(seed);
  ASSIGN_OR_RETURN(const auto out, writer_.Create(file.path, options_.create));
  for (size_t at = 0; at < file.data.size();) {
    const size_t most = random() % 3 == 0 ? 90'000 : 900;
    const size_t n = std::min<size_t>(file.data.size() - at, 1 + random() % most);
    RETURN_IF_ERROR(out->Write(std::string_view(file.data).substr(at, n)));
    at += n;
    RETURN_IF_ERROR(random() % 4 == 0 ? out->Hsync() : out->Hflush());
    file.flushed = static_cast<int64_t>(at);
    ++flushes_;
  }
  return out->Close();
}

absl::Status Tailing::Tail(const File& file, uint64_t seed) {
  const auto wrong = [&](const std::string& what) {
    return absl::DataLossError(fmt::format("{} (seed {}): {}", file.path, seed, what));
  };
  std::mt19937_64 random(seed);
  std::unique_ptr<client::InputStream> in;
  std::string buffer(kReadBytes, '\0');
  int64_t seen = 0;
  while (true) {
    const bool ended = file.ended;
    const int64_t promised = file.flushed;
    if (in == nullptr || random() % 50 == 0) {
      auto opened = reader_.Open(file.path);
      if (Is(opened.status(), ErrorKind::kFileNotFound) && !ended) continue;
      RETURN_IF_ERROR(opened.status());
      in = *std::move(opened);
      if (in->Length() < promised) {
        return wrong(fmt::format("{} bytes visible, {} were flushed", in->Length(), promised));
      }
      // What one DataNode shows before it is acknowledged, another one may not show yet.
      if (in->Length() < seen) {
        in.reset();
        continue;
      }
      RETURN_IF_ERROR(in->Seek(seen));
    }
    ASSIGN_OR_RETURN(const size_t got, in->Read(buffer.data(), 1 + random() % kReadBytes));
    if (file.data.compare(static_cast<size_t>(seen), got, buffer, 0, got) != 0) {
      return wrong(fmt::format("wrong bytes from {} on", seen));
    }
    seen += static_cast<int64_t>(got);
    if (got > 0) continue;
    if (seen < promised) {
      return wrong(fmt::format("ends at {}, {} were flushed", seen, promised));
    }
    if (ended) return absl::OkStatus();
    std::this_thread::yield();
  }
}

absl::Status Tailing::Run(const std::function<void()>& disturb) {
  std::deque<File> files(options_.files);
  std::vector<std::thread> threads;
  writing_ = options_.files;
  for (size_t i = 0; i < files.size(); ++i) {
    File& file = files[i];
    const uint64_t seed = options_.seed * 10'000 + i * 100;
    file.path = fmt::format("/tailed{}", i);
    file.data = client::TestData(options_.bytes, seed);
    file.outcomes.resize(1 + options_.readers);
    threads.emplace_back([this, &file, seed] {
      file.outcomes[0] = Write(file, seed);
      file.ended = true;
      --writing_;
    });
    for (size_t r = 1; r <= options_.readers; ++r) {
      threads.emplace_back([this, &file, seed, r] { file.outcomes[r] = Tail(file, seed + r); });
    }
  }
  disturb();
  for (std::thread& thread : threads) thread.join();
  for (const File& file : files) {
    for (const absl::Status& outcome : file.outcomes) RETURN_IF_ERROR(outcome);
    ASSIGN_OR_RETURN(const auto in, reader_.Open(file.path));
    ASSIGN_OR_RETURN(const std::string bytes, in->ReadAll());
    if (bytes != file.data) return absl::DataLossError(file.path + ": not what was written");
  }
  return absl::OkStatus();
}

void Tailing::AwaitFlushes(size_t count) const {
  while (flushes_ < count && writing_ > 0) std::this_thread::yield();
}

}  // namespace cairn::testing
