// meta_dump: lists a name directory offline, without changing it.
#include <cstdio>
#include <string>
#include <vector>

#include "common/status_macros.h"
#include "namenode/meta/checkpoint.h"
#include "namenode/meta/describe.h"
#include "namenode/meta/inspect.h"
#include "namenode/meta/name_dir.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {
namespace {

constexpr char kUsage[] =
    "usage: meta_dump DIR [--journal] [--rows TABLE] [--checkpoints]\n"
    "\n"
    "Checks and lists a NameNode's name directory. Nothing is written; stop the NameNode first.\n"
    "  (no option)     identity, journal segments, checkpoints, database; every checksum is "
    "checked\n"
    "  --journal       every transaction of the journal, a line per changed row\n"
    "  --rows TABLE    every row of a table as of the last transaction; TABLE is one of\n"
    "                  entries inode_index blocks file_blocks xattrs leases purge retry meta\n"
    "  --checkpoints   the files of every checkpoint\n"
    "Exit status: 0 all is well, 1 damage or an error (named on stderr), 2 wrong usage.\n";

// What the command line asks for.
struct Arguments {
  std::string dir;
  bool journal = false;
  bool checkpoints = false;
  std::vector<Table> rows;
};

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--journal") {
      arguments.journal = true;
    } else if (word == "--checkpoints") {
      arguments.checkpoints = true;
    } else if (word == "--rows") {
      if (++i == argc) return std::nullopt;
      const auto table = TableByName(argv[i]);
      if (!table) return std::nullopt;
      arguments.rows.push_back(*table);
    } else if (word.starts_with("-") || !arguments.dir.empty()) {
      return std::nullopt;
    } else {
      arguments.dir = word;
    }
  }
  if (arguments.dir.empty()) return std::nullopt;
  while (arguments.dir.size() > 1 && arguments.dir.back() == '/') arguments.dir.pop_back();
  return arguments;
}

absl::Status PrintJournal(FileSystem& fs, const std::string& dir, int32_t namespace_id) {
  const auto visit = [](const std::string& path, int64_t offset, const BatchHeader& header,
                        std::string_view payload) {
    if (header.is_marker()) {
      fmt::print("{}:{} marker after transaction {}\n", path, offset, header.last_txid);
      return absl::OkStatus();
    }
    fmt::print("{}:{} batch of transactions {} to {}, epoch {}, {} bytes\n", path, offset,
               header.first_txid, header.last_txid, header.epoch, payload.size());
    return ForEachChange(payload, header.first_txid, header.last_txid,
                         [](const ChangeView& change) {
                           fmt::print("  {} {}\n", change.txid, DescribeChange(change));
                         });
  };
  return ScanJournal(fs, dir, namespace_id, visit).status();
}

absl::Status PrintCheckpoints(FileSystem& fs, const std::string& dir) {
  ASSIGN_OR_RETURN(const std::vector<Txid> txids, ListCheckpoints(fs, dir));
  for (const Txid txid : txids) {
    const std::string path = CheckpointPath(dir, txid);
    RETURN_IF_ERROR(VerifyCheckpoint(fs, path));
    ASSIGN_OR_RETURN(const std::vector<CheckpointFile> files, ReadCheckpointManifest(fs, path));
    fmt::print("checkpoint {} (transaction {}), checked\n", path, txid);
    for (const CheckpointFile& file : files) {
      fmt::print("  {} {} bytes crc32c={:08x}\n", file.name, file.bytes, file.crc);
    }
  }
  return absl::OkStatus();
}

absl::Status PrintSummary(FileSystem& fs, const std::string& dir, const NameDirReport& report) {
  fmt::print("name directory {}\n  cluster {}\n  block pool {}\n  namespace {}\n", dir,
             report.identity.cluster_id, report.identity.block_pool_id,
             report.identity.namespace_id);
  fmt::print("journal: epoch {}, transactions {} to {}\n", report.journal.epoch,
             report.journal.first_txid(), report.journal.last_txid);
  for (const SegmentScan& segment : report.journal.segments) {
    fmt::print("  {} epoch {}, transactions {} to {}, {} bytes", segment.path, segment.header.epoch,
               segment.header.first_txid, segment.last_txid, segment.valid_bytes);
    if (segment.file_bytes > segment.valid_bytes) {
      fmt::print(", then {} of {} bytes", segment.torn ? "a torn tail" : "zeros in reserve",
                 segment.file_bytes - segment.valid_bytes);
    }
    fmt::print("\n");
  }
  for (const Txid txid : report.checkpoints) {
    RETURN_IF_ERROR(VerifyCheckpoint(fs, CheckpointPath(dir, txid)));
    fmt::print("checkpoint {}: checked\n", CheckpointPath(dir, txid));
  }
  if (report.database_txid) {
    RETURN_IF_ERROR(VerifyDatabase(fs, dir));
    fmt::print("database {}: up to transaction {}, checked\n", RocksPath(dir),
               *report.database_txid);
  }
  return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments) {
  FileSystem& fs = PosixFileSystem();
  ASSIGN_OR_RETURN(const ClusterIdentity identity, ReadVersion(fs, arguments.dir));
  if (arguments.journal) {
    RETURN_IF_ERROR(PrintJournal(fs, arguments.dir, identity.namespace_id));
  }
  for (const Table table : arguments.rows) {
    RETURN_IF_ERROR(
        ScanRows(fs, arguments.dir, table, [&](std::string_view key, std::string_view value) {
          fmt::print("{}\n", DescribeRow(table, key, value));
        }));
  }
  if (arguments.checkpoints) RETURN_IF_ERROR(PrintCheckpoints(fs, arguments.dir));
  if (arguments.journal || arguments.checkpoints || !arguments.rows.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const NameDirReport report, InspectNameDir(fs, arguments.dir));
  return PrintSummary(fs, arguments.dir, report);
}

}  // namespace
}  // namespace cairn::namenode

int main(int argc, char** argv) {
  const auto arguments = cairn::namenode::Parse(argc, argv);
  if (!arguments) {
    std::fputs(cairn::namenode::kUsage, stderr);
    return 2;
  }
  const absl::Status status = cairn::namenode::Run(*arguments);
  std::fflush(stdout);
  if (status.ok()) return 0;
  fmt::print(stderr, "meta_dump: {}\n", std::string(status.message()));
  return 1;
}
