// Names of the result codes.
#include "wire/transfer/op_status.h"

namespace cairn::wire {

std::string_view OpStatusName(OpStatus status) {
  switch (status) {
    case OpStatus::kSuccess:
      return "SUCCESS";
    case OpStatus::kError:
      return "ERROR";
    case OpStatus::kErrorChecksum:
      return "ERROR_CHECKSUM";
    case OpStatus::kErrorInvalid:
      return "ERROR_INVALID";
    case OpStatus::kErrorExists:
      return "ERROR_EXISTS";
    case OpStatus::kErrorAccessToken:
      return "ERROR_ACCESS_TOKEN";
    case OpStatus::kChecksumOk:
      return "CHECKSUM_OK";
    case OpStatus::kErrorUnsupported:
      return "ERROR_UNSUPPORTED";
    case OpStatus::kOobRestart:
      return "OOB_RESTART";
    case OpStatus::kOobReserved1:
      return "OOB_RESERVED1";
    case OpStatus::kOobReserved2:
      return "OOB_RESERVED2";
    case OpStatus::kOobReserved3:
      return "OOB_RESERVED3";
    case OpStatus::kInProgress:
      return "IN_PROGRESS";
    case OpStatus::kErrorBlockPinned:
      return "ERROR_BLOCK_PINNED";
  }
  return "UNKNOWN";
}

}  // namespace cairn::wire
