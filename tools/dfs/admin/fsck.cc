// fsck: prints the NameNode's check of a subtree and turns its verdict into the exit code.
#include <map>

#include "client/dfs_client.h"
#include "common/config/values.h"
#include "common/status_macros.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/target.h"

namespace cairn::dfs {
namespace {

using client::DfsClient;
using client::FsckRequest;

constexpr int kNoVerdict = 255;

// What an option without a value sets.
const std::map<std::string, bool FsckRequest::*>& Switches() {
  static const auto* const kSwitches = new std::map<std::string, bool FsckRequest::*>{
      {"-files", &FsckRequest::files},
      {"-blocks", &FsckRequest::blocks},
      {"-locations", &FsckRequest::locations},
      {"-racks", &FsckRequest::racks},
      {"-replicaDetails", &FsckRequest::replica_details},
      {"-upgradedomains", &FsckRequest::upgrade_domains},
      {"-maintenance", &FsckRequest::maintenance},
      {"-storagepolicies", &FsckRequest::storage_policies},
      {"-openforwrite", &FsckRequest::open_for_write},
      {"-showprogress", &FsckRequest::show_progress},
      {"-move", &FsckRequest::move},
      {"-delete", &FsckRequest::remove},
      {"-replicate", &FsckRequest::replicate},
      {"-list-corruptfileblocks", &FsckRequest::list_corrupt_file_blocks},
  };
  return *kSwitches;
}

// HDFS's client looks at the end of the last line.
int ExitCodeOf(std::string_view last_line) {
  if (last_line.ends_with("is HEALTHY") || last_line.ends_with("does not exist") ||
      last_line.find("Incorrect blockId format:") != std::string_view::npos) {
    return 0;
  }
  if (last_line.ends_with("is CORRUPT")) return 1;
  return kNoVerdict;
}

// Cuts a text that comes in pieces into lines.
class Lines {
 public:
  // Calls `take` with each line, without its end.
  template <typename Take>
  void Add(std::string_view piece, Take take) {
    rest_ += piece;
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      take(std::string_view(rest_).substr(begin, end - begin));
    }
    rest_.erase(0, begin);
  }
  // What came after the last line's end.
  const std::string& rest() const { return rest_; }

 private:
  std::string rest_;
};

absl::StatusOr<FsckRequest> ParseRequest(const std::vector<std::string>& args) {
  if (args.empty()) return UsageError("Not enough arguments: expected 1 but got 0");
  FsckRequest request;
  std::optional<std::string> path;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (const auto found = Switches().find(arg); found != Switches().end()) {
      request.*found->second = true;
    } else if (arg == "-includeSnapshots") {
      // There are none to include.
    } else if (arg == "-blockId") {
      request.block_ids.emplace();
      for (; i + 1 < args.size() && !args[i + 1].starts_with('-'); ++i) {
        *request.block_ids += args[i + 1] + " ";
      }
    } else if (arg.starts_with('-')) {
      return UsageError(fmt::format("fsck: Illegal option '{}'", arg));
    } else if (path) {
      return UsageError(fmt::format("fsck: can only operate on one path at a time '{}'", arg));
    } else {
      path = arg;
    }
  }
  request.path = path.value_or("/");
  return request;
}

// Prints the whole report; its last line is the verdict.
absl::Status Report(Invocation& run, DfsClient& client, const FsckRequest& request) {
  Lines lines;
  std::string last;
  RETURN_IF_ERROR(client.Fsck(request, [&](std::string_view piece) {
    run.Write(piece);
    lines.Add(piece, [&](std::string_view line) { last = line; });
  }));
  if (!lines.rest().empty()) {
    run.Write("\n");
    last = lines.rest();
  }
  run.SetExitCode(ExitCodeOf(last));
  return absl::OkStatus();
}

// Prints one page of the list and moves `request` to the next one; false: it was the last.
absl::StatusOr<bool> ListPage(Invocation& run, DfsClient& client, const std::string& shown_path,
                              FsckRequest& request, int64_t& blocks) {
  Lines lines;
  bool more = false;
  std::string failure;
  constexpr std::string_view kCookie = "Cookie:\t";
  const auto take = [&](std::string_view line) {
    if (line.starts_with(kCookie)) {
      const auto cookie = ParseInt(line.substr(kCookie.size()));
      more = cookie && *cookie > request.start_block_after;
      request.start_block_after = cookie.value_or(0);
    } else if (line.starts_with("blk_")) {
      if (blocks++ == 0) {
        run.Print("The list of corrupt blocks under path '{}' are:\n", shown_path);
      }
      run.Print("{}\n", line);
    } else if (!line.empty() && !line.starts_with("FSCK ") &&
               !line.starts_with("The filesystem under path")) {
      failure += fmt::format("{}{}", failure.empty() ? "" : "\n", line);
    }
  };
  RETURN_IF_ERROR(client.Fsck(request, [&](std::string_view piece) { lines.Add(piece, take); }));
  take(lines.rest());
  if (!failure.empty()) return absl::FailedPreconditionError(failure);
  return more;
}

absl::Status ListCorrupt(Invocation& run, DfsClient& client, const std::string& shown_path,
                         FsckRequest request) {
  int64_t blocks = 0;
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, ListPage(run, client, shown_path, request, blocks));
  }
  run.Print("The filesystem under path '{}' has {} CORRUPT blocks\n", shown_path, blocks);
  run.SetExitCode(blocks == 0 ? 0 : kNoVerdict);
  return absl::OkStatus();
}

}  // namespace

absl::Status Fsck(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(FsckRequest request, ParseRequest(args));
  const std::string shown_path = request.path;
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
  return request.list_corrupt_file_blocks ? ListCorrupt(run, *client, shown_path, request)
                                          : Report(run, *client, request);
}

}  // namespace cairn::dfs
