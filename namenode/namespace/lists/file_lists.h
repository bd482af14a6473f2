// Lists of files from all over the tree: those open for writing, and those that have lost blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "namenode/namespace/namespace.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/op_runner.h"

namespace cairn::namenode {

// The page of open files that request.after begins, up to options.open_files_limit. Everything
// given must outlive the call.
void ListOpenFiles(OpRunner& runner, const NamespaceOptions& options, const Caller& caller,
                   OpenFilesRequest request, Done<OpenFilesPage> done);

// The same of files with missing blocks, up to options.corrupt_files_limit blocks.
void ListCorruptFiles(OpRunner& runner, const BlockManager& blocks, const NamespaceOptions& options,
                      const Caller& caller, CorruptFilesRequest request,
                      Done<CorruptFilesPage> done);

}  // namespace cairn::namenode
