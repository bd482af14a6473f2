// Reading and matching.
#include "namenode/blocks/topology/host_lists.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>
#include "absl/strings/str_split.h"
#include "common/net/address.h"
#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kMaxListBytes = 16 << 20;

HostLists::Entry EntryOf(const HostPort& host_port) {
  const std::string word = host_port.ToString();
  HostLists::Entry entry{.host = host_port.host, .port = host_port.port, .addresses = {}};
  const auto addresses = Resolve({.host = entry.host, .port = entry.port});
  if (!addresses.ok()) {
    spdlog::warn("{}: {}; the entry matches DataNodes of that name only", word,
                 std::string(addresses.status().message()));
    return entry;
  }
  for (const SocketAddress& address : *addresses) entry.addresses.push_back(address.ip());
  return entry;
}

absl::Status Malformed(const std::string& path, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", path, why));
}

using Json = boost::property_tree::ptree;

absl::StatusOr<Json> ReadJson(FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, fs.ReadFile(path, kMaxListBytes));
  Json json;
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) {
    spdlog::warn("{} is empty: it names no host", path);
    return json;
  }
  if (text[begin] != '[') return Malformed(path, "not an array of hosts");
  std::istringstream in(std::move(text));
  try {
    boost::property_tree::read_json(in, json);
  } catch (const boost::property_tree::json_parser_error& error) {
    return Malformed(path, fmt::format("line {}: {}", error.line(), error.message()));
  }
  return json;
}

// Empty when something else than a number is there.
std::optional<int64_t> NumberOf(const Json& json, const char* key, int64_t missing) {
  const auto child = json.get_child_optional(key);
  if (!child) return missing;
  const auto value = child->get_value_optional<int64_t>();
  return value ? std::optional(*value) : std::nullopt;
}

absl::StatusOr<std::vector<HostLists::Entry>> ReadList(FileSystem& fs, const std::string& path) {
  std::vector<HostLists::Entry> entries;
  if (path.empty()) return entries;
  if (path.ends_with(".xml")) {
    return absl::InvalidArgumentError(fmt::format("{}: lists of hosts in XML are not read", path));
  }
  ASSIGN_OR_RETURN(const std::string text, fs.ReadFile(path, kMaxListBytes));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\f\r"), absl::SkipEmpty());
    for (const std::string& word : words) {
      if (word.starts_with('#')) break;
      const auto host_port = ParseHostPort(word, /*default_port=*/0);
      if (!host_port.ok()) return Malformed(path, std::string(host_port.status().message()));
      entries.push_back(EntryOf(*host_port));
    }
  }
  return entries;
}

}  // namespace

absl::StatusOr<HostLists> HostLists::Read(FileSystem& fs, const std::string& include_file,
                                          const std::string& exclude_file) {
  HostLists lists;
  ASSIGN_OR_RETURN(lists.includes_, ReadList(fs, include_file));
  ASSIGN_OR_RETURN(lists.excludes_, ReadList(fs, exclude_file));
  return lists;
}

absl::StatusOr<HostLists> HostLists::ReadCombined(FileSystem& fs, const std::string& file) {
  HostLists lists;
  if (file.empty()) return lists;
  ASSIGN_OR_RETURN(const Json hosts, ReadJson(fs, file));
  bool in_service = false;
  for (const auto& [unnamed, host] : hosts) {
    const auto name = host.get_optional<std::string>("hostName");
    if (!name || name->empty()) return Malformed(file, "a host without hostName");
    const auto port = NumberOf(host, "port", 0);
    if (!port || *port < 0 || *port > 65535) {
      return Malformed(file, fmt::format("{}: no port number", *name));
    }
    const auto until_ms =
        NumberOf(host, "maintenanceExpireTimeInMS", std::numeric_limits<int64_t>::max());
    if (!until_ms) {
      return Malformed(file, fmt::format("{}: maintenanceExpireTimeInMS is no number", *name));
    }
    const Entry entry = EntryOf({.host = *name, .port = static_cast<int>(*port)});
    const auto state = host.get<std::string>("adminState", "NORMAL");
    if (state == "DECOMMISSIONED") {
      lists.excludes_.push_back(entry);
    } else if (state == "IN_MAINTENANCE") {
      lists.maintained_.emplace_back(entry, *until_ms);
    } else if (state != "NORMAL") {
      return Malformed(file, fmt::format("{}: unknown adminState {}", *name, state));
    }
    in_service |= state == "NORMAL";
    lists.includes_.push_back(entry);
  }
  if (!in_service) lists.includes_.clear();
  return lists;
}

std::optional<int64_t> HostLists::MaintenanceUntil(const DatanodeId& id) const {
  for (const auto& [entry, until_ms] : maintained_) {
    if (Matches(entry, id)) return until_ms;
  }
  return std::nullopt;
}

bool HostLists::Matches(const Entry& entry, const DatanodeId& id) {
  if (entry.port != 0 && entry.port != id.xfer_port) return false;
  return entry.host == id.ip_addr || entry.host == id.host_name ||
         std::find(entry.addresses.begin(), entry.addresses.end(), id.ip_addr) !=
             entry.addresses.end();
}

bool HostLists::Has(const std::vector<Entry>& entries, const DatanodeId& id) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return Matches(entry, id); });
}

}  // namespace cairn::namenode
