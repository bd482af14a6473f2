// Random changes and their expected results.
#include "tests/cluster/namespace_model.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <type_traits>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "tests/cluster/cluster.h"

namespace cairn::testing {
namespace {

constexpr int kNames = 8;  // few, so that changes meet each other
constexpr int kDepth = 3;
constexpr int kSettleTimeoutS = 120;

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

// Repeats a call that a NameNode just restarted refuses because it is in safe mode.
template <typename Call>
auto OutsideSafeMode(const Call& call) -> decltype(call()) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (true) {
    auto result = call();
    absl::Status status;
    if constexpr (std::is_same_v<decltype(result), absl::Status>) {
      status = result;
    } else {
      status = result.status();
    }
    if (!Is(status, ErrorKind::kSafeMode) || std::chrono::steady_clock::now() > deadline)
      return result;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

absl::Status Contradiction(const std::string& what, const absl::Status& status) {
  return absl::InternalError(fmt::format("{}: the NameNode said {}", what, status.ToString()));
}

}  // namespace

void NamespaceModel::AddDirectory(const std::string& path) { nodes_[path] = {.directory = true}; }

std::string NamespaceModel::RandomPath(const std::string& home, std::mt19937_64& random) const {
  std::string path = home;
  const int depth = 1 + random() % kDepth;
  for (int i = 0; i < depth; ++i) path += fmt::format("/n{}", random() % kNames);
  return path;
}

std::string NamespaceModel::RandomFile(const std::string& home, std::mt19937_64& random) const {
  std::vector<std::string> files;
  for (const auto& [path, node] : nodes_) {
    if (!node.directory) files.push_back(path);
  }
  if (files.empty() || random() % 4 == 0) return RandomPath(home, random);
  return files[random() % files.size()];
}

absl::Status NamespaceModel::RandomStep(client::DfsClient& client, const std::string& home,
                                        std::mt19937_64& random) {
  ++steps_;
  const std::string path = RandomPath(home, random);
  switch (random() % 9) {
    case 0:
    case 1:
      return Create(client, path, random);
    case 2:
      return Mkdir(client, path);
    case 3:
      return Delete(client, path);
    case 4:
      return Append(client, RandomFile(home, random), random);
    case 5:
      return Concat(client, path, fmt::format("{}/n{}", ParentOf(path), random() % kNames));
    case 6:
      return Truncate(client, RandomFile(home, random), random);
    default:
      return Rename(client, path, RandomPath(home, random));
  }
}

bool NamespaceModel::HasParent(const std::string& path) const {
  const auto parent = nodes_.find(ParentOf(path));
  return parent != nodes_.end() && parent->second.directory;
}

void NamespaceModel::Erase(const std::string& path) {
  std::erase_if(nodes_, [&](const auto& node) {
    return node.first == path || node.first.starts_with(path + "/");
  });
}

void NamespaceModel::Move(const std::string& from, const std::string& to) {
  std::map<std::string, Node> moved;
  for (const auto& [path, node] : nodes_) {
    if (path == from || path.starts_with(from + "/")) moved[to + path.substr(from.size())] = node;
  }
  Erase(from);
  nodes_.merge(moved);
}

absl::Status NamespaceModel::Create(client::DfsClient& client, const std::string& path,
                                    std::mt19937_64& random) {
  const bool possible = HasParent(path) && !nodes_.contains(path);
  Piece piece{.seed = random()};
  if (max_file_bytes_ > 0 && random() % 4 == 0)
    piece.length = static_cast<int64_t>(random() % static_cast<uint64_t>(max_file_bytes_));
  absl::Status status;
  {
    auto out = OutsideSafeMode(
        [&] { return client.Create(path, {.create_parent = false, .replication = 1}); });
    status = out.status();
    if (status.ok() && piece.length > 0)
      status = (*out)->Write(PatternBytes(piece.seed, 0, piece.length));
    if (status.ok()) status = (*out)->Close();
  }
  if (status.ok() != possible) return Contradiction("create " + path, status);
  if (!status.ok()) return absl::OkStatus();
  nodes_[path] = Node();
  if (piece.length > 0) nodes_[path].pieces.push_back(piece);
  return absl::OkStatus();
}

absl::Status NamespaceModel::Append(client::DfsClient& client, const std::string& path,
                                    std::mt19937_64& random) {
  const auto existing = nodes_.find(path);
  const bool possible = existing != nodes_.end() && !existing->second.directory;
  if (possible) RETURN_IF_ERROR(Settle(client, path, existing->second));
  Piece piece{.seed = random()};
  if (max_file_bytes_ > 0)
    piece.length = static_cast<int64_t>(random() % static_cast<uint64_t>(max_file_bytes_));
  absl::Status status;
  {
    auto out = OutsideSafeMode([&] { return client.Append(path); });
    status = out.status();
    if (status.ok() && piece.length > 0 && possible)
      status = (*out)->Write(PatternBytes(piece.seed, 0, piece.length));
    if (status.ok()) status = (*out)->Close();
  }
  if (status.ok() != possible) return Contradiction("append to " + path, status);
  if (status.ok() && piece.length > 0) existing->second.pieces.push_back(piece);
  return absl::OkStatus();
}

absl::Status NamespaceModel::Concat(client::DfsClient& client, const std::string& target,
                                    const std::string& source) {
  const auto to = nodes_.find(target);
  const auto from = nodes_.find(source);
  const bool possible = to != nodes_.end() && from != nodes_.end() && to != from &&
                        !to->second.directory && !from->second.pieces.empty();
  for (const auto& node : {to, from}) {
    if (node != nodes_.end()) RETURN_IF_ERROR(Settle(client, node->first, node->second));
  }
  const absl::Status status = OutsideSafeMode([&] { return client.Concat(target, {source}); });
  if (status.ok() != possible)
    return Contradiction(fmt::format("concat {} to {}", source, target), status);
  if (!status.ok()) return absl::OkStatus();
  for (const Piece& piece : from->second.pieces) to->second.pieces.push_back(piece);
  nodes_.erase(from);
  return absl::OkStatus();
}

absl::Status NamespaceModel::Truncate(client::DfsClient& client, const std::string& path,
                                      std::mt19937_64& random) {
  const auto existing = nodes_.find(path);
  const bool is_file = existing != nodes_.end() && !existing->second.directory;
  const int64_t length = is_file ? LengthOf(existing->second.pieces) : 0;
  if (is_file) RETURN_IF_ERROR(Settle(client, path, existing->second));
  // Now and then longer than the file, which is refused.
  const auto target =
      static_cast<int64_t>(random() % static_cast<uint64_t>(length + length / 10 + 2));
  const bool possible = is_file && target <= length;
  const absl::StatusOr<bool> done = OutsideSafeMode([&] { return client.Truncate(path, target); });
  if (done.ok() != possible)
    return Contradiction(fmt::format("truncate {} to {}", path, target), done.status());
  if (!done.ok()) return absl::OkStatus();
  ++truncations_;
  int64_t left = target;
  for (Piece& piece : existing->second.pieces) {
    piece.length = std::min(piece.length, left);
    left -= piece.length;
  }
  std::erase_if(existing->second.pieces, [](const Piece& piece) { return piece.length == 0; });
  existing->second.settling = !*done;
  return absl::OkStatus();
}

absl::Status NamespaceModel::Settle(client::DfsClient& client, const std::string& path,
                                    Node& node) const {
  if (!node.settling) return absl::OkStatus();
  absl::Status last;
  const absl::Status waited = WaitFor("the truncation of " + path, kSettleTimeoutS, [&] {
    const absl::StatusOr<bool> closed = client.IsFileClosed(path);
    last = closed.status();
    return closed.value_or(false);
  });
  if (!waited.ok())
    return absl::DeadlineExceededError(fmt::format("{}: {}", waited.ToString(), last.ToString()));
  node.settling = false;
  return absl::OkStatus();
}

void NamespaceModel::HandTo(Verifier& verifier) const {
  for (const auto& [path, node] : nodes_) {
    if (!node.directory) verifier.Expect(path, node.pieces, /*replication=*/1);
  }
}

absl::Status NamespaceModel::Mkdir(client::DfsClient& client, const std::string& path) {
  const auto existing = nodes_.find(path);
  const bool possible = existing != nodes_.end() ? existing->second.directory : HasParent(path);
  const absl::Status status =
      OutsideSafeMode([&] { return client.Mkdirs(path, 0755, /*create_parent=*/false); });
  if (status.ok() != possible) return Contradiction("mkdir " + path, status);
  if (status.ok()) AddDirectory(path);
  return absl::OkStatus();
}

absl::Status NamespaceModel::Delete(client::DfsClient& client, const std::string& path) {
  // A file on the way is an error, a missing path is not.
  bool below_file = false;
  for (std::string up = ParentOf(path); !up.empty(); up = ParentOf(up)) {
    const auto node = nodes_.find(up);
    below_file |= node != nodes_.end() && !node->second.directory;
  }
  const absl::StatusOr<bool> deleted =
      OutsideSafeMode([&] { return client.Delete(path, /*recursive=*/true); });
  if (deleted.ok() == below_file) return Contradiction("delete " + path, deleted.status());
  if (deleted.ok() && *deleted != nodes_.contains(path)) {
    return absl::InternalError(
        fmt::format("delete {}: {}, expected {}", path, *deleted, !*deleted));
  }
  Erase(path);
  return absl::OkStatus();
}

absl::Status NamespaceModel::Rename(client::DfsClient& client, const std::string& from,
                                    const std::string& to) {
  const bool possible = nodes_.contains(from) && !nodes_.contains(to) && HasParent(to) &&
                        from != to && !to.starts_with(from + "/");
  const absl::Status status =
      OutsideSafeMode([&] { return client.Rename2(from, to, /*overwrite=*/false); });
  if (status.ok() != possible)
    return Contradiction(fmt::format("rename {} to {}", from, to), status);
  if (status.ok()) Move(from, to);
  return absl::OkStatus();
}

absl::Status NamespaceModel::Compare(client::DfsClient& client, const std::string& home) {
  for (auto& [path, node] : nodes_) RETURN_IF_ERROR(Settle(client, path, node));
  std::map<std::string, FileStatus> found;
  std::vector<std::string> pending = {home};
  while (!pending.empty()) {
    const std::string directory = pending.back();
    pending.pop_back();
    ASSIGN_OR_RETURN(const std::vector<FileStatus> entries, client.ListAll(directory));
    for (const FileStatus& entry : entries) {
      const std::string path = directory + "/" + entry.path;
      found[path] = entry;
      if (entry.is_directory()) pending.push_back(path);
    }
  }
  for (const auto& [path, node] : nodes_) {
    if (path == home) continue;
    const auto it = found.find(path);
    if (it == found.end()) return absl::DataLossError(path + ": acknowledged and gone");
    if (it->second.is_directory() != node.directory ||
        (!node.directory && it->second.length != LengthOf(node.pieces))) {
      return absl::DataLossError(fmt::format("{}: length {}, {} acknowledged", path,
                                             it->second.length, LengthOf(node.pieces)));
    }
    if (!node.pieces.empty()) {
      ASSIGN_OR_RETURN(const auto in, client.Open(path));
      ASSIGN_OR_RETURN(const std::string bytes, in->ReadAll());
      if (bytes != BytesOf(node.pieces, 0, bytes.size()))
        return absl::DataLossError(path + ": wrong bytes");
    }
    found.erase(it);
  }
  if (found.empty()) return absl::OkStatus();
  return absl::DataLossError(found.begin()->first +
                             ": there, but deleted, renamed or never acknowledged");
}

}  // namespace cairn::testing
