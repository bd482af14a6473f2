// Reading, layering and checking of configurations.
#include "common/config/configuration.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <pugixml.hpp>
#include <system_error>

#include "common/config/environment_keys.h"
#include "common/config/values.h"
#include "common/status_macros.h"
#include "common/users/current_user.h"
#include "common/users/proxy_users.h"

namespace cairn {
namespace {

constexpr int kMaxIncludeDepth = 10;
constexpr int kMaxSubstitutions = 20;  // as Hadoop's, against references in a circle
constexpr std::string_view kDefaultSource = "default";

std::string_view TypeName(KeyType type) {
  switch (type) {
    case KeyType::kString:
      return "a text";
    case KeyType::kInt:
      return "an integer";
    case KeyType::kBool:
      return "true or false";
    case KeyType::kDouble:
      return "a number";
    case KeyType::kDuration:
      return "a duration (a number, optionally followed by ns, us, ms, s, m, h or d)";
    case KeyType::kSize:
      return "a size (a number, optionally followed by k, m, g, t or p)";
    case KeyType::kList:
      return "a list";
    case KeyType::kPathList:
      return "a list of absolute local paths or file: URIs";
  }
  return "";
}

// Empty when `text` is a value of the key, else what it should have been.
std::string WhatIsWrong(const KeySpec& spec, std::string_view text) {
  if (spec.only_default && text != spec.default_value) {
    return fmt::format("'{}', the only value that is served", spec.default_value);
  }
  std::optional<int64_t> number;
  switch (spec.type) {
    case KeyType::kString:
    case KeyType::kList:
      return "";
    case KeyType::kBool:
      return ParseBool(text) ? "" : std::string(TypeName(spec.type));
    case KeyType::kDouble:
      return ParseDouble(text) ? "" : std::string(TypeName(spec.type));
    case KeyType::kPathList:
      for (const std::string& element : ParseList(text)) {
        if (!ParseLocalPath(element)) return std::string(TypeName(spec.type));
      }
      return "";
    case KeyType::kInt:
      number = ParseInt(text);
      break;
    case KeyType::kDuration:
      number = ParseDurationMs(text, spec.unit);
      break;
    case KeyType::kSize:
      number = ParseSize(text);
      break;
  }
  if (!number) return std::string(TypeName(spec.type));
  const std::string_view unit = spec.type == KeyType::kDuration ? " ms" : "";
  if (*number < spec.min) return fmt::format("at least {}{}", spec.min, unit);
  if (*number > spec.max) return fmt::format("at most {}{}", spec.max, unit);
  return "";
}

// The table's keys, and those whose names the user makes.
bool IsKnown(std::string_view key) {
  return FindKey(key) != nullptr || key.starts_with(ProxyUserRules::kPrefix);
}

[[noreturn]] void BrokenProgram(std::string_view what, std::string_view key) {
  std::fputs(fmt::format("configuration key {}: {}\n", key, what).c_str(), stderr);
  std::abort();
}

}  // namespace

ConfigurationSources ConfigurationSources::FromProcess() {
  ConfigurationSources sources;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = std::min(text.find('='), text.size());
    sources.environment[std::string(text.substr(0, equals))] =
        std::string(text.substr(std::min(equals + 1, text.size())));
  }
  const auto env = [&](const std::string& name, std::string_view otherwise) {
    const auto found = sources.environment.find(name);
    return found != sources.environment.end() && !found->second.empty() ? found->second
                                                                        : std::string(otherwise);
  };
  const auto user = SystemUserName();
  sources.properties["user.name"] = user.ok() ? *user : env("USER", "unknown");
  sources.properties["user.home"] = env("HOME", "/");
  sources.properties["java.io.tmpdir"] = "/tmp";
  std::error_code ignored;
  sources.properties["user.dir"] = std::filesystem::current_path(ignored).string();
  if (const std::string directory = env("HADOOP_CONF_DIR", ""); !directory.empty()) {
    for (const char* name : {"core-site.xml", "hdfs-site.xml"}) {
      std::string path = fmt::format("{}/{}", directory, name);
      if (std::filesystem::exists(path, ignored)) sources.files.push_back(std::move(path));
    }
  }
  return sources;
}

absl::StatusOr<Configuration> Configuration::Load(const ConfigurationSources& sources) {
  Configuration configuration;
  configuration.properties_ = sources.properties;
  configuration.environment_ = sources.environment;
  for (const std::string& file : sources.files) {
    RETURN_IF_ERROR(configuration.AddFile(file, 0));
  }
  RETURN_IF_ERROR(configuration.AddEnvironment());
  for (const auto& [key, value] : sources.overrides) {
    configuration.values_[std::string(CurrentKeyName(key))] = {.text = value, .source = "-D"};
  }
  RETURN_IF_ERROR(configuration.Check());
  return configuration;
}

absl::StatusOr<Configuration> Configuration::FromSettings(
    std::vector<std::pair<std::string, std::string>> settings) {
  ConfigurationSources sources;
  sources.properties["user.name"] = "user";
  sources.overrides = std::move(settings);
  return Load(sources);
}

absl::Status Configuration::AddFile(const std::string& path, int depth) {
  if (depth > kMaxIncludeDepth) {
    return absl::InvalidArgumentError(fmt::format(
        "Configuration file {} is included more than {} levels deep", path, kMaxIncludeDepth));
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {  // opening one as a file succeeds
    return absl::InvalidArgumentError(
        fmt::format("cannot read {}: it is a directory, not a configuration file", path));
  }
  pugi::xml_document document;
  errno = 0;
  const pugi::xml_parse_result parsed = document.load_file(path.c_str());
  if (parsed.status == pugi::status_file_not_found || parsed.status == pugi::status_io_error) {
    return absl::InvalidArgumentError(
        fmt::format("cannot read {}: {}", path,
                    errno != 0 ? std::generic_category().message(errno) : parsed.description()));
  }
  if (!parsed) {
    return absl::InvalidArgumentError(fmt::format("Configuration file {}: {} (at byte {})", path,
                                                  parsed.description(), parsed.offset));
  }
  const pugi::xml_node root = document.child("configuration");
  if (!root) {
    return absl::InvalidArgumentError(
        fmt::format("Configuration file {}: the outermost element is not <configuration>", path));
  }
  for (const pugi::xml_node node : root.children()) {
    if (std::string_view(node.name()) == "xi:include") {
      const auto target =
          std::filesystem::path(path).parent_path() / node.attribute("href").value();
      std::error_code ignored;
      const bool may_be_missing = !node.child("xi:fallback").empty();
      if (may_be_missing && !std::filesystem::exists(target, ignored)) continue;
      RETURN_IF_ERROR(AddFile(target.string(), depth + 1));
      continue;
    }
    if (std::string_view(node.name()) != "property") continue;
    const auto field = [&](const char* name) {
      const pugi::xml_node child = node.child(name);
      return std::string(child ? child.child_value() : node.attribute(name).value());
    };
    const std::vector<std::string> names = ParseList(field("name"));
    if (names.size() != 1) {
      return absl::InvalidArgumentError(
          fmt::format("Configuration file {}: a property without a name", path));
    }
    Value& value = values_[std::string(CurrentKeyName(names.front()))];
    if (value.is_final) continue;
    value = {.text = field("value"),
             .source = fmt::format("file {}", path),
             .is_final = ParseBool(field("final")).value_or(false)};
  }
  return absl::OkStatus();
}

absl::Status Configuration::AddEnvironment() {
  std::map<std::string, std::string> set_by;  // key -> variable
  for (const auto& [variable, text] : environment_) {
    ASSIGN_OR_RETURN(const std::optional<std::string> named, KeyOfVariable(variable));
    if (!named) continue;
    const std::string key(CurrentKeyName(*named));
    if (!IsKnown(key)) {
      return absl::InvalidArgumentError(fmt::format(
          "Unknown configuration key {} (from environment variable {})", key, variable));
    }
    const auto [other, is_first] = set_by.emplace(key, variable);
    if (!is_first) {
      return absl::InvalidArgumentError(
          fmt::format("Environment variables {} and {} both set configuration key {}",
                      other->second, variable, key));
    }
    values_[key] = {.text = text, .source = fmt::format("environment variable {}", variable)};
  }
  return absl::OkStatus();
}

absl::Status Configuration::Check() const {
  for (const auto& [key, value] : values_) {
    const KeySpec* spec = FindKey(key);
    if (spec == nullptr) {
      if (!std::string_view(key).starts_with("cairn.")) continue;  // one of Hadoop's many others
      return absl::InvalidArgumentError(fmt::format("Unknown configuration key {} = '{}' (from {})",
                                                    key, value.text, value.source));
    }
    const std::string text = Expand(value.text);
    std::string wrong = WhatIsWrong(*spec, text);
    if (wrong.empty() && text.find("${") != std::string::npos) {
      wrong = "made of references that can be resolved";
    }
    if (!wrong.empty()) {
      return absl::InvalidArgumentError(fmt::format(
          "Configuration key {} = '{}' (from {}) must be {}", key, text, value.source, wrong));
    }
  }
  return absl::OkStatus();
}

std::string Configuration::TextOf(std::string_view key) const {
  const auto found = values_.find(key);
  if (found != values_.end()) return Expand(found->second.text);
  const KeySpec* spec = FindKey(key);
  return spec != nullptr ? Expand(std::string(spec->default_value)) : "";
}

// Replaces ${name} from the inside out; what cannot be resolved stays as it is.
std::string Configuration::Expand(std::string text) const {
  size_t from = 0;
  for (int i = 0; i < kMaxSubstitutions; ++i) {
    const size_t close = text.find('}', from);
    if (close == std::string::npos) break;
    const size_t open = text.rfind("${", close);
    if (open == std::string::npos || open < from) {
      from = close + 1;
      continue;
    }
    const std::string name = text.substr(open + 2, close - open - 2);
    std::optional<std::string> value;
    if (name.starts_with("env.")) {
      // ${env.NAME}, ${env.NAME-default}, ${env.NAME:-default}
      const std::string variable = name.substr(4);
      const size_t dash = variable.find('-');
      const bool also_empty = dash != std::string::npos && dash > 0 && variable[dash - 1] == ':';
      const auto found = environment_.find(variable.substr(0, dash - (also_empty ? 1 : 0)));
      if (found != environment_.end() && !(also_empty && found->second.empty())) {
        value = found->second;
      } else if (dash != std::string::npos) {
        value = variable.substr(dash + 1);
      }
    } else if (const auto property = properties_.find(name); property != properties_.end()) {
      value = property->second;
    } else if (const auto other = values_.find(CurrentKeyName(name)); other != values_.end()) {
      value = other->second.text;
    } else if (const KeySpec* spec = FindKey(CurrentKeyName(name)); spec != nullptr) {
      value = std::string(spec->default_value);
    }
    if (value) {
      text.replace(open, close - open + 1, *value);
    } else {
      from = close + 1;
    }
  }
  return text;
}

const KeySpec& Configuration::Spec(std::string_view key, KeyType type) const {
  const KeySpec* spec = FindKey(key);
  if (spec == nullptr) BrokenProgram("not in the table", key);
  if (spec->type != type && !(spec->type == KeyType::kPathList && type == KeyType::kList)) {
    BrokenProgram("read as another type", key);
  }
  return *spec;
}

std::string Configuration::GetString(std::string_view key) const {
  const std::string text = TextOf(Spec(key, KeyType::kString).name);
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

int64_t Configuration::GetInt(std::string_view key) const {
  return ParseInt(TextOf(Spec(key, KeyType::kInt).name)).value();
}

bool Configuration::GetBool(std::string_view key) const {
  return ParseBool(TextOf(Spec(key, KeyType::kBool).name)).value();
}

double Configuration::GetDouble(std::string_view key) const {
  return ParseDouble(TextOf(Spec(key, KeyType::kDouble).name)).value();
}

int64_t Configuration::GetDurationMs(std::string_view key) const {
  const KeySpec& spec = Spec(key, KeyType::kDuration);
  return ParseDurationMs(TextOf(spec.name), spec.unit).value();
}

int64_t Configuration::GetSize(std::string_view key) const {
  return ParseSize(TextOf(Spec(key, KeyType::kSize).name)).value();
}

std::vector<std::string> Configuration::GetList(std::string_view key) const {
  return ParseList(TextOf(Spec(key, KeyType::kList).name));
}

std::vector<std::string> Configuration::GetPathList(std::string_view key) const {
  std::vector<std::string> paths;
  for (const std::string& element : ParseList(TextOf(Spec(key, KeyType::kPathList).name))) {
    paths.push_back(ParseLocalPath(element).value());
  }
  return paths;
}

bool Configuration::IsSet(std::string_view key) const { return values_.contains(key); }

std::string Configuration::GetRaw(std::string_view key) const { return TextOf(key); }

std::map<std::string, std::string> Configuration::WithPrefix(std::string_view prefix) const {
  std::map<std::string, std::string> found;
  for (auto it = values_.lower_bound(prefix); it != values_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    found[it->first] = TextOf(it->first);
  }
  return found;
}

std::string Configuration::SourceOf(std::string_view key) const {
  const auto found = values_.find(key);
  return found != values_.end() ? found->second.source : std::string(kDefaultSource);
}

}  // namespace cairn
