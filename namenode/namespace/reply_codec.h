// How results of remembered calls are kept in the retry table: a tag per type, then its fields.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/file_status.h"
#include "namenode/namespace/requests.h"

namespace cairn::namenode {

// The result of operations that answer nothing but success.
struct Nothing {};

// Encoding and decoding of one result type. Types without a specialisation cannot be remembered.
// Decode fails with kDataLoss on anything its Encode did not write.
template <typename Result>
struct ReplyCodec;

// One byte.
template <>
struct ReplyCodec<Nothing> {
  static std::string Encode(const Nothing&);
  static absl::StatusOr<Nothing> Decode(std::string_view bytes);
};

// Two bytes.
template <>
struct ReplyCodec<bool> {
  static std::string Encode(const bool& value);
  static absl::StatusOr<bool> Decode(std::string_view bytes);
};

// Without locations: a file just created has none.
template <>
struct ReplyCodec<FileStatus> {
  static std::string Encode(const FileStatus& status);
  static absl::StatusOr<FileStatus> Decode(std::string_view bytes);
};

// With the block's places as they were.
template <>
struct ReplyCodec<AppendResult> {
  static std::string Encode(const AppendResult& result);
  static absl::StatusOr<AppendResult> Decode(std::string_view bytes);
};

}  // namespace cairn::namenode
