// application/x-www-form-urlencoded parameters, as Java's URLEncoder writes them.
#include "namenode/http/url_query.h"

#include <charconv>

#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

absl::StatusOr<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const std::string_view digits = text.substr(i + 1, 2);
      unsigned byte = 0;
      const char* end = digits.data() + digits.size();
      if (digits.size() < 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end) {
        return absl::InvalidArgumentError("a % in the request's target has no two digits");
      }
      decoded += static_cast<char>(byte);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace

std::string UrlTarget::Get(const std::string& name, const std::string& otherwise) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? otherwise : found->second;
}

absl::StatusOr<UrlTarget> ParseUrlTarget(std::string_view target) {
  UrlTarget url;
  const size_t question = target.find('?');
  ASSIGN_OR_RETURN(url.path, Decode(target.substr(0, question), false));
  std::string_view rest = question == std::string_view::npos ? "" : target.substr(question + 1);
  while (!rest.empty()) {
    const size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    ASSIGN_OR_RETURN(std::string name, Decode(pair.substr(0, equals), true));
    const std::string_view coded = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    ASSIGN_OR_RETURN(std::string value, Decode(coded, true));
    url.parameters.emplace(std::move(name), std::move(value));
  }
  return url;
}

}  // namespace cairn::namenode
