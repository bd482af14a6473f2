// Packing of ErrorDetail into cairn.v1.RpcStatus and back.
#include "wire/cairn/rpc_status.h"

#include "common/types/errors.h"
#include "proto/cairn/v1/error.pb.h"
#include "wire/cairn/utf8.h"

namespace cairn::wire {
namespace {

// The highest ErrorKind of common/types/errors.h.
constexpr uint32_t kLastKind = static_cast<uint32_t>(ErrorKind::kDiskOutOfSpace);

// The ErrorKind number in `details`, 0 when there is none.
uint32_t KindIn(std::string_view details) {
  v1::RpcStatus rpc_status;
  if (!rpc_status.ParseFromArray(details.data(), static_cast<int>(details.size()))) return 0;
  for (const google::protobuf::Any& any : rpc_status.details()) {
    v1::ErrorDetail detail;
    if (any.Is<v1::ErrorDetail>() && any.UnpackTo(&detail)) return detail.kind();
  }
  return 0;
}

}  // namespace

RpcStatusParts ToRpcStatus(const absl::Status& status) {
  RpcStatusParts parts;
  parts.code = static_cast<int>(status.code());
  if (status.ok()) return parts;
  const absl::string_view text = status.message();
  parts.message = ToValidUtf8({text.data(), text.size()}, kMaxErrorTextBytes);
  if (const auto kind = KindOf(status)) {
    v1::ErrorDetail detail;
    detail.set_kind(static_cast<uint32_t>(*kind));
    v1::RpcStatus rpc_status;
    rpc_status.set_code(parts.code);
    rpc_status.set_message(parts.message);
    rpc_status.add_details()->PackFrom(detail);
    parts.details = rpc_status.SerializeAsString();
  }
  return parts;
}

absl::Status FromRpcStatus(int code, std::string_view message, std::string_view details) {
  if (code == 0) return absl::OkStatus();
  const uint32_t kind = details.empty() ? 0 : KindIn(details);
  if (kind != 0) {
    return MakeError(kind <= kLastKind ? static_cast<ErrorKind>(kind) : ErrorKind::kIo, message);
  }
  const bool known = code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  return absl::Status(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                      absl::string_view(message.data(), message.size()));
}

}  // namespace cairn::wire
