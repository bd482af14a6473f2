// Variables and the keys they stand for.
#include "common/config/environment_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/keys.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

std::string KeyOf(const std::string& variable) {
  const auto key = KeyOfVariable(variable);
  if (!key.ok()) return std::string(key.status().message());
  return key->value_or("none");
}

TEST(EnvironmentKeys, RunsOfUnderscoresAreDotsDashesAndUnderscores) {
  EXPECT_EQ(KeyOf("CAIRN_CONF_dfs_replication"), "dfs.replication");
  EXPECT_EQ(KeyOf("CAIRN_CONF_fs_defaultFS"), "fs.defaultFS");
  EXPECT_EQ(KeyOf("CAIRN_CONF_dfs_namenode_rpc__address"), "dfs.namenode.rpc-address");
  EXPECT_EQ(KeyOf("CAIRN_CONF_hadoop_proxyuser_data___gateway_hosts"),
            "hadoop.proxyuser.data_gateway.hosts");
}

TEST(EnvironmentKeys, OtherVariablesAreNotKeys) {
  EXPECT_EQ(KeyOf("PATH"), "none");
  EXPECT_EQ(KeyOf("CAIRN_CONF"), "none");
  EXPECT_EQ(KeyOf("cairn_conf_dfs_replication"), "none");
}

TEST(EnvironmentKeys, NamesThatStandForNothingAreErrors) {
  EXPECT_THAT(KeyOf("CAIRN_CONF_"), HasSubstr("CAIRN_CONF_ names no configuration key"));
  EXPECT_THAT(KeyOf("CAIRN_CONF_dfs____x"), HasSubstr("4 underscores in a row stand for nothing"));
}

TEST(EnvironmentKeys, EveryKeyOfTheTableHasItsVariable) {
  for (const KeySection& section : KeySections()) {
    for (const KeySpec& key : section.keys) {
      const std::string variable = VariableOfKey(key.name);
      ASSERT_NE(variable, "") << key.name;
      EXPECT_EQ(KeyOf(variable), key.name);
    }
  }
}

TEST(EnvironmentKeys, KeysThatNoVariableCanNameHaveNone) {
  for (const char* key : {"", "a..b", "a.-b", "a__b", "a b", "a/b", "ä"}) {
    EXPECT_EQ(VariableOfKey(key), "") << key;
  }
}

}  // namespace
}  // namespace cairn
