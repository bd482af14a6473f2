// Layers, references, checks and getters.
#include "common/config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "common/testing/temp_dir.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConfigurationTest : public ::testing::Test {
 protected:
  // Writes a file with `properties` (XML) and returns its path.
  std::string WriteFile(const std::string& name, const std::string& properties) {
    std::ofstream(dir_ / name) << "<?xml version=\"1.0\"?>\n<configuration>" << properties
                               << "</configuration>\n";
    return dir_ / name;
  }
  static std::string Property(const std::string& name, const std::string& value,
                              const std::string& more = "") {
    return "<property><name>" + name + "</name><value>" + value + "</value>" + more + "</property>";
  }
  // The message of the error that loading gives.
  static std::string ErrorOf(const ConfigurationSources& sources) {
    const auto loaded = Configuration::Load(sources);
    return loaded.ok() ? "no error" : std::string(loaded.status().message());
  }

  TempDir dir_;
};

TEST_F(ConfigurationTest, DefaultsAreHadoops) {
  const Configuration conf = *Configuration::FromSettings({});
  EXPECT_EQ(conf.GetString("fs.defaultFS"), "file:///");
  EXPECT_EQ(conf.GetInt("dfs.replication"), 3);
  EXPECT_EQ(conf.GetSize("dfs.blocksize"), 134'217'728);
  EXPECT_EQ(conf.GetDurationMs("dfs.heartbeat.interval"), 3'000);
  EXPECT_EQ(conf.GetDurationMs("dfs.namenode.heartbeat.recheck-interval"), 300'000);
  EXPECT_EQ(conf.GetDouble("dfs.namenode.safemode.threshold-pct"), 0.999);
  EXPECT_TRUE(conf.GetBool("dfs.permissions.enabled"));
  EXPECT_THAT(conf.GetPathList("dfs.namenode.name.dir"), ElementsAre("/tmp/hadoop-user/dfs/name"));
  EXPECT_FALSE(conf.IsSet("dfs.replication"));
  EXPECT_EQ(conf.SourceOf("dfs.replication"), "default");
}

TEST_F(ConfigurationTest, LaterSourcesWinAndOverridesWinOverAll) {
  ConfigurationSources sources;
  sources.files = {
      WriteFile("a.xml", Property("dfs.replication", "1") + Property("dfs.blocksize", "1m") +
                             Property("dfs.ls.limit", "5")),
      WriteFile("b.xml", Property("dfs.replication", "2") +
                             "<property name=\"dfs.ls.limit\" value=\"6\"/>")};
  sources.overrides = {{"dfs.blocksize", "2m"}};
  const Configuration conf = *Configuration::Load(sources);
  EXPECT_EQ(conf.GetInt("dfs.replication"), 2);
  EXPECT_EQ(conf.GetSize("dfs.blocksize"), 2 << 20);
  EXPECT_EQ(conf.GetInt("dfs.ls.limit"), 6);
  EXPECT_EQ(conf.SourceOf("dfs.replication"), "file " + dir_ / "b.xml");
  EXPECT_EQ(conf.SourceOf("dfs.blocksize"), "-D");
}

TEST_F(ConfigurationTest, AFinalValueYieldsOnlyToOverrides) {
  ConfigurationSources sources;
  sources.files = {WriteFile("a.xml", Property("dfs.replication", "1", "<final>true</final>")),
                   WriteFile("b.xml", Property("dfs.replication", "2"))};
  EXPECT_EQ(Configuration::Load(sources)->GetInt("dfs.replication"), 1);
  sources.overrides = {{"dfs.replication", "3"}};
  EXPECT_EQ(Configuration::Load(sources)->GetInt("dfs.replication"), 3);
}

TEST_F(ConfigurationTest, TheEnvironmentWinsOverFilesAndYieldsToOverrides) {
  ConfigurationSources sources;
  sources.files = {WriteFile("a.xml", Property("dfs.replication", "1", "<final>true</final>") +
                                          Property("dfs.blocksize", "1m"))};
  sources.environment = {{"CAIRN_CONF_dfs_replication", "2"},
                         {"CAIRN_CONF_dfs_blocksize", "2m"},
                         {"CAIRN_CONF_dfs_namenode_name_dir", "${env.DISK}/name"},
                         {"CAIRN_CONF_hadoop_proxyuser_oozie_hosts", "*"},
                         {"DISK", "/d9"}};
  sources.overrides = {{"dfs.blocksize", "3m"}};
  const Configuration conf = *Configuration::Load(sources);
  EXPECT_EQ(conf.GetInt("dfs.replication"), 2);
  EXPECT_EQ(conf.GetSize("dfs.blocksize"), 3 << 20);
  EXPECT_THAT(conf.GetPathList("dfs.namenode.name.dir"), ElementsAre("/d9/name"));
  EXPECT_EQ(conf.GetRaw("hadoop.proxyuser.oozie.hosts"), "*");
  EXPECT_EQ(conf.SourceOf("dfs.replication"), "environment variable CAIRN_CONF_dfs_replication");
}

TEST_F(ConfigurationTest, MistakesInTheEnvironmentNameTheVariable) {
  const auto error_of = [](std::map<std::string, std::string> environment) {
    return ErrorOf({.environment = std::move(environment)});
  };
  EXPECT_EQ(error_of({{"CAIRN_CONF_fs_defaultfs", "hdfs://nn"}}),
            "Unknown configuration key fs.defaultfs (from environment variable "
            "CAIRN_CONF_fs_defaultfs)");
  EXPECT_THAT(error_of({{"CAIRN_CONF_dfs_replication", "many"}}),
              HasSubstr("dfs.replication = 'many' (from environment variable "
                        "CAIRN_CONF_dfs_replication) must be an integer"));
  EXPECT_THAT(error_of({{"CAIRN_CONF_dfs____replication", "2"}}), HasSubstr("4 underscores"));
  EXPECT_EQ(
      error_of({{"CAIRN_CONF_dfs_name_dir", "/a"}, {"CAIRN_CONF_dfs_namenode_name_dir", "/b"}}),
      "Environment variables CAIRN_CONF_dfs_name_dir and CAIRN_CONF_dfs_namenode_name_dir "
      "both set configuration key dfs.namenode.name.dir");
}

TEST_F(ConfigurationTest, ReferencesAreReplaced) {
  ConfigurationSources sources;
  sources.properties = {{"user.name", "alice"}};
  sources.environment = {{"DISK", "/d9"}, {"EMPTY", ""}};
  sources.overrides = {{"base", "${env.DISK}/${user.name}"},
                       {"hadoop.tmp.dir", "${base}/tmp"},
                       {"a", "${env.NONE-x}${env.NONE:-y}${env.EMPTY:-z}${env.EMPTY-w}"},
                       {"pick", "e"},
                       {"bas${pick}", "not a reference"},
                       {"nested", "${bas${pick}}"},
                       {"open", "${nowhere} and ${"}};
  const Configuration conf = *Configuration::Load(sources);
  EXPECT_THAT(conf.GetPathList("dfs.datanode.data.dir"), ElementsAre("/d9/alice/tmp/dfs/data"));
  EXPECT_EQ(conf.GetRaw("a"), "xyz");
  EXPECT_EQ(conf.GetRaw("nested"), "/d9/alice");
  EXPECT_EQ(conf.GetRaw("open"), "${nowhere} and ${");
}

TEST_F(ConfigurationTest, ACircleOfReferencesEndsInAnError) {
  EXPECT_THAT(ErrorOf({.overrides = {{"a", "${b}"}, {"b", "${a}"}, {"fs.defaultFS", "${a}"}}}),
              HasSubstr("fs.defaultFS"));
}

TEST_F(ConfigurationTest, UnknownCairnKeysAndBadValuesAreNamedWithTheirSource) {
  const std::string unknown = ErrorOf({.overrides = {{"cairn.no-such", "7"}}});
  EXPECT_THAT(unknown, HasSubstr("cairn.no-such"));
  EXPECT_THAT(unknown, HasSubstr("'7'"));
  EXPECT_THAT(unknown, HasSubstr("-D"));
  ConfigurationSources sources;
  sources.files = {WriteFile("a.xml", Property("dfs.replication", "many"))};
  const std::string bad = ErrorOf(sources);
  EXPECT_THAT(bad, HasSubstr("dfs.replication = 'many'"));
  EXPECT_THAT(bad, HasSubstr("file " + dir_ / "a.xml"));
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"dfs.replication", "0"},
           {"dfs.replication", "513"},
           {"dfs.permissions.enabled", "yes"},
           {"dfs.heartbeat.interval", "3 parsecs"},
           {"dfs.blocksize", "-1"},
           {"dfs.namenode.safemode.threshold-pct", "half"},
           {"dfs.namenode.name.dir", "hdfs://nn/name"},
           {"hadoop.security.authentication", "kerberos"},  // to ignore it would be to pretend
           {"fs.defaultFS", "${nowhere}"}}) {
    EXPECT_THAT(ErrorOf({.overrides = {{key, value}}}), HasSubstr(key + " = '" + value)) << value;
  }
}

TEST_F(ConfigurationTest, OtherKeysOfHadoopsAreLetThroughAndFormerNamesCount) {
  const Configuration conf = *Configuration::FromSettings(
      {{"mapreduce.framework.name", "yarn"}, {"fs.default.name", "hdfs://nn:8020"}});
  EXPECT_EQ(conf.GetRaw("mapreduce.framework.name"), "yarn");
  EXPECT_EQ(conf.GetString("fs.defaultFS"), "hdfs://nn:8020");
}

TEST_F(ConfigurationTest, FilesThatAreNotConfigurationsAreErrorsThatNameThem) {
  std::ofstream(dir_ / "cut.xml") << "<configuration><property>";
  std::ofstream(dir_ / "other.xml") << "<html/>";
  EXPECT_THAT(ErrorOf({.files = {dir_ / "cut.xml"}}), HasSubstr("cut.xml"));
  EXPECT_THAT(ErrorOf({.files = {dir_ / "other.xml"}}), HasSubstr("other.xml"));
  EXPECT_THAT(ErrorOf({.files = {dir_ / "missing.xml"}}),
              HasSubstr("cannot read " + dir_ / "missing.xml" + ": No such file or directory"));
  EXPECT_THAT(ErrorOf({.files = {WriteFile("n.xml", "<property><value>1</value></property>")}}),
              HasSubstr("n.xml"));
}

TEST_F(ConfigurationTest, IncludesAreFollowed) {
  WriteFile("inner.xml", Property("dfs.replication", "2"));
  const std::string outer = WriteFile("outer.xml",
                                      "<xi:include href=\"inner.xml\"/>"
                                      "<xi:include href=\"none.xml\"><xi:fallback/></xi:include>");
  EXPECT_EQ(Configuration::Load({.files = {outer}})->GetInt("dfs.replication"), 2);
  const std::string circle = WriteFile("circle.xml", "<xi:include href=\"circle.xml\"/>");
  EXPECT_THAT(ErrorOf({.files = {circle}}), HasSubstr("circle.xml"));
}

TEST_F(ConfigurationTest, TheProcessReadsHadoopsDirectory) {
  WriteFile("hdfs-site.xml", Property("dfs.replication", "2"));
  ::setenv("HADOOP_CONF_DIR", dir_.path().c_str(), 1);
  const ConfigurationSources sources = ConfigurationSources::FromProcess();
  ::unsetenv("HADOOP_CONF_DIR");
  EXPECT_THAT(sources.files, ElementsAre(dir_ / "hdfs-site.xml"));
  EXPECT_FALSE(sources.properties.at("user.name").empty());
  EXPECT_EQ(Configuration::Load(sources)->GetInt("dfs.replication"), 2);
}

TEST_F(ConfigurationTest, VolumesKeepTheirStorageTypesAsAList) {
  const Configuration conf =
      *Configuration::FromSettings({{"dfs.datanode.data.dir", "[SSD]file:///a, /b"}});
  EXPECT_THAT(conf.GetPathList("dfs.datanode.data.dir"), ElementsAre("/a", "/b"));
  EXPECT_THAT(conf.GetList("dfs.datanode.data.dir"), ElementsAre("[SSD]file:///a", "/b"));
}

using ConfigurationDeathTest = ConfigurationTest;

TEST_F(ConfigurationDeathTest, ReadingAKeyWrongIsABrokenProgram) {
  const Configuration conf = *Configuration::FromSettings({});
  EXPECT_DEATH((void)conf.GetInt("no.such.key"), "not in the table");
  EXPECT_DEATH((void)conf.GetInt("dfs.blocksize"), "another type");
}

}  // namespace
}  // namespace cairn
