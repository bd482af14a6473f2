// VERSION files: Java properties that say whose data a directory holds.
#include "datanode/store/version_file.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <utility>

#include "common/status_macros.h"
#include "datanode/store/storage_layout.h"

namespace cairn::datanode {
namespace {

constexpr std::string_view kSpaces = " \t\r\f";

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

// Control characters and their letters behind a backslash.
constexpr std::pair<char, char> kEscapes[] = {{'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'\f', 'f'}};

std::string Escape(std::string_view value) {
  std::string out;
  for (char c : value) {
    const bool leading_space = c == ' ' && out.empty();
    if (std::string_view(":=#!\\").find(c) != std::string_view::npos || leading_space) {
      out.push_back('\\');
    }
    for (const auto& [control, letter] : kEscapes) {
      if (c != control) continue;
      out.push_back('\\');
      c = letter;
      break;
    }
    out.push_back(c);
  }
  return out;
}

// One line into key and value; kInvalidArgument when it is none or has a \u escape, which no
// identifier needs.
absl::Status ParseLine(std::string_view line, std::string& key, std::string& value) {
  bool in_value = false;
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (!in_value && (c == '=' || c == ':')) {
      in_value = true;
      continue;
    }
    if (in_value && value.empty() && kSpaces.find(c) != std::string_view::npos) continue;
    if (c == '\\') {
      if (++i == line.size()) return absl::InvalidArgumentError("a line ends with a backslash");
      c = line[i];
      if (c == 'u') return absl::InvalidArgumentError("\\u escapes are not understood");
      for (const auto& [control, letter] : kEscapes) {
        if (c != letter) continue;
        c = control;
        break;
      }
    }
    (in_value ? value : key).push_back(c);
  }
  if (in_value && !key.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("not a property: {}", line.substr(0, 100)));
}

absl::StatusOr<std::string> Take(const Properties& properties, const std::string& key) {
  const auto it = properties.find(key);
  if (it == properties.end() || it->second.empty()) {
    return absl::InvalidArgumentError(fmt::format("{} is missing", key));
  }
  return it->second;
}

template <typename Int>
absl::StatusOr<Int> TakeNumber(const Properties& properties, const std::string& key) {
  ASSIGN_OR_RETURN(const std::string text, Take(properties, key));
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return absl::InvalidArgumentError(fmt::format("{} is not a number: {}", key, text));
  }
  return value;
}

}  // namespace

absl::StatusOr<Properties> ParseProperties(std::string_view text) {
  Properties properties;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    std::string_view line = Trim(text.substr(0, newline));
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#' || line.front() == '!') continue;
    std::string key;
    std::string value;
    RETURN_IF_ERROR(ParseLine(line, key, value));
    properties[key] = value;
  }
  return properties;
}

std::string FormatProperties(const Properties& properties, int64_t wall_ms) {
  const std::tm utc = fmt::gmtime(static_cast<std::time_t>(wall_ms / 1000));
  std::string out = fmt::format("#{:%a %b %d %H:%M:%S} UTC {:%Y}\n", utc, utc);
  for (const auto& [key, value] : properties) {
    out += fmt::format("{}={}\n", Escape(key), Escape(value));
  }
  return out;
}

absl::StatusOr<VolumeVersion> VolumeVersion::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(const Properties properties, ParseProperties(text));
  VolumeVersion version;
  ASSIGN_OR_RETURN(version.storage_id, Take(properties, "storageID"));
  ASSIGN_OR_RETURN(version.cluster_id, Take(properties, "clusterID"));
  ASSIGN_OR_RETURN(version.datanode_uuid, Take(properties, "datanodeUuid"));
  ASSIGN_OR_RETURN(version.layout_version, TakeNumber<int32_t>(properties, "layoutVersion"));
  ASSIGN_OR_RETURN(const std::string type, Take(properties, "storageType"));
  if (type != "DATA_NODE") {
    return absl::InvalidArgumentError(fmt::format("storageType is {}, not DATA_NODE", type));
  }
  return version;
}

std::string VolumeVersion::Format(int64_t wall_ms) const {
  return FormatProperties({{"storageID", storage_id},
                           {"clusterID", cluster_id},
                           {"cTime", "0"},
                           {"datanodeUuid", datanode_uuid},
                           {"storageType", "DATA_NODE"},
                           {"layoutVersion", fmt::format("{}", layout_version)}},
                          wall_ms);
}

absl::StatusOr<PoolVersion> PoolVersion::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(const Properties properties, ParseProperties(text));
  PoolVersion version;
  ASSIGN_OR_RETURN(version.pool_id, Take(properties, "blockpoolID"));
  ASSIGN_OR_RETURN(version.namespace_id, TakeNumber<int32_t>(properties, "namespaceID"));
  ASSIGN_OR_RETURN(version.creation_time, TakeNumber<int64_t>(properties, "cTime"));
  ASSIGN_OR_RETURN(version.layout_version, TakeNumber<int32_t>(properties, "layoutVersion"));
  return version;
}

std::string PoolVersion::Format(int64_t wall_ms) const {
  return FormatProperties({{"namespaceID", fmt::format("{}", namespace_id)},
                           {"cTime", fmt::format("{}", creation_time)},
                           {"blockpoolID", pool_id},
                           {"layoutVersion", fmt::format("{}", layout_version)}},
                          wall_ms);
}

}  // namespace cairn::datanode
