// Counting the words of a file by several threads, a block at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "client/dfs_client.h"

namespace cairn::client {

// Looks words up without making strings of them.
struct WordHash {
  using is_transparent = void;
  size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
};

// How often each word occurs. Thread-compatible.
struct WordCounts {
  int64_t words = 0;
  std::unordered_map<std::string, int64_t, WordHash, std::equal_to<>> of_word;

  void Add(std::string_view word);
  void Add(const WordCounts& other);
};

// Counts the words of a file: what lies between white space (space, \t, \n, \v, \f, \r). At most
// `threads` threads read at the same time, each the ranges of whole blocks. Errors are those of
// reading.
absl::StatusOr<WordCounts> CountWords(DfsClient& client, const std::string& path, size_t threads);

}  // namespace cairn::client
