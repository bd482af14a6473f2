// Lines and number formats of fsck's text that several of its parts write.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::namenode {

// Java's Float.toString of a number that is not negative: shortest form, always with a point.
std::string JavaFloat(float value);

// A wall time as Java's Date.toString in UTC, "Sun Nov 22 16:38:04 UTC 2026".
std::string JavaDate(int64_t wall_ms);

// " (12.5 %)": `part` of `whole`; empty when there is no whole.
std::string FsckPercent(int64_t part, int64_t whole);

// "FSCK ended at … in … milliseconds\n".
std::string FsckEnded(int64_t wall_ms, int64_t elapsed_ms);

}  // namespace cairn::namenode
