// Words of a file: ranges in parallel, words that cross a border counted once.
#include "client/examples/count_words.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "common/status_macros.h"

namespace cairn::client {
namespace {

constexpr size_t kReadBytes = 4 << 20;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Counts the words that begin in [begin, end) of the file: a word that crosses `end` is finished
// here, and one that crosses `begin` belongs to the range before.
absl::Status CountRange(InputStream& in, int64_t begin, int64_t end, WordCounts& counts) {
  std::string buffer;
  std::string word;
  bool in_word = false;   // the byte before the current one is part of a word
  bool skipping = false;  // ... of a word that belongs to the range before
  if (begin > 0) {
    ASSIGN_OR_RETURN(const std::string before, in.ReadAt(begin - 1, 1));
    in_word = skipping = !before.empty() && !IsSpace(before[0]);
  }
  for (int64_t at = begin; at < end || (in_word && !skipping);) {
    // Past the end only the last word's tail is of interest.
    const size_t wanted =
        at < end ? std::min<size_t>(kReadBytes, static_cast<size_t>(end - at)) : 4096;
    buffer.resize(wanted);
    ASSIGN_OR_RETURN(const size_t got, in.ReadAt(at, buffer.data(), wanted));
    for (size_t i = 0; i < got; ++i) {
      if (!IsSpace(buffer[i])) {
        if (!in_word && at + static_cast<int64_t>(i) >= end) return absl::OkStatus();
        in_word = true;
        if (!skipping) word.push_back(buffer[i]);
        continue;
      }
      if (in_word && !skipping) counts.Add(word);
      word.clear();
      in_word = skipping = false;
      if (at + static_cast<int64_t>(i) >= end) return absl::OkStatus();
    }
    at += static_cast<int64_t>(got);
    if (got == 0) break;
  }
  if (in_word && !skipping) counts.Add(word);
  return absl::OkStatus();
}

// The file's blocks, as [begin, end) offsets.
absl::StatusOr<std::vector<std::pair<int64_t, int64_t>>> BlockRanges(DfsClient& client,
                                                                     const std::string& path,
                                                                     int64_t length) {
  ASSIGN_OR_RETURN(const LocatedBlocks located, client.GetBlockLocations(path, 0, length));
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const LocatedBlock& block : located.blocks) {
    const int64_t end = std::min(length, block.offset + block.block.block.num_bytes);
    if (end > block.offset) ranges.emplace_back(block.offset, end);
  }
  return ranges;
}

}  // namespace

void WordCounts::Add(std::string_view word) {
  ++words;
  const auto known = of_word.find(word);
  if (known != of_word.end()) {
    ++known->second;
  } else {
    of_word.emplace(word, 1);
  }
}

void WordCounts::Add(const WordCounts& other) {
  words += other.words;
  for (const auto& [word, n] : other.of_word) of_word[word] += n;
}

absl::StatusOr<WordCounts> CountWords(DfsClient& client, const std::string& path, size_t threads) {
  ASSIGN_OR_RETURN(const auto in, client.Open(path));
  ASSIGN_OR_RETURN(const auto ranges, BlockRanges(client, path, in->Length()));
  std::vector<WordCounts> counts(ranges.size());
  std::vector<absl::Status> results(ranges.size());
  std::atomic<size_t> next{0};
  std::vector<std::thread> workers;
  for (size_t i = 0; i < std::min(threads, ranges.size()); ++i) {
    workers.emplace_back([&] {
      for (size_t r = next++; r < ranges.size(); r = next++) {
        results[r] = CountRange(*in, ranges[r].first, ranges[r].second, counts[r]);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  WordCounts total;
  for (size_t r = 0; r < ranges.size(); ++r) {
    RETURN_IF_ERROR(results[r]);
    total.Add(counts[r]);
  }
  return total;
}

}  // namespace cairn::client
