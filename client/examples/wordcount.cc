// Counts the words of a file in Cairn, one thread per range of blocks: an example of parallel
// positional reads through the client library.
//
//   wordcount [-D key=value]… [-fs hdfs://HOST:PORT] [-threads N] [-top N] PATH
//
// Prints the number of words and of distinct words, then the most frequent ones ("count word", by
// falling count).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "client/client_options.h"
#include "client/dfs_client.h"
#include "client/examples/count_words.h"
#include "common/config/configuration.h"
#include "common/config/generic_options.h"
#include "common/server/logging.h"
#include "common/status_macros.h"

namespace cairn::client {
namespace {

struct Arguments {
  std::string path;
  size_t threads = 4;
  size_t top = 10;
};

absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& rest) {
  Arguments arguments;
  for (size_t i = 0; i < rest.size(); ++i) {
    size_t* const number = rest[i] == "-threads" ? &arguments.threads
                           : rest[i] == "-top"   ? &arguments.top
                                                 : nullptr;
    if (number == nullptr) {
      if (!arguments.path.empty()) return absl::InvalidArgumentError("more than one PATH");
      arguments.path = rest[i];
      continue;
    }
    if (++i == rest.size()) return absl::InvalidArgumentError(rest[i - 1] + " needs a number");
    const char* const end = rest[i].data() + rest[i].size();
    if (std::from_chars(rest[i].data(), end, *number).ptr != end || *number == 0) {
      return absl::InvalidArgumentError(rest[i] + " is not a positive number");
    }
  }
  if (arguments.path.empty()) {
    return absl::InvalidArgumentError(
        "no PATH\n"
        "Usage: wordcount [-D key=value]... [-fs hdfs://HOST:PORT] [-threads N] [-top N] PATH");
  }
  return arguments;
}

void Print(const WordCounts& counts, size_t top) {
  std::vector<std::pair<std::string, int64_t>> words(counts.of_word.begin(), counts.of_word.end());
  const auto more_frequent = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  const size_t shown = std::min(top, words.size());
  std::partial_sort(words.begin(), words.begin() + static_cast<ptrdiff_t>(shown), words.end(),
                    more_frequent);
  fmt::print("words: {}\ndistinct: {}\n", counts.words, words.size());
  for (size_t i = 0; i < shown; ++i) fmt::print("{} {}\n", words[i].second, words[i].first);
}

absl::Status Main(int argc, char** argv) {
  // The result goes to standard output; only warnings appear, on standard error.
  RETURN_IF_ERROR(SetUpLogging({.level = "warning", .file = ""}));
  ASSIGN_OR_RETURN(const GenericOptions generic,
                   ParseGenericOptions(std::vector<std::string>(argv + 1, argv + argc), false));
  ASSIGN_OR_RETURN(const Arguments arguments, ParseArguments(generic.rest));
  ASSIGN_OR_RETURN(const Configuration configuration, Configuration::Load(generic.sources));
  ASSIGN_OR_RETURN(const ClientOptions options, MakeClientOptions(configuration));
  ASSIGN_OR_RETURN(const auto client, DfsClient::Connect(options));
  ASSIGN_OR_RETURN(const WordCounts counts, CountWords(*client, arguments.path, arguments.threads));
  Print(counts, arguments.top);
  return absl::OkStatus();
}

}  // namespace
}  // namespace cairn::client

int main(int argc, char** argv) {
  const absl::Status status = cairn::client::Main(argc, argv);
  if (status.ok()) return 0;
  fmt::print(stderr, "wordcount: {}\n", std::string(status.message()));
  return 1;
}
