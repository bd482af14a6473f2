// Internal to wire/transfer: protobuf messages with their varint length in front.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/coding.h"
#include "wire/transfer/framing.h"

namespace cairn::wire {

// Appends `message` with its length in front.
inline void AppendDelimited(const google::protobuf::Message& message, std::string& out) {
  PutVarint64(out, message.ByteSizeLong());
  message.AppendToString(&out);
}

inline std::string EncodeDelimited(const google::protobuf::Message& message) {
  std::string out;
  AppendDelimited(message, out);
  return out;
}

// Parses a complete delimited message; kInvalidArgument names the message type.
inline absl::Status DecodeDelimited(std::string_view bytes, google::protobuf::Message& message) {
  const auto body = DelimitedBody(bytes);
  if (!body.ok()) return body.status();
  if (!message.ParsePartialFromArray(body->data(), static_cast<int>(body->size())) ||
      !message.IsInitialized()) {
    return absl::InvalidArgumentError("malformed " + message.GetTypeName());
  }
  return absl::OkStatus();
}

}  // namespace cairn::wire
