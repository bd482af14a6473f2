// Lists of files from more than one directory.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/types/errors.h"
#include "namenode/hadoop/handlers/checks.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "wire/hadoop_rpc/exceptions.h"
#include "wire/hdfs/convert.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

// Says which paths a key belongs to, after a restart of the NameNode too.
std::string Fingerprint(const pb::GetBatchedListingRequestProto& request) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (const std::string& path : request.paths()) {
    for (const char c : path) add(static_cast<unsigned char>(c));
    add(0);
  }
  return fmt::format("{:016x}", hash);
}

// Sets where the listing goes on by the key of the page before.
absl::Status ReadKey(const pb::GetBatchedListingRequestProto& request, BatchedListRequest& list) {
  if (request.startafter().empty()) return absl::OkStatus();
  pb::BatchedListingKeyProto key;
  if (!key.ParseFromString(request.startafter())) {
    return wire::JavaException(wire::kInvalidMessageException,
                               "Protocol message of the key could not be parsed.");
  }
  if (key.checksum() != Fingerprint(request)) {
    return MakeError(ErrorKind::kIllegalArgument, "");
  }
  // Without a name the last entry was a file, which is not to be listed again.
  list.first = key.pathindex() + (key.startafter().empty() ? 1 : 0);
  list.start_after = key.startafter();
  return absl::OkStatus();
}

void Fill(const pb::GetBatchedListingRequestProto& request, const BatchedListing& batch,
          pb::GetBatchedListingResponseProto& response) {
  for (const BatchedListing::Entry& entry : batch.entries) {
    auto& listing = *response.add_listings();
    listing.set_parentidx(static_cast<uint32_t>(entry.path));
    if (entry.listing.ok()) {
      for (const FileStatus& status : entry.listing->entries) {
        wire::ToProto(status, *listing.add_partiallisting());
      }
    } else {
      const wire::RpcError error = wire::ToRpcError(entry.listing.status());
      // Java's canonical names have no '$'.
      std::string name = error.exception_class;
      std::replace(name.begin(), name.end(), '$', '.');
      listing.mutable_exception()->set_classname(name);
      listing.mutable_exception()->set_message(error.message);
    }
  }
  response.set_hasmore(batch.has_more);
  response.set_startafter("");
  if (!batch.has_more) return;
  const BatchedListing::Entry& last = batch.entries.back();
  pb::BatchedListingKeyProto key;
  key.set_checksum(Fingerprint(request));
  key.set_pathindex(static_cast<uint32_t>(last.path));
  key.set_startafter(last.listing->entries.back().path);
  response.set_startafter(key.SerializeAsString());
}

// A cookie that is no number begins at the first block, as in HDFS.
BlockId CookieOf(const pb::ListCorruptFileBlocksRequestProto& request) {
  BlockId after = 0;
  const std::string& text = request.cookie();
  std::from_chars(text.data(), text.data() + text.size(), after);
  return after;
}

}  // namespace

void GetBatchedListing(Call& call, const pb::GetBatchedListingRequestProto& request,
                       pb::GetBatchedListingResponseProto& response, DoneVoid done) {
  call.audit = {.command = "listStatus",
                .source = fmt::format("[{}]", fmt::join(request.paths(), ", "))};
  BatchedListRequest list{.paths = {request.paths().begin(), request.paths().end()},
                          .need_location = request.needlocation()};
  if (absl::Status status = ReadKey(request, list); !status.ok()) return done(std::move(status));
  call.core.names.GetBatchedListing(
      call.caller, std::move(list),
      FillThen<BatchedListing>(std::move(done), [&request, &response](const BatchedListing& batch) {
        Fill(request, batch, response);
      }));
}

void ListOpenFiles(Call& call, const pb::ListOpenFilesRequestProto& request,
                   pb::ListOpenFilesResponseProto& response, DoneVoid done) {
  call.audit = {.command = "listOpenFiles"};
  *response.mutable_types() = request.types();
  response.set_hasmore(false);
  const auto asks = [&request](pb::OpenFilesTypeProto type) {
    return std::find(request.types().begin(), request.types().end(), type) != request.types().end();
  };
  const bool all = asks(pb::ALL_OPEN_FILES);
  if (!all && !asks(pb::BLOCKING_DECOMMISSION) && call.caller.superuser) {
    return done(MakeError(ErrorKind::kIllegalArgument, "Unknown OpenFileType: []"));
  }
  call.core.names.ListOpenFiles(
      call.caller,
      OpenFilesRequest{.path = request.path(), .after = request.id(), .on_leaving_datanodes = !all},
      FillThen<OpenFilesPage>(std::move(done), [&response](const OpenFilesPage& page) {
        for (const OpenFile& file : page.files) {
          auto& entry = *response.add_entries();
          entry.set_id(file.id);
          entry.set_path(file.path);
          entry.set_clientname(file.client_name);
          entry.set_clientmachine(file.client_address);
        }
        response.set_hasmore(page.has_more);
      }));
}

void ListCorruptFileBlocks(Call& call, const pb::ListCorruptFileBlocksRequestProto& request,
                           pb::ListCorruptFileBlocksResponseProto& response, DoneVoid done) {
  call.audit = {.command = "listCorruptFileBlocks", .source = request.path()};
  const BlockId after = CookieOf(request);
  call.core.names.ListCorruptFiles(
      call.caller, CorruptFilesRequest{.path = request.path(), .after = after},
      FillThen<CorruptFilesPage>(
          std::move(done), [after, &request, &response](const CorruptFilesPage& page) {
            auto& corrupt = *response.mutable_corrupt();
            for (const std::string& path : page.paths) corrupt.add_files(path);
            const bool moved = page.last != after || !request.has_cookie();
            corrupt.set_cookie(moved ? fmt::format("{}", page.last) : request.cookie());
          }));
}

}  // namespace cairn::namenode::hadoop_handlers
