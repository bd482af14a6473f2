// The configuration page.
#include "common/config/keys_doc.h"

#include "common/config/keys.h"

namespace cairn {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Configuration

<!-- Made from the table in common/config/keys_*.cc by `./dev docs`; change it there. -->

Cairn reads Hadoop's keys from `core-site.xml` and `hdfs-site.xml` in `$HADOOP_CONF_DIR`, then the
files given by `-conf FILE`, then environment variables that begin with `CAIRN_CONF_`, then
`-D key=value` on the command line; the last one wins, except that a `<final>true</final>` value is
only changed by the environment and `-D`. `${x}` stands for another key, a property
(`user.name`, `user.home`, `user.dir`, `java.io.tmpdir`) or, as `${env.NAME}`,
`${env.NAME:-default}`, for an environment variable. `<xi:include href="…"/>` reads another file.

In the name of a variable one underscore is a dot, two are a dash, three are an underscore, and
letters keep their case: `CAIRN_CONF_dfs_replication=2` is `dfs.replication`,
`CAIRN_CONF_dfs_namenode_rpc__address` is `dfs.namenode.rpc-address`.

All values are checked once, at the start: a bad value, or a `cairn.` key that is not listed here,
is an error that names the key, the value and its source. Hadoop keys that are not listed here are
accepted from files and the command line, and have no effect; from the environment they are errors.

- Durations take a suffix: `ns us ms s m h d`; without one they are in the unit given with the type.
- Sizes take a binary suffix: `k m g t p`.
- Lists are separated by commas; paths are absolute, or `file:` URIs.
)";

std::string TypeText(const KeySpec& key) {
  switch (key.type) {
    case KeyType::kString:
      return "text";
    case KeyType::kInt:
      return "integer";
    case KeyType::kBool:
      return "true or false";
    case KeyType::kDouble:
      return "number";
    case KeyType::kSize:
      return "size (bytes)";
    case KeyType::kList:
      return "list";
    case KeyType::kPathList:
      return "paths";
    case KeyType::kDuration:
      break;
  }
  switch (key.unit) {
    case DurationUnit::kSeconds:
      return "duration (s)";
    case DurationUnit::kMinutes:
      return "duration (min)";
    case DurationUnit::kHours:
      return "duration (h)";
    default:
      return "duration (ms)";
  }
}

}  // namespace

std::string ConfigurationMarkdown() {
  std::string page(kIntroduction);
  for (const KeySection& section : KeySections()) {
    page += fmt::format("\n## {}\n\n| key | type | default | meaning |\n|---|---|---|---|\n",
                        section.title);
    for (const KeySpec& key : section.keys) {
      const std::string shown =
          key.default_value.empty() ? "" : fmt::format("`{}`", key.default_value);
      page +=
          fmt::format("| `{}` | {} | {} | {} |\n", key.name, TypeText(key), shown, key.description);
    }
  }
  return page;
}

}  // namespace cairn
