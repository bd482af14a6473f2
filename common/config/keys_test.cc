// The key table is sound, and the documentation is the table.
#include "common/config/keys.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "common/config/configuration.h"
#include "common/config/keys_doc.h"

namespace cairn {
namespace {

TEST(Keys, AreNamedOnceAndDescribed) {
  std::set<std::string_view> names;
  for (const KeySection& section : KeySections()) {
    for (const KeySpec& key : section.keys) {
      EXPECT_TRUE(names.insert(key.name).second) << key.name;
      EXPECT_TRUE(key.description.ends_with('.')) << key.name;
      EXPECT_EQ(key.unit != DurationUnit::kNone, key.type == KeyType::kDuration) << key.name;
      EXPECT_EQ(FindKey(key.name), &key);
      EXPECT_EQ(CurrentKeyName(key.name), key.name);
    }
  }
  EXPECT_GT(names.size(), 100u);
  EXPECT_EQ(FindKey("no.such.key"), nullptr);
}

TEST(Keys, DefaultsAreValues) {
  for (const KeySection& section : KeySections()) {
    for (const KeySpec& key : section.keys) {
      const auto loaded =
          Configuration::FromSettings({{std::string(key.name), std::string(key.default_value)}});
      EXPECT_TRUE(loaded.ok()) << loaded.status();
    }
  }
}

TEST(Keys, HadoopsFormerNamesLeadToTheTable) {
  EXPECT_EQ(CurrentKeyName("fs.default.name"), "fs.defaultFS");
  for (const char* old_name : {"dfs.name.dir", "dfs.data.dir", "dfs.block.size", "dfs.umask"}) {
    EXPECT_NE(FindKey(CurrentKeyName(old_name)), nullptr) << old_name;
  }
}

TEST(Keys, TheDocumentationListsExactlyTheTable) {
  const std::string path = std::string(CAIRN_SOURCE_DIR) + "/docs/configuration.md";
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(text.str() == ConfigurationMarkdown())
      << path << " is not what the table says: run ./dev docs";
}

}  // namespace
}  // namespace cairn
