// Parameters to options.
#include "namenode/http/fsck_page.h"

#include <charconv>
#include <utility>

namespace cairn::namenode {
namespace {

// A count; 0 for what is none, as in HDFS.
int64_t CountOf(const std::string& text) {
  int64_t count = 0;
  const char* end = text.data() + text.size();
  return std::from_chars(text.data(), end, count).ptr == end && count > 0 ? count : 0;
}

FsckOptions OptionsOf(const UrlTarget& target) {
  // The values do not matter. includeSnapshots is left out: there are none.
  FsckOptions options{.files = target.Has("files"),
                      .blocks = target.Has("blocks"),
                      .locations = target.Has("locations"),
                      .racks = target.Has("racks"),
                      .replica_details = target.Has("replicadetails"),
                      .upgrade_domains = target.Has("upgradedomains"),
                      .maintenance = target.Has("maintenance"),
                      .storage_policies = target.Has("storagepolicies"),
                      .open_for_write = target.Has("openforwrite"),
                      .show_progress = target.Has("showprogress"),
                      .move = target.Has("move"),
                      .remove = target.Has("delete"),
                      .replicate = target.Has("replicate"),
                      .list_corrupt_file_blocks = target.Has("listcorruptfileblocks"),
                      .start_block_after = CountOf(target.Get("startblockafter", "")),
                      .block_ids = std::nullopt};
  if (target.Has("blockId")) options.block_ids = target.Get("blockId", "");
  return options;
}

}  // namespace

void ServeFsck(HttpFrontEnd& front, const HttpRequest& request, HttpReply& reply) {
  // HDFS's audit log names no protocol for what comes over HTTP.
  auto call = std::make_shared<Call>(front.core, "null");
  call->caller.user = request.target.Get("ugi", "");
  if (call->caller.user.empty()) call->caller.user = front.static_user;
  call->caller.address = request.peer_ip;
  front.rights.Resolve(call->caller);
  FsckCall check{.caller = call->caller,
                 .path = request.target.Get("path", "/"),
                 .options = OptionsOf(request.target),
                 .sink = [body = reply.body](const std::string& text) { return body->Write(text); },
                 .done = nullptr};
  call->audit = {.command = "fsck", .source = FsckAuditSource(check)};
  check.done = [&front, call, body = reply.body](FsckOutcome, const absl::Status& status) {
    front.audit.Record(*call, status);
    body->Finish();
  };
  if (front.fsck.Start(std::move(check))) return;
  reply.status = 503;
  reply.body->Write("Too many checks wait already.\n");
  reply.body->Finish();
}

}  // namespace cairn::namenode
