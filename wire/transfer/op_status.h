// The result codes of DataTransferProtocol, shared by replies, acknowledgements and read statuses.
#pragma once

#include <cstdint>
#include <string_view>

namespace cairn::wire {

// Numbers are the Status enum of HDFS's datatransfer protocol.
enum class OpStatus : uint8_t {
  kSuccess = 0,
  kError = 1,
  kErrorChecksum = 2,
  kErrorInvalid = 3,
  kErrorExists = 4,
  kErrorAccessToken = 5,
  kChecksumOk = 6,  // ClientReadStatus: every byte read was verified
  kErrorUnsupported = 7,
  kOobRestart = 8,  // out of band: this DataNode restarts
  kOobReserved1 = 9,
  kOobReserved2 = 10,
  kOobReserved3 = 11,
  kInProgress = 12,  // REPLACE_BLOCK keep-alive
  kErrorBlockPinned = 13
};

// HDFS's name, e.g. "ERROR_CHECKSUM".
std::string_view OpStatusName(OpStatus status);

}  // namespace cairn::wire
