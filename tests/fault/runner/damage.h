// Bytes on disks that become other ones, or end too early. Each call says what it did, for the
// history.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace cairn::fault {

std::string CutFile(const std::filesystem::path& file, int64_t length);
// Flips bit `bit` (0 to 7) of the byte at `at`.
std::string FlipBit(const std::filesystem::path& file, int64_t at, int bit);
// The type of checksums that the header of a replica's meta file tells (0: none).
std::string SetChecksumType(const std::filesystem::path& meta, char type);

}  // namespace cairn::fault
