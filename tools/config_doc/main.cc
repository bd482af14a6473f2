// Prints docs/configuration.md; see ./dev docs.
#include <cstdio>

#include "common/config/keys_doc.h"

int main() {
  const std::string page = cairn::ConfigurationMarkdown();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
