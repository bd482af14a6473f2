// Remembered replies as bytes. Integers are varints; a new field goes to the end, where older bytes
// simply end.
#include "namenode/namespace/reply_codec.h"

#include "absl/status/status.h"
#include "common/coding.h"

namespace cairn::namenode {
namespace {

constexpr char kNothing = 'n', kBool = 'b', kFileStatus = 's';

absl::Status Damaged() { return absl::DataLossError("damaged reply in the retry table"); }

void PutText(std::string& out, const std::string& text) {
  PutVarint64(out, text.size());
  out += text;
}

// Takes fields off the front of a reply; remembers whether all were there.
struct Reader {
  std::string_view in;
  bool ok = true;

  int64_t Int() {
    const auto value = TakeVarint64(in);
    ok = ok && value.has_value();
    return ok ? static_cast<int64_t>(*value) : 0;
  }
  std::string Text() {
    const auto size = TakeVarint64(in);
    const auto bytes = size ? TakeBytes(in, *size) : std::nullopt;
    ok = ok && bytes.has_value();
    return ok ? std::string(*bytes) : std::string();
  }
};

}  // namespace

std::string ReplyCodec<Nothing>::Encode(const Nothing&) { return std::string(1, kNothing); }

absl::StatusOr<Nothing> ReplyCodec<Nothing>::Decode(std::string_view bytes) {
  if (bytes.size() != 1 || bytes[0] != kNothing) return Damaged();
  return Nothing{};
}

std::string ReplyCodec<bool>::Encode(const bool& value) { return {kBool, value ? '\1' : '\0'}; }

absl::StatusOr<bool> ReplyCodec<bool>::Decode(std::string_view bytes) {
  if (bytes.size() != 2 || bytes[0] != kBool) return Damaged();
  return bytes[1] != '\0';
}

std::string ReplyCodec<FileStatus>::Encode(const FileStatus& status) {
  std::string out(1, kFileStatus);
  PutVarint64(out, static_cast<uint64_t>(status.type));
  PutText(out, status.path);
  for (const int64_t value : {status.length, int64_t{status.permission}, status.mtime_ms,
                              status.atime_ms, int64_t{status.replication}, status.block_size,
                              status.file_id, status.children, int64_t{status.storage_policy}}) {
    PutVarint64(out, static_cast<uint64_t>(value));
  }
  PutText(out, status.owner);
  PutText(out, status.group);
  PutText(out, status.symlink_target);
  return out;
}

absl::StatusOr<FileStatus> ReplyCodec<FileStatus>::Decode(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != kFileStatus) return Damaged();
  Reader reader{bytes.substr(1)};
  FileStatus status;
  status.type = static_cast<FileType>(reader.Int());
  status.path = reader.Text();
  status.length = reader.Int();
  status.permission = static_cast<uint16_t>(reader.Int());
  status.mtime_ms = reader.Int();
  status.atime_ms = reader.Int();
  status.replication = static_cast<int32_t>(reader.Int());
  status.block_size = reader.Int();
  status.file_id = reader.Int();
  status.children = reader.Int();
  status.storage_policy = static_cast<uint8_t>(reader.Int());
  status.owner = reader.Text();
  status.group = reader.Text();
  status.symlink_target = reader.Text();
  if (!reader.ok) return Damaged();
  return status;
}

}  // namespace cairn::namenode
