// One line per namespace call in HDFS's format (Hadoop 3.4: FSNamesystem.audit).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <spdlog/logger.h>
#include "absl/status/status.h"
#include "common/types/file_status.h"

namespace cairn::namenode {

struct Call;

// Thread-safe. Without a logger nothing is written.
class AuditLog {
 public:
  explicit AuditLog(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}
  // Writes a line when `call` is one that is audited and ended in a way that HDFS audits: success,
  // or a refusal for lack of permission.
  void Record(const Call& call, const absl::Status& result) const;
  // The line alone.
  static std::string Line(const Call& call, bool allowed);

 private:
  const std::shared_ptr<spdlog::logger> logger_;
};

// Whose a new file is, as the audit log has it: owner:group:rw-r--r--, with t or T for the sticky
// bit.
std::string PermissionText(const FileStatus& status);

}  // namespace cairn::namenode
