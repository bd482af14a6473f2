// Who asks: made by a front end before any lock is taken.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/types/errors.h"

namespace cairn::namenode {

// Which client calls: sixteen bytes of its choice, or none. Kept in place: every call has one.
class ClientId {
 public:
  static constexpr size_t kBytes = 16;

  ClientId() = default;
  // Another number of bytes is none.
  ClientId(std::string_view bytes) : present_(bytes.size() == kBytes) {
    if (present_) std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  }
  ClientId(const std::string& bytes) : ClientId(std::string_view(bytes)) {}

  bool present() const { return present_; }
  // Empty when there is none.
  std::string_view bytes() const { return {bytes_.data(), present_ ? kBytes : 0}; }

 private:
  std::array<char, kBytes> bytes_ = {};
  bool present_ = false;
};

// The identity of one call, for exactly-once.
struct CallId {
  ClientId client_id;    // none: not remembered
  int64_t call_id = -1;  // below 0: not remembered

  bool remembered() const { return client_id.present() && call_id >= 0; }
};

// Thread-compatible value.
struct Caller {
  std::string user;  // short name
  // Resolved on the server, shared with its cache; the first is the primary one. Null: none.
  std::shared_ptr<const std::vector<std::string>> groups;
  bool superuser = false;  // the NameNode's own user, or a member of dfs.permissions.superusergroup
  std::string address;     // IP, for placement, messages and the audit log
  CallId call;

  bool IsIn(std::string_view group) const {
    return groups != nullptr && std::find(groups->begin(), groups->end(), group) != groups->end();
  }
};

// kAccessControl unless the caller is a superuser; `operation` is named as HDFS names it.
inline absl::Status CheckSuperuser(const Caller& caller, std::string_view operation) {
  if (caller.superuser) return absl::OkStatus();
  return errors::SuperuserRequired(caller.user, operation);
}

}  // namespace cairn::namenode
