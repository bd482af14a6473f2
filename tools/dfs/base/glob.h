// Hadoop's path patterns: * ? [a-z] [^a] {a,b} and \ before a character that is meant itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::dfs {

// True when `text` has a character that makes it a pattern.
bool IsGlob(std::string_view text);
// The patterns without braces that a pattern stands for, in order: "{a,b}c" is ac and bc. Braces
// may nest and may hold slashes. A brace that is not closed stays as it is.
std::vector<std::string> ExpandBraces(std::string_view pattern);
// Whether one name (no slash) matches a pattern without braces.
bool GlobMatches(std::string_view pattern, std::string_view name);
// The text with the escaping backslashes removed.
std::string Unescape(std::string_view text);

}  // namespace cairn::dfs
