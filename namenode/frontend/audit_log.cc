// Tab-separated, in the order log analysers of HDFS expect.
#include "namenode/frontend/audit_log.h"

#include "common/types/errors.h"
#include "namenode/frontend/call.h"

namespace cairn::namenode {
namespace {

constexpr size_t kMaxContextBytes = 128;  // hadoop.caller.context.max.size

// Control characters and backslashes escaped as in Java, so that a name cannot forge a line.
std::string Escaped(const std::string& text) {
  if (text.empty()) return "null";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out += fmt::format("\\u{:04X}", byte);
        } else {
          out += c;
        }
    }
  }
  return out;
}

}  // namespace

std::string PermissionText(const FileStatus& status) {
  constexpr char kLetters[] = "rwxrwxrwx";
  std::string text = status.owner;
  text.reserve(status.owner.size() + status.group.size() + sizeof(kLetters) + 1);
  text += ':';
  text += status.group;
  text += ':';
  const uint16_t mode = status.permission;
  for (int bit = 0; bit < 9; ++bit) text += (mode & (0400 >> bit)) != 0 ? kLetters[bit] : '-';
  if ((mode & 01000) != 0) text.back() = text.back() == 'x' ? 't' : 'T';
  return text;
}

std::string AuditLog::Line(const Call& call, bool allowed) {
  const std::string ugi = call.real_user.empty()
                              ? fmt::format("{} (auth:SIMPLE)", Escaped(call.caller.user))
                              : fmt::format("{} (auth:PROXY) via {} (auth:SIMPLE)",
                                            Escaped(call.caller.user), Escaped(call.real_user));
  return fmt::format("allowed={}\tugi={}\tip=/{}\tcmd={}\tsrc={}\tdst={}\tperm={}\tproto={}",
                     allowed, ugi, call.caller.address, call.audit.command,
                     Escaped(call.audit.source), Escaped(call.audit.destination),
                     Escaped(call.audit.permission), call.protocol);
}

void AuditLog::Record(const Call& call, const absl::Status& result,
                      std::string_view context) const {
  if (logger_ == nullptr || call.audit.command.empty()) return;
  if (!result.ok() && !Is(result, ErrorKind::kAccessControl)) return;
  std::string line = Line(call, result.ok() && !call.audit.refused);
  if (with_context_ != nullptr && *with_context_ && !context.empty()) {
    line += "\tcallerContext=" + Escaped(std::string(context.substr(0, kMaxContextBytes)));
  }
  logger_->info(line);
}

}  // namespace cairn::namenode
