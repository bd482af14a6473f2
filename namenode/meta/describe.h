// Rows and journal records as lines for people.
#pragma once

#include <string>
#include <string_view>

#include "namenode/meta/journal_format.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// The row on one line, for example
//   16385/"user" id=16386 directory rwxr-xr-x alice:staff mtime=1700000000000 children=2 txid=9
// Bytes that do not print are escaped; a row that cannot be decoded is shown as such.
std::string DescribeRow(Table table, std::string_view key, std::string_view value);
// The key alone, as DescribeRow begins.
std::string DescribeKey(Table table, std::string_view key);
// "put <table> <row>" or "delete <table> <key>".
std::string DescribeChange(const ChangeView& change);

}  // namespace cairn::namenode
