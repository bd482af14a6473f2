// Words are counted once, wherever the blocks end.
#include "client/examples/count_words.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "client/testing/fake_cluster.h"

namespace cairn::client {
namespace {

WordCounts Naive(const std::string& text) {
  WordCounts counts;
  std::istringstream in(text);
  for (std::string word; in >> word;) counts.Add(word);
  return counts;
}

void ExpectCounted(const std::string& text) {
  FakeCluster cluster(2);
  cluster.options.block_size = 1024;
  cluster.options.packet_size = 1024;
  ASSERT_TRUE(cluster.Put("/f", text).ok());
  const auto counts = CountWords(cluster.client(), "/f", 3);
  ASSERT_TRUE(counts.ok()) << counts.status();
  const WordCounts expected = Naive(text);
  EXPECT_EQ(counts->words, expected.words);
  EXPECT_EQ(counts->of_word, expected.of_word);
}

TEST(CountWords, AnEmptyFileHasNone) { ExpectCounted(""); }

TEST(CountWords, WordsThatCrossBlocksAreCountedOnce) {
  ExpectCounted(std::string(1020, 'a') + "bcdefgh ij");                    // crosses
  ExpectCounted(std::string(1024, 'a') + " b");                            // ends at the border
  ExpectCounted(std::string(1023, 'a') + " b");                            // begins at the border
  ExpectCounted(std::string(5000, 'a') + " b " + std::string(5000, 'c'));  // longer than blocks
  ExpectCounted(std::string(3000, ' ') + "x" + std::string(3000, '\n'));
}

TEST(CountWords, RandomTextsCountAsAStreamReadsThem) {
  constexpr uint64_t kSeed = 20'240'601;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 engine(kSeed);
  for (int round = 0; round < 8; ++round) {
    std::string text;
    while (text.size() < 6000) {
      text.append(engine() % 300, static_cast<char>('a' + engine() % 3));
      text.append(engine() % 3, " \t\n\v\f\r"[engine() % 6]);
    }
    ExpectCounted(text);
  }
}

}  // namespace
}  // namespace cairn::client
