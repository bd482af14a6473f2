// Preambles and the answers to bad ones.
#include "wire/hadoop_rpc/preamble.h"

#include <fmt/format.h>

#include "wire/hadoop_rpc/response.h"

namespace cairn::wire {
namespace {

constexpr std::string_view kMagic = "hrpc";
constexpr char kServiceClass = 0;

// Browsers and misguided WebHDFS clients.
constexpr std::string_view kHttpReply =
    "HTTP/1.1 404 Not Found\r\n"
    "Content-type: text/plain\r\n"
    "\r\n"
    "This is the port of Hadoop RPC. The web pages of this daemon are on another one.\r\n";

std::string Refusal(const RpcError& error) {
  std::string reply;
  AppendFatal({.call_id = kNoCallId}, error, reply);
  return reply;
}

}  // namespace

PreambleResult DecodePreamble(std::string_view bytes) {
  if (bytes.starts_with("GET ")) return {.auth = {}, .refusal = std::string(kHttpReply)};
  const auto version = static_cast<int8_t>(bytes[4]);
  if (!bytes.starts_with(kMagic) || version != kRpcVersion) {
    // Clients before version 9 expect formats that nobody speaks any more.
    if (version < kRpcVersion) return {};
    return {.auth = {},
            .refusal = Refusal({.code = RpcErrorCode::kFatalVersionMismatch,
                                .exception_class = std::string(kVersionMismatchException),
                                .message = fmt::format("Server IPC version {} cannot communicate "
                                                       "with client version {}",
                                                       kRpcVersion, version)})};
  }
  const auto auth = static_cast<uint8_t>(bytes[6]);
  if (auth == static_cast<uint8_t>(RpcAuth::kNone)) return {.auth = RpcAuth::kNone, .refusal = {}};
  if (auth == static_cast<uint8_t>(RpcAuth::kSasl)) return {.auth = RpcAuth::kSasl, .refusal = {}};
  return {.auth = {},
          .refusal = Refusal(
              {.code = RpcErrorCode::kFatalUnauthorized,
               .exception_class = std::string(kIpcException),
               .message = fmt::format("Unknown auth protocol:{}", static_cast<int8_t>(auth))})};
}

std::string EncodePreamble(RpcAuth auth) {
  std::string bytes(kMagic);
  bytes.push_back(static_cast<char>(kRpcVersion));
  bytes.push_back(kServiceClass);
  bytes.push_back(static_cast<char>(auth));
  return bytes;
}

}  // namespace cairn::wire
