// Which addresses are this machine's.
#pragma once

#include <string>

namespace cairn {

// Whether a numeric address is one of this machine's, loopback included.
bool IsLocalAddress(const std::string& ip);

}  // namespace cairn
