// The configuration of a process: Hadoop's files, -conf files and -D settings, checked once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/config/keys.h"

namespace cairn {

// Where values come from, weakest first: the table's defaults, `files` in order, the CAIRN_CONF_
// variables of `environment` (environment_keys.h), `overrides`.
struct ConfigurationSources {
  std::vector<std::string> files;                              // Hadoop's XML form
  std::vector<std::pair<std::string, std::string>> overrides;  // -D key=value
  // ${user.name} and the like; they win over keys of the same name, as in Hadoop.
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string> environment;  // for CAIRN_CONF_… and ${env.NAME}

  // core-site.xml and hdfs-site.xml of $HADOOP_CONF_DIR (those that exist), this process's
  // properties (user.name, user.home, user.dir, java.io.tmpdir) and environment.
  static ConfigurationSources FromProcess();
};

// Every value a process will use, already parsed against the table, so that a getter cannot fail.
// Reading a key that the table does not have, or with the getter of another type, is a broken
// program and aborts. Immutable; thread-safe. Read it in main and options only: everything below
// gets plain structs.
class Configuration {
 public:
  // kInvalidArgument names the key, the value and its source: an unknown cairn.* key, a value that
  // does not parse or is out of range, a file that is not well-formed. Hadoop keys that the table
  // does not have are kept for ${…} but otherwise ignored, except that one in the environment is
  // an error: nobody shares those with Hadoop. A <final> value is not changed by later files, only
  // by the environment and overrides.
  static absl::StatusOr<Configuration> Load(const ConfigurationSources& sources);
  // The defaults with `settings` on top; for tests.
  static absl::StatusOr<Configuration> FromSettings(
      std::vector<std::pair<std::string, std::string>> settings);

  std::string GetString(std::string_view key) const;
  int64_t GetInt(std::string_view key) const;
  bool GetBool(std::string_view key) const;
  double GetDouble(std::string_view key) const;
  // Milliseconds, rounded towards zero.
  int64_t GetDurationMs(std::string_view key) const;
  // Bytes.
  int64_t GetSize(std::string_view key) const;
  // Elements without surrounding blanks; empty ones are dropped.
  std::vector<std::string> GetList(std::string_view key) const;
  // Local absolute paths: "file:///x" and "/x" are both /x.
  std::vector<std::string> GetPathList(std::string_view key) const;

  // True when a file or an override names the key.
  bool IsSet(std::string_view key) const;
  // The value of any key, known to the table or not, with ${…} replaced; empty when unset.
  std::string GetRaw(std::string_view key) const;
  // All keys that begin with `prefix` and are set, known to the table or not, with their values as
  // GetRaw gives them.
  std::map<std::string, std::string> WithPrefix(std::string_view prefix) const;
  // "file /etc/hadoop/hdfs-site.xml", "environment variable CAIRN_CONF_…", "-D" or "default".
  std::string SourceOf(std::string_view key) const;

 private:
  struct Value {
    std::string text;  // as written
    std::string source;
    bool is_final = false;
  };

  Configuration() = default;
  absl::Status AddFile(const std::string& path, int depth);
  absl::Status AddEnvironment();
  absl::Status Check() const;
  std::string TextOf(std::string_view key) const;
  std::string Expand(std::string text) const;
  const KeySpec& Spec(std::string_view key, KeyType type) const;

  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, std::string> properties_;
  std::map<std::string, std::string> environment_;
};

}  // namespace cairn
