// The options every Cairn program understands, spelled as Hadoop's.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config/configuration.h"

namespace cairn {

// What a command line said in general, and the arguments that are left for the program.
struct GenericOptions {
  ConfigurationSources sources;   // the process's, with -conf files and settings added
  std::vector<std::string> rest;  // in order
};

// Takes "-D key=value", "-Dkey=value", "-conf FILE", "-fs URI" (= -D fs.defaultFS=URI) out of
// `args`, as far as they stand before the first other argument; `everywhere` also takes them from
// behind it (daemons). `args` excludes the program's name. kInvalidArgument for a missing or
// malformed operand.
absl::StatusOr<GenericOptions> ParseGenericOptions(const std::vector<std::string>& args,
                                                   bool everywhere);
// The same on top of given sources instead of the process's own.
absl::StatusOr<GenericOptions> ParseGenericOptions(const std::vector<std::string>& args,
                                                   bool everywhere, ConfigurationSources sources);

}  // namespace cairn
