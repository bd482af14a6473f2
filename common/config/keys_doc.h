// docs/configuration.md, made from the key table.
#pragma once

#include <string>

namespace cairn {

// The whole page. A test compares it with the checked-in file; `./dev docs` rewrites that.
std::string ConfigurationMarkdown();

}  // namespace cairn
