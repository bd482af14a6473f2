// Requests with just the fields that clients send, each once; all others are the handlers'.
#include "namenode/hadoop/handlers/cached_reads.h"

#include "common/coding.h"
#include "proto/hadoop/client_files.pb.h"
#include "proto/hadoop/client_tree.pb.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hdfs/replies.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

namespace pb = ::hadoop::hdfs;

// Reads the fields of a message in the order of their numbers. Thread-compatible.
class FieldReader {
 public:
  explicit FieldReader(std::string_view message) : rest_(message) {}

  // The field `kField`, which is the next one; else nothing, and the reader has failed.
  template <int kField>
  std::string_view Text() {
    std::optional<std::string_view> text;
    if (TakeTag(kField << 3 | 2)) text = wire::TakeDelimited(rest_);
    ok_ = ok_ && text;
    return ok_ ? *text : std::string_view();
  }
  template <int kField>
  uint64_t Number() {
    std::optional<uint64_t> number;
    if (TakeTag(kField << 3)) number = TakeVarint64(rest_);
    ok_ = ok_ && number;
    return ok_ ? *number : 0;
  }
  // Whether all of the message has been read.
  bool Done() const { return ok_ && rest_.empty(); }

 private:
  bool TakeTag(char tag) {  // those of fields up to 15 have one byte
    if (rest_.empty() || rest_[0] != tag) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<std::string_view> GetFileInfoFromCache(const FrontEndCore& core, const Caller& caller,
                                                     std::string_view request, std::string& room) {
  FieldReader in(request);
  const std::string_view path = in.Text<pb::GetFileInfoRequestProto::kSrcFieldNumber>();
  if (!in.Done()) return std::nullopt;
  std::string_view response;
  const bool found = core.names.TryGetFileInfo(caller, path, [&](const FileStatusView& status) {
    response = wire::EncodeStatusResponse(status, nullptr, room);
  });
  return found ? std::optional(response) : std::nullopt;
}

std::optional<std::string_view> GetListingFromCache(const FrontEndCore& core, const Caller& caller,
                                                    std::string_view request, std::string& room) {
  using Request = pb::GetListingRequestProto;
  constexpr size_t kExpectedEntries = 1000;  // dfs.ls.limit, if nobody has set it
  FieldReader in(request);
  const std::string_view path = in.Text<Request::kSrcFieldNumber>();
  const std::string_view start_after = in.Text<Request::kStartAfterFieldNumber>();
  const bool need_location = in.Number<Request::kNeedLocationFieldNumber>() != 0;
  if (!in.Done() || need_location || path.ends_with("/.snapshot")) return std::nullopt;
  wire::ListingWriter out(room, kExpectedEntries);
  std::string_view response;
  const bool found = core.names.TryGetListing(
      caller, {.path = std::string(path), .start_after = std::string(start_after)},
      [&](const FileStatusView& entry) { out.Add(entry, nullptr); },
      [&](int64_t remaining) { response = out.Finish(remaining); });
  return found ? std::optional(response) : std::nullopt;
}

std::optional<std::string_view> GetBlockLocationsFromCache(const FrontEndCore& core,
                                                           const Caller& caller,
                                                           std::string_view request,
                                                           std::string& room) {
  using Request = pb::GetBlockLocationsRequestProto;
  FieldReader in(request);
  const std::string_view path = in.Text<Request::kSrcFieldNumber>();
  const auto offset = static_cast<int64_t>(in.Number<Request::kOffsetFieldNumber>());
  const auto length = static_cast<int64_t>(in.Number<Request::kLengthFieldNumber>());
  if (!in.Done()) return std::nullopt;
  std::string_view response;
  const bool found = core.names.TryGetBlockLocations(
      caller, path, offset, length,
      [&](const LocatedBlocks& blocks) { response = wire::EncodeBlockLocations(blocks, room); });
  return found ? std::optional(response) : std::nullopt;
}

}  // namespace cairn::namenode::hadoop_handlers
