// Domain errors as Java exceptions, and back: the one table of class names.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "wire/hadoop_rpc/rpc_error.h"

namespace cairn::wire {

// The error reply of a call that ended with `status` (not OK): the class of its ErrorKind; without
// a kind the class that comes nearest, mostly java.io.IOException. The message is the status's.
RpcError ToRpcError(const absl::Status& status);

// An error of Hadoop's protocols alone, which has no kind: a feature that does not exist here
// refuses with its own class. ToRpcError gives back class and message.
absl::Status JavaException(std::string_view exception_class, std::string_view message);

// The inverse: the kind of the class and the message without the stack trace that Java servers send
// after it. A class that is not in the table becomes kIo with the class in front of the message.
absl::Status FromRpcError(const RpcError& error);

}  // namespace cairn::wire
