// One line per namespace call in HDFS's format (Hadoop 3.4: FSNamesystem.audit).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/logger.h>
#include "absl/status/status.h"
#include "common/types/file_status.h"

namespace cairn::namenode {

struct Call;

// Thread-safe. Without a logger nothing is written.
class AuditLog {
 public:
  // `with_context`, when given, says whether a call's context is written too; it can change.
  explicit AuditLog(std::shared_ptr<spdlog::logger> logger,
                    std::shared_ptr<const std::atomic<bool>> with_context = nullptr)
      : logger_(std::move(logger)), with_context_(std::move(with_context)) {}
  // Whether anything is written.
  bool on() const { return logger_ != nullptr; }
  // Writes a line when `call` is one that is audited and ended in a way that HDFS audits: success,
  // or a refusal for lack of permission. `context` is what the caller says of itself (the job it
  // works for).
  void Record(const Call& call, const absl::Status& result, std::string_view context = {}) const;
  // The line alone.
  static std::string Line(const Call& call, bool allowed);

 private:
  const std::shared_ptr<spdlog::logger> logger_;
  const std::shared_ptr<const std::atomic<bool>> with_context_;
};

// Whose a new file is, as the audit log has it: owner:group:rw-r--r--, with t or T for the sticky
// bit.
std::string PermissionText(const FileStatus& status);

}  // namespace cairn::namenode
