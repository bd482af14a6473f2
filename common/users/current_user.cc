// The current user from the environment or the operating system.
#include "common/users/current_user.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace cairn {

absl::StatusOr<std::string> SystemUserName() {
  const uid_t uid = ::geteuid();
  std::vector<char> buffer(16'384);
  passwd entry;
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return absl::NotFoundError(fmt::format("User id {} has no name on this machine", uid));
  }
  return std::string(found->pw_name);
}

absl::StatusOr<std::string> CurrentUserName() {
  const char* name = std::getenv("HADOOP_USER_NAME");
  if (name != nullptr && *name != '\0') return std::string(name);
  return SystemUserName();
}

std::string_view ShortUserName(std::string_view user) {
  return user.substr(0, user.find_first_of("/@"));
}

}  // namespace cairn
