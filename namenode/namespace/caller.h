// Who asks: made by a front end before any lock is taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/types/errors.h"

namespace cairn::namenode {

// The identity of one call, for exactly-once.
struct CallId {
  static constexpr size_t kClientIdBytes = 16;

  std::string client_id;  // kClientIdBytes, or empty: not remembered
  int64_t call_id = -1;   // below 0: not remembered

  bool remembered() const { return client_id.size() == kClientIdBytes && call_id >= 0; }
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
