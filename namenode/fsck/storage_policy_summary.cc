// Columns as Java's formatter makes them.
#include "namenode/fsck/storage_policy_summary.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "common/types/storage_type_name.h"
#include "namenode/blocks/policy/storage_policies.h"

namespace cairn::namenode {
namespace {

struct NamedPolicy {
  uint8_t id;
  const char* name;
};

// By id, as HDFS goes through them.
constexpr NamedPolicy kPolicies[] = {
    {kColdPolicy, "COLD"},
    {kWarmPolicy, "WARM"},
    {kHotPolicy, "HOT"},
    {kOneSsdPolicy, "ONE_SSD"},
    {kAllSsdPolicy, "ALL_SSD"},
    {kAllNvdimmPolicy, "ALL_NVDIMM"},
    {kLazyPersistPolicy, "LAZY_PERSIST"},
};

// Position among Java's StorageType values.
int JavaOrder(StorageType type) {
  using enum StorageType;
  constexpr std::array kOrder = {kRamDisk, kSsd, kDisk, kArchive, kProvided, kNvdimm};
  return static_cast<int>(std::distance(kOrder.begin(), std::ranges::find(kOrder, type)));
}

void Sort(std::vector<StorageType>& types) { std::ranges::sort(types, {}, JavaOrder); }

// Whether sorted `types` are those of the policy, the last of which may be there any number of
// times.
bool Fits(uint8_t policy, const std::vector<StorageType>& types) {
  std::vector<StorageType> wanted = PreferredTypes(policy, 0);
  const std::vector<StorageType> others = PreferredTypes(policy, 1);
  if (others != wanted) wanted.insert(wanted.end(), others.begin(), others.end());
  Sort(wanted);
  if (types.size() < wanted.size()) return false;
  return std::equal(wanted.begin(), wanted.end(), types.begin()) &&
         std::all_of(types.begin() + static_cast<std::ptrdiff_t>(wanted.size()), types.end(),
                     [&](StorageType type) { return type == wanted.back(); });
}

std::optional<NamedPolicy> PolicyOf(const std::vector<StorageType>& types) {
  for (const NamedPolicy& policy : kPolicies) {
    if (Fits(policy.id, types)) return policy;
  }
  return std::nullopt;
}

NamedPolicy Wanted(uint8_t policy) {
  const auto found = std::ranges::find(kPolicies, policy, &NamedPolicy::id);
  return found == std::end(kPolicies) ? NamedPolicy{kHotPolicy, "HOT"} : *found;
}

// "DISK:2,ARCHIVE:1(WARM)".
std::string Describe(const std::vector<StorageType>& types,
                     const std::optional<NamedPolicy>& policy) {
  std::string text;
  for (size_t i = 0; i < types.size();) {
    size_t end = i;
    while (end < types.size() && types[end] == types[i]) ++end;
    text += fmt::format("{}{}:{}", i == 0 ? "" : ",", StorageTypeName(types[i]), end - i);
    i = end;
  }
  return policy ? fmt::format("{}({})", text, policy->name) : text;
}

}  // namespace

void StoragePolicySummary::Add(uint8_t policy, std::vector<StorageType> types) {
  Sort(types);
  ++counts_[{Wanted(policy).id, std::move(types)}];
  ++blocks_;
}

std::string StoragePolicySummary::Text() const {
  using Entry = std::pair<std::pair<uint8_t, std::vector<StorageType>>, int64_t>;
  std::vector<Entry> entries(counts_.begin(), counts_.end());
  std::ranges::stable_sort(entries, std::ranges::greater(), &Entry::second);
  std::string fitting =
      "\nBlocks satisfying the specified storage policy:"
      "\nStorage Policy                  # of blocks       % of blocks\n";
  std::string others;
  for (const auto& [key, count] : entries) {
    const auto& [policy, types] = key;
    const auto actual = PolicyOf(types);
    const std::string percent =
        fmt::format("{:.4f}%", static_cast<double>(count) * 100 / static_cast<double>(blocks_));
    if (actual && actual->id == policy) {
      fitting += fmt::format("{:<25} {:>10}  {:>20}\n", Describe(types, actual), count, percent);
      continue;
    }
    if (others.empty()) {
      others =
          "\nBlocks NOT satisfying the specified storage policy:"
          "\nStorage Policy                  "
          "Specified Storage Policy      # of blocks       % of blocks\n";
    }
    others += fmt::format("{:<35} {:<20} {:>10}  {:>20}\n", Describe(types, actual),
                          Wanted(policy).name, count, percent);
  }
  return fitting + (others.empty() ? "\nAll blocks satisfy specified storage policy.\n" : others);
}

}  // namespace cairn::namenode
