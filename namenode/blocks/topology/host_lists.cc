// Reading and matching.
#include "namenode/blocks/topology/host_lists.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "absl/strings/str_split.h"
#include "common/net/address.h"
#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kMaxListBytes = 16 << 20;

absl::StatusOr<HostLists::Entry> EntryOf(const std::string& word) {
  ASSIGN_OR_RETURN(const HostPort host_port, ParseHostPort(word, /*default_port=*/0));
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
      auto entry = EntryOf(word);
      if (!entry.ok()) {
        return absl::InvalidArgumentError(
            fmt::format("{}: {}", path, std::string(entry.status().message())));
      }
      entries.push_back(*std::move(entry));
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
