// Taking the target of an HTTP request apart.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cairn::namenode {

// Path and parameters, decoded.
struct UrlTarget {
  std::string path;
  std::map<std::string, std::string> parameters;  // the first value of each name

  bool Has(const std::string& name) const { return parameters.contains(name); }
  // The value, or `otherwise` when there is none.
  std::string Get(const std::string& name, const std::string& otherwise) const;
};

// Of "/path?name=value&…". kInvalidArgument: a % that two hexadecimal digits do not follow.
absl::StatusOr<UrlTarget> ParseUrlTarget(std::string_view target);

}  // namespace cairn::namenode
