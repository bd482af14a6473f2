// The chapters of the key table, one file each. Everyone else uses keys.h.
#pragma once

#include "common/config/keys.h"

namespace cairn {

KeySection GeneralKeys();
KeySection NamenodeKeys();
KeySection BlockKeys();
KeySection DatanodeKeys();
KeySection ClientKeys();
KeySection CairnKeys();

}  // namespace cairn
