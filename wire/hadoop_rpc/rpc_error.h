// A failed call, or a failed connection, as Hadoop RPC tells it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::wire {

// Numbers are RpcStatusProto's.
enum class RpcReplyStatus : uint8_t {
  kSuccess = 0,
  kError = 1,  // the call failed
  kFatal = 2   // the connection is closed, and with it every pending call fails
};

// Numbers are RpcErrorCodeProto's.
enum class RpcErrorCode : uint8_t {
  kNone = 0,  // absent
  kApplication = 1,
  kNoSuchMethod = 2,
  kNoSuchProtocol = 3,
  kRpcServer = 4,
  kSerializingResponse = 5,
  kRpcVersionMismatch = 6,
  kFatalUnknown = 10,
  kFatalUnsupportedSerialization = 11,
  kFatalInvalidRpcHeader = 12,
  kFatalDeserializingRequest = 13,
  kFatalVersionMismatch = 14,
  kFatalUnauthorized = 15,
};

// What an ERROR or FATAL reply says.
struct RpcError {
  RpcErrorCode code = RpcErrorCode::kApplication;
  std::string exception_class;  // a Java class name, nested ones with '$'
  std::string message;          // its first line, maybe more

  friend bool operator==(const RpcError&, const RpcError&) = default;
};

// Classes that the RPC layer itself throws; those of the file system are in exceptions.h.
inline constexpr std::string_view kRpcServerException = "org.apache.hadoop.ipc.RpcServerException";
inline constexpr std::string_view kVersionMismatchException =
    "org.apache.hadoop.ipc.RPC$VersionMismatch";
inline constexpr std::string_view kNoSuchProtocolException =
    "org.apache.hadoop.ipc.RpcNoSuchProtocolException";
inline constexpr std::string_view kNoSuchMethodException =
    "org.apache.hadoop.ipc.RpcNoSuchMethodException";
inline constexpr std::string_view kIpcException = "org.apache.hadoop.ipc.IpcException";
inline constexpr std::string_view kSaslException = "javax.security.sasl.SaslException";
inline constexpr std::string_view kInvalidMessageException =
    "org.apache.hadoop.thirdparty.protobuf.InvalidProtocolBufferException";
inline constexpr std::string_view kAuthorizationException =
    "org.apache.hadoop.security.authorize.AuthorizationException";
inline constexpr std::string_view kAccessControlException =
    "org.apache.hadoop.security.AccessControlException";

}  // namespace cairn::wire
