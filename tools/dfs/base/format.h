// Numbers, times and tables as `hadoop fs` and `hdfs dfsadmin` print them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::dfs {

// "6", "2.9 K", "128 M": binary prefixes with `decimals` places, rounded half up, none when the
// number is exact; `unit` follows the prefix ("755.92 GB").
std::string HumanSize(int64_t n, std::string_view unit = "", int decimals = 1);
// `n` as it is, or as HumanSize when `human`.
std::string SizeText(int64_t n, bool human);
// part / whole in percent: "31.07%"; 0 of 0 is `of_nothing`.
std::string Percent(int64_t part, int64_t whole, int decimals, double of_nothing = 0);
// "rwxr-xr-t" of a mode.
std::string PermissionText(uint16_t mode);
// "2024-05-01 12:00" in the local time zone.
std::string LocalMinute(int64_t ms);
// "2024-05-01 12:00:00", UTC.
std::string UtcSecond(int64_t ms);
// "Sun Nov 22 17:06:33 UTC 2026" in the local time zone, as Java prints a Date.
std::string JavaDate(int64_t ms);

// Columns as wide as their widest cell, two blanks between them; Hadoop's TableBuilder.
class Table {
 public:
  // `right_aligned` are column numbers; the rest is aligned left. The last column is never padded
  // unless it is aligned right.
  Table(size_t columns, std::vector<size_t> right_aligned = {});
  void Add(std::vector<std::string> row);
  bool empty() const { return rows_.empty(); }
  std::string ToString() const;

 private:
  std::vector<size_t> widths_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace cairn::dfs
