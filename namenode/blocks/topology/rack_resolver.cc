// Table, mapping and script behind one cache.
#include "namenode/blocks/topology/rack_resolver.h"

#include <sstream>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kMaxTableBytes = 64 << 20;

// "/a/b/" → "/a/b"; empty if `rack` is not a path.
std::string Normalized(std::string_view rack) {
  while (rack.size() > 1 && rack.back() == '/') rack.remove_suffix(1);
  if (rack.size() < 2 || rack.front() != '/') return "";
  return std::string(rack);
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RackResolver>> RackResolver::Create(
    const RackResolverOptions& options, FileSystem& fs, ScriptRunner runner) {
  std::unique_ptr<RackResolver> resolver(new RackResolver(options, std::move(runner)));
  if (!options.table_file.empty()) {
    ASSIGN_OR_RETURN(const std::string text, fs.ReadFile(options.table_file, kMaxTableBytes));
    RETURN_IF_ERROR(resolver->AddTable(text));
  }
  RETURN_IF_ERROR(resolver->AddMapping(options.node_mapping));  // last: it wins
  return resolver;
}

absl::Status RackResolver::AddMapping(std::string_view mapping) {
  MutexLock lock(mu_);
  while (!mapping.empty()) {
    const size_t comma = mapping.find(',');
    const std::string_view entry = Trimmed(mapping.substr(0, comma));
    mapping = comma == std::string_view::npos ? std::string_view{} : mapping.substr(comma + 1);
    if (entry.empty()) continue;
    const size_t equals = entry.find('=');
    const std::string rack = equals == std::string_view::npos
                                 ? std::string()
                                 : Normalized(Trimmed(entry.substr(equals + 1)));
    if (rack.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("hadoop.configured.node.mapping: \"{}\" is not host=/rack", entry));
    }
    racks_[std::string(Trimmed(entry.substr(0, equals)))] = rack;
  }
  return absl::OkStatus();
}

absl::Status RackResolver::AddTable(std::string_view text) {
  MutexLock lock(mu_);
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string_view trimmed = Trimmed(line);
    if (trimmed.empty() || trimmed.front() == '#') continue;
    std::istringstream columns{std::string(trimmed)};
    std::string host;
    std::string rack;
    std::string more;
    columns >> host >> rack;
    rack = Normalized(rack);
    if (rack.empty() || (columns >> more)) {
      return absl::InvalidArgumentError(fmt::format("{}: line {} is not \"host /rack\": {}",
                                                    options_.table_file, number, trimmed));
    }
    racks_[host] = rack;
  }
  return absl::OkStatus();
}

const std::string* RackResolver::Find(std::string_view name) const {
  const auto it = racks_.find(std::string(name));
  return it == racks_.end() ? nullptr : &it->second;
}

std::string RackResolver::Known(std::string_view ip_address) const {
  MutexLock lock(mu_);
  const std::string* rack = Find(ip_address);
  return rack == nullptr ? kDefaultRack : *rack;
}

std::string RackResolver::Resolve(const std::string& ip_address, const std::string& host_name) {
  {
    MutexLock lock(mu_);
    const std::string* rack = Find(host_name);
    if (rack == nullptr) rack = Find(ip_address);
    if (rack != nullptr) {
      const std::string found = *rack;
      racks_.try_emplace(ip_address, found);  // so that Known finds it
      return found;
    }
  }
  if (options_.script_file.empty() || ip_address.empty()) return kDefaultRack;
  const auto printed = runner_({options_.script_file, ip_address});
  const std::string rack =
      printed.ok() ? Normalized(Trimmed(std::string_view(*printed))) : std::string();
  if (rack.empty() || rack.find_first_of(" \t\n") != std::string::npos) {
    spdlog::warn("Topology script {} gives no rack for {}: {}", options_.script_file, ip_address,
                 printed.ok() ? "its output is not one path" : printed.status().ToString());
    return kDefaultRack;
  }
  MutexLock lock(mu_);
  racks_[ip_address] = rack;
  return rack;
}

int RackDistance(std::string_view a, std::string_view b) {
  size_t common = 0;  // length of the common ancestor
  for (size_t i = 0;; ++i) {
    const bool end_a = i >= a.size() || a[i] == '/';
    const bool end_b = i >= b.size() || b[i] == '/';
    if (end_a && end_b) common = i;
    if (i >= a.size() || i >= b.size() || a[i] != b[i]) break;
  }
  int hops = 2;
  for (size_t i = common; i < a.size(); ++i) hops += a[i] == '/';
  for (size_t i = common; i < b.size(); ++i) hops += b[i] == '/';
  return hops;
}

}  // namespace cairn::namenode
