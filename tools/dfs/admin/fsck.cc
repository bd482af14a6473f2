// fsck: prints the NameNode's check of a subtree and turns its verdict into the exit code.
#include "client/dfs_client.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/target.h"

namespace cairn::dfs {
namespace {

constexpr int kNoVerdict = 255;

// HDFS's client looks at the end of the last line.
int ExitCodeOf(std::string_view last_line) {
  if (last_line.ends_with("is HEALTHY") || last_line.ends_with("has no CORRUPT files") ||
      last_line.ends_with("does not exist")) {
    return 0;
  }
  return last_line.ends_with("is CORRUPT") ? 1 : kNoVerdict;
}

// Keeps the last line of a text that comes in pieces.
class LastLine {
 public:
  void Add(std::string_view piece) {
    for (const char c : piece) {
      if (c == '\n') {
        if (!line_.empty()) last_ = std::move(line_);
        line_.clear();
      } else {
        line_ += c;
      }
    }
  }
  const std::string& text() const { return line_.empty() ? last_ : line_; }

 private:
  std::string last_;
  std::string line_;
};

absl::StatusOr<client::FsckRequest> ParseRequest(const std::vector<std::string>& args) {
  client::FsckRequest request;
  bool has_path = false;
  for (const std::string& arg : args) {
    if (arg == "-files") {
      request.files = true;
    } else if (arg == "-blocks") {
      request.blocks = true;
    } else if (arg == "-locations") {
      request.locations = true;
    } else if (arg == "-racks") {
      request.racks = true;
    } else if (arg == "-openforwrite") {
      request.open_for_write = true;
    } else if (arg == "-list-corruptfileblocks") {
      request.list_corrupt_file_blocks = true;
    } else if (arg.starts_with('-') || has_path) {
      return UsageError(fmt::format("fsck: Illegal option '{}'", arg));
    } else {
      request.path = arg;
      has_path = true;
    }
  }
  if (!has_path && !request.list_corrupt_file_blocks) {
    return UsageError("Not enough arguments: expected 1 but got 0");
  }
  return request;
}

}  // namespace

absl::Status Fsck(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(client::FsckRequest request, ParseRequest(args));
  ASSIGN_OR_RETURN(const Target target, run.shell().Find(request.path));
  if (!target.exists()) {
    run.Remark(
        fmt::format("FileSystem is inaccessible due to:\njava.io.FileNotFoundException: File does "
                    "not exist: {}\nDFSck exiting.",
                    target.path));
    return absl::OkStatus();
  }
  request.path = target.path;
  ASSIGN_OR_RETURN(const auto client, run.shell().ConnectToDefault());
  run.Remark(fmt::format("Connecting to namenode via {}", client->options().namenode_address));
  LastLine last;
  RETURN_IF_ERROR(client->Fsck(request, [&](std::string_view piece) {
    run.Write(piece);
    last.Add(piece);
  }));
  run.SetExitCode(ExitCodeOf(last.text()));
  return absl::OkStatus();
}

}  // namespace cairn::dfs
