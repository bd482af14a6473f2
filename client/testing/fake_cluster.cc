// The fake NameNode: just enough of HDFS's semantics to check a client against.
#include "client/testing/fake_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {

FakeNamenode::FakeNamenode(std::vector<ReplicaLocation> datanodes, std::string pool_id)
    : datanodes_(std::move(datanodes)), pool_id_(std::move(pool_id)) {
  for (size_t i = 0; i < datanodes_.size(); ++i) order_.push_back(i);
}

void FakeNamenode::FailNext(const std::string& method, std::vector<absl::Status> failures) {
  MutexLock lock(mu_);
  for (absl::Status& failure : failures) failures_[method].push_back(std::move(failure));
}

void FakeNamenode::DelayComplete(int times) {
  MutexLock lock(mu_);
  incomplete_ = times;
}

void FakeNamenode::PlaceOn(std::vector<size_t> order) {
  MutexLock lock(mu_);
  order_ = std::move(order);
}

void FakeNamenode::AddEmptyBlock(const std::string& path) {
  MutexLock lock(mu_);
  File& file = files_.at(path);
  LocatedBlock block;
  block.block = {pool_id_, {next_block_++, next_stamp_++, 0}};
  block.offset = file.status.length;
  block.locations = datanodes_;
  file.blocks.push_back(block);
}

void FakeNamenode::DropLastBlock(const std::string& path) {
  MutexLock lock(mu_);
  files_.at(path).blocks.pop_back();
}

std::vector<std::string> FakeNamenode::calls() const {
  MutexLock lock(mu_);
  std::vector<std::string> calls;
  for (const Made& made : made_) calls.push_back(made.what);
  return calls;
}

std::vector<std::string> FakeNamenode::CallsOf(const std::string& method) const {
  MutexLock lock(mu_);
  std::vector<std::string> calls;
  for (const Made& made : made_) {
    if (made.method == method) calls.push_back(made.what);
  }
  return calls;
}

std::vector<int64_t> FakeNamenode::CallIdsOf(const std::string& method) const {
  MutexLock lock(mu_);
  std::vector<int64_t> ids;
  for (const Made& made : made_) {
    if (made.method == method) ids.push_back(made.call_id);
  }
  return ids;
}

std::vector<UpdatePipelineCall> FakeNamenode::pipeline_updates() const {
  MutexLock lock(mu_);
  return updates_;
}

std::vector<LocatedBlock> FakeNamenode::bad_blocks_reported() const {
  MutexLock lock(mu_);
  return bad_;
}

std::vector<LocatedBlock> FakeNamenode::BlocksOf(const std::string& path) const {
  MutexLock lock(mu_);
  const auto it = files_.find(path);
  return it == files_.end() ? std::vector<LocatedBlock>() : it->second.blocks;
}

bool FakeNamenode::IsClosed(const std::string& path) const {
  MutexLock lock(mu_);
  const auto it = files_.find(path);
  return it != files_.end() && !it->second.open;
}

absl::Status FakeNamenode::Note(const CallContext& call, const std::string& method,
                                const std::string& detail) {
  made_.push_back({detail.empty() ? method : method + " " + detail, method, call.call_id});
  auto& planned = failures_[method];
  if (planned.empty()) return absl::OkStatus();
  absl::Status failure = std::move(planned.front());
  planned.pop_front();
  return failure;
}

std::vector<ReplicaLocation> FakeNamenode::Choose(const std::vector<DatanodeId>& excluded,
                                                  size_t count) {
  std::vector<ReplicaLocation> chosen;
  for (const size_t index : order_) {
    const ReplicaLocation& candidate = datanodes_.at(index);
    const bool skip = std::any_of(excluded.begin(), excluded.end(), [&](const DatanodeId& id) {
      return id.uuid == candidate.datanode.id.uuid;
    });
    if (!skip && chosen.size() < count) chosen.push_back(candidate);
  }
  return chosen;
}

FakeNamenode::File* FakeNamenode::Find(const std::string& path) {
  constexpr std::string_view kById = "/.reserved/.inodes/";
  const auto it = !path.starts_with(kById)
                      ? files_.find(path)
                      : std::find_if(files_.begin(), files_.end(), [&](const auto& entry) {
                          return fmt::format("{}{}", kById, entry.second.status.file_id) == path;
                        });
  return it == files_.end() ? nullptr : &it->second;
}

LocatedBlock* FakeNamenode::FindBlock(BlockId id) {
  for (auto& [path, file] : files_) {
    for (LocatedBlock& block : file.blocks) {
      if (block.block.block.id == id) return &block;
    }
  }
  return nullptr;
}

void FakeNamenode::Commit(File& file, const ExtendedBlock& block) {
  if (file.blocks.empty()) return;
  file.blocks.back().block = block;
  int64_t length = 0;
  for (LocatedBlock& b : file.blocks) {
    b.offset = length;
    length += b.block.block.num_bytes;
  }
  file.status.length = length;
}

// The stub in front of it.
class FakeNamenodeStub : public NamenodeStub {
 public:
  explicit FakeNamenodeStub(FakeNamenode& n) : n_(n) {}
  std::string address() const override { return "fake:1"; }

  absl::StatusOr<FileStatus> Create(const CallContext& call, const CreateCall& request) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "create", request.path));
    if (n_.Find(request.path) != nullptr && (request.flags & kCreateFlagOverwrite) == 0) {
      return errors::FileExists(request.path, "127.0.0.1");
    }
    FakeNamenode::File file;
    file.status.path = "";
    file.status.permission = request.mode;
    file.status.replication = request.replication;
    file.status.block_size = request.block_size;
    file.status.file_id = n_.next_inode_++;
    n_.files_[request.path] = file;
    return file.status;
  }

  absl::StatusOr<AppendReply> Append(const CallContext& call, const std::string& path,
                                     const std::string&, bool new_block) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "append", path));
    FakeNamenode::File* file = n_.Find(path);
    if (file == nullptr) return errors::FileDoesNotExist(path);
    file->open = true;
    AppendReply reply;
    reply.status = file->status;
    if (file->blocks.empty()) return reply;
    reply.last_block = file->blocks.back().block;
    const bool room = file->blocks.back().block.block.num_bytes < file->status.block_size;
    if (room && !new_block) reply.block = file->blocks.back();
    return reply;
  }

  absl::StatusOr<bool> Truncate(const CallContext& call, const std::string& path,
                                int64_t new_length, const std::string&) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "truncate", fmt::format("{} {}", path, new_length)));
    FakeNamenode::File* file = n_.Find(path);
    if (file == nullptr) return errors::FileDoesNotExist(path);
    return new_length == file->status.length;
  }

  absl::Status Concat(const CallContext& call, const std::string& target,
                      const std::vector<std::string>& sources) override {
    MutexLock lock(n_.mu_);
    return n_.Note(call, "concat", fmt::format("{} {}", target, fmt::join(sources, " ")));
  }

  absl::StatusOr<LocatedBlock> AddBlock(const CallContext& call,
                                        const AddBlockCall& request) override {
    MutexLock lock(n_.mu_);
    std::string excluded;
    for (const DatanodeId& id : request.excluded) excluded += " -" + id.uuid;
    RETURN_IF_ERROR(n_.Note(call, "addBlock", request.path + excluded));
    FakeNamenode::File* file = n_.Find(request.path);
    if (file == nullptr) return errors::FileDoesNotExist(request.path);
    // As the NameNode: the block before is always named, and its length thereby decided.
    if (request.previous.has_value() != !file->blocks.empty()) {
      return errors::Io("previous block expected");
    }
    if (request.previous) n_.Commit(*file, *request.previous);
    LocatedBlock block;
    block.block.pool_id = n_.pool_id_;
    block.block.block = {n_.next_block_++, n_.next_stamp_++, 0};
    block.offset = file->status.length;
    block.locations = n_.Choose(request.excluded, static_cast<size_t>(file->status.replication));
    if (block.locations.empty()) {
      return errors::NotEnoughTargets(request.path, 0, 1, 0, 0, "");
    }
    file->blocks.push_back(block);
    return block;
  }

  absl::Status AbandonBlock(const CallContext& call, const OpenFileRef& file,
                            const ExtendedBlock& block) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "abandonBlock", block.block.ToString()));
    FakeNamenode::File* found = n_.Find(file.path);
    if (found != nullptr && !found->blocks.empty() &&
        found->blocks.back().block.block.id == block.block.id) {
      found->blocks.pop_back();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<LocatedBlock> GetAdditionalDatanode(
      const CallContext& call, const AdditionalDatanodeCall& request) override {
    MutexLock lock(n_.mu_);
    std::vector<DatanodeId> excluded = request.excluded;
    std::string detail;
    for (const DatanodeId& id : excluded) detail += (detail.empty() ? "-" : " -") + id.uuid;
    RETURN_IF_ERROR(n_.Note(call, "getAdditionalDatanode", detail));
    for (const ReplicaLocation& node : request.existing) excluded.push_back(node.datanode.id);
    LocatedBlock answer;
    answer.block = request.block;
    answer.offset = -1;
    answer.locations = n_.Choose(excluded, static_cast<size_t>(request.count));
    // In any order: the new one first, here.
    answer.locations.insert(answer.locations.end(), request.existing.begin(),
                            request.existing.end());
    return answer;
  }

  absl::StatusOr<LocatedBlock> UpdateBlockForPipeline(const CallContext& call,
                                                      const ExtendedBlock& block,
                                                      const std::string&) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "updateBlockForPipeline", block.block.ToString()));
    LocatedBlock answer;
    answer.block = block;
    answer.block.block.generation_stamp = n_.next_stamp_++;
    answer.offset = -1;
    return answer;
  }

  absl::Status UpdatePipeline(const CallContext& call, const UpdatePipelineCall& request) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "updatePipeline", request.new_block.block.ToString()));
    n_.updates_.push_back(request);
    LocatedBlock* block = n_.FindBlock(request.new_block.block.id);
    if (block == nullptr) return errors::Io("no such block");
    if (block->block.block.generation_stamp != request.old_block.block.generation_stamp) {
      return errors::Io("stale generation stamp");
    }
    block->block = request.new_block;
    block->locations = request.nodes;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Complete(const CallContext& call, const OpenFileRef& file,
                                const std::optional<ExtendedBlock>& last) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "complete", last ? last->block.ToString() : ""));
    FakeNamenode::File* found = n_.Find(file.path);
    if (found == nullptr) return errors::FileDoesNotExist(file.path);
    if (last) n_.Commit(*found, *last);
    if (n_.incomplete_ > 0) {
      --n_.incomplete_;
      return false;
    }
    found->open = false;
    return true;
  }

  absl::Status Fsync(const CallContext& call, const OpenFileRef& file,
                     int64_t last_block_length) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "fsync", fmt::format("{}", last_block_length)));
    FakeNamenode::File* found = n_.Find(file.path);
    if (found != nullptr && !found->blocks.empty() && last_block_length > 0) {
      found->blocks.back().block.block.num_bytes = last_block_length;
    }
    return absl::OkStatus();
  }

  absl::Status RenewLease(const CallContext& call, const std::string& client_name) override {
    return NoteLocked(call, "renewLease", "");
  }

  absl::StatusOr<bool> RecoverLease(const CallContext& call, const std::string& path,
                                    const std::string&) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "recoverLease", path));
    return true;
  }

  absl::StatusOr<bool> IsFileClosed(const CallContext& call, const std::string& path) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "isFileClosed", path));
    FakeNamenode::File* file = n_.Find(path);
    return file != nullptr && !file->open;
  }

  absl::StatusOr<std::optional<FileStatus>> GetFileInfo(const CallContext& call,
                                                        const std::string& path) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "getFileInfo", path));
    FakeNamenode::File* file = n_.Find(path);
    if (file == nullptr) return std::optional<FileStatus>();
    return std::optional<FileStatus>(file->status);
  }

  // One directory, "/", with pages of two entries.
  absl::StatusOr<std::optional<DirectoryListing>> GetListing(const CallContext& call,
                                                             const std::string& path,
                                                             const std::string& start_after,
                                                             bool) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "getListing", start_after));
    if (path != "/") return std::optional<DirectoryListing>();
    DirectoryListing listing;
    for (auto it = n_.files_.upper_bound("/" + start_after); it != n_.files_.end(); ++it) {
      if (listing.entries.size() == 2) {
        ++listing.remaining;
        continue;
      }
      listing.entries.push_back(it->second.status);
      listing.entries.back().path = it->first.substr(1);
    }
    return std::optional<DirectoryListing>(std::move(listing));
  }

  absl::StatusOr<LocatedBlocks> GetBlockLocations(const CallContext& call, const std::string& path,
                                                  int64_t offset, int64_t length) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "getBlockLocations", fmt::format("{} {}", path, offset)));
    FakeNamenode::File* file = n_.Find(path);
    if (file == nullptr) return errors::FileDoesNotExist(path);
    LocatedBlocks answer;
    answer.file_id = file->status.file_id;
    answer.under_construction = file->open;
    answer.last_block_complete = !file->open && !file->blocks.empty();
    for (const LocatedBlock& block : file->blocks) {
      const bool last = &block == &file->blocks.back();
      if (!(last && file->open)) answer.file_length += block.block.block.num_bytes;
      if (block.offset + block.block.block.num_bytes > offset && block.offset < length + offset) {
        answer.blocks.push_back(block);
      }
      if (last) answer.last_block.push_back(block);
    }
    return answer;
  }

  absl::Status ReportBadBlocks(const CallContext& call,
                               const std::vector<LocatedBlock>& blocks) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "reportBadBlocks", ""));
    n_.bad_.insert(n_.bad_.end(), blocks.begin(), blocks.end());
    return absl::OkStatus();
  }

  absl::StatusOr<ContentSummary> GetContentSummary(const CallContext& call,
                                                   const std::string& path) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "getContentSummary", path));
    return ContentSummary{};
  }
  absl::Status CheckAccess(const CallContext& call, const std::string& path, int) override {
    return NoteLocked(call, "checkAccess", path);
  }
  absl::StatusOr<FsStats> GetFsStats(const CallContext& call) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "getFsStats", ""));
    return FsStats{};
  }
  absl::StatusOr<ServerDefaults> GetServerDefaults(const CallContext& call) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "getServerDefaults", ""));
    return ServerDefaults{};
  }
  absl::StatusOr<bool> Mkdirs(const CallContext& call, const std::string& path, uint16_t mode,
                              bool) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "mkdirs", fmt::format("{} {:o}", path, mode)));
    return true;
  }
  absl::StatusOr<bool> Rename(const CallContext& call, const std::string& from,
                              const std::string& to) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "rename", from + " " + to));
    return true;
  }
  absl::Status Rename2(const CallContext& call, const std::string& from, const std::string& to,
                       bool, bool) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "rename2", from + " " + to));
    if (n_.Find(from) == nullptr) return errors::FileDoesNotExist(from);
    n_.files_[to] = n_.files_.extract(from).mapped();
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Delete(const CallContext& call, const std::string& path, bool) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "delete", path));
    return n_.files_.erase(path) > 0;
  }
  absl::Status SetPermission(const CallContext& call, const std::string& path, uint16_t) override {
    return NoteLocked(call, "setPermission", path);
  }
  absl::Status SetOwner(const CallContext& call, const std::string& path,
                        const std::optional<std::string>&,
                        const std::optional<std::string>&) override {
    return NoteLocked(call, "setOwner", path);
  }
  absl::Status SetTimes(const CallContext& call, const std::string& path, int64_t,
                        int64_t) override {
    return NoteLocked(call, "setTimes", path);
  }
  absl::StatusOr<bool> SetReplication(const CallContext& call, const std::string& path,
                                      int32_t) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "setReplication", path));
    return true;
  }
  absl::StatusOr<std::vector<DatanodeInfo>> GetDatanodeReport(const CallContext& call,
                                                              DatanodeReportType) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "getDatanodeReport", ""));
    return std::vector<DatanodeInfo>();
  }
  absl::StatusOr<bool> SetSafeMode(const CallContext& call, SafeModeAction) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "setSafeMode", ""));
    return false;
  }
  absl::Status SaveNamespace(const CallContext& call) override {
    MutexLock lock(n_.mu_);
    return n_.Note(call, "saveNamespace", "");
  }
  absl::StatusOr<Txid> RollEdits(const CallContext& call) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "rollEdits", ""));
    return Txid{1};
  }
  absl::Status MetaSave(const CallContext& call, const std::string& filename) override {
    return NoteLocked(call, "metaSave", filename);
  }
  absl::Status SetBalancerBandwidth(const CallContext& call, int64_t) override {
    return NoteLocked(call, "setBalancerBandwidth", "");
  }
  absl::Status RefreshNodes(const CallContext& call) override {
    return NoteLocked(call, "refreshNodes", "");
  }
  absl::StatusOr<OpenFilesPage> ListOpenFiles(const CallContext& call, const std::string& path,
                                              InodeId) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "listOpenFiles", path));
    return OpenFilesPage();
  }
  absl::StatusOr<CorruptFilesPage> ListCorruptFiles(const CallContext& call,
                                                    const std::string& path, BlockId) override {
    MutexLock lock(n_.mu_);
    RETURN_IF_ERROR(n_.Note(call, "listCorruptFiles", path));
    return CorruptFilesPage();
  }
  absl::Status Fsck(const CallContext& call, const FsckRequest& request,
                    const std::function<void(std::string_view)>& sink) override {
    {
      MutexLock lock(n_.mu_);
      RETURN_IF_ERROR(n_.Note(call, "fsck", request.path));
    }
    sink("The filesystem under path '/' is HEALTHY\n");
    return absl::OkStatus();
  }

 private:
  absl::Status NoteLocked(const CallContext& call, const char* method, const std::string& detail) {
    MutexLock lock(n_.mu_);
    return n_.Note(call, method, detail);
  }

  FakeNamenode& n_;
};

std::unique_ptr<NamenodeStub> MakeStub(FakeNamenode& namenode) {
  return std::make_unique<FakeNamenodeStub>(namenode);
}

FakeCluster::FakeCluster(size_t datanodes) {
  options.block_size = 64 << 10;
  options.packet_size = 4096;
  options.socket_timeout_ms = 5000;
  std::vector<ReplicaLocation> nodes;
  for (size_t i = 0; i < datanodes; ++i) {
    datanodes_.push_back(std::make_unique<FakeDatanode>(
        fmt::format("dn{}", i), fmt::format("/rack{}", i % 2), [this](const std::string& uuid) {
          for (const auto& node : datanodes_) {
            if (node->uuid() == uuid) return node.get();
          }
          return static_cast<FakeDatanode*>(nullptr);
        }));
    nodes.push_back(datanodes_.back()->location());
  }
  namenode_ = std::make_unique<FakeNamenode>(std::move(nodes));
}

FakeCluster::~FakeCluster() {
  client_.reset();
  for (const auto& node : datanodes_) node->Kill();
}

DfsClient& FakeCluster::client() {
  if (client_ == nullptr) {
    ClientEnvironment environment = ClientEnvironment::Real();
    environment.random = std::make_shared<Random>(7);
    environment.sleep = [this](int64_t ms) {
      MutexLock lock(mu_);
      sleeps_.push_back(ms);
    };
    environment.is_local_address = [this](const std::string&) { return datanodes_are_local; };
    environment.visible_length = [this](const DatanodeId& node, const ExtendedBlock& block) {
      return VisibleLength(node.uuid, block.block.id);
    };
    client_ = DfsClient::WithStub(options, MakeStub(*namenode_), std::move(environment)).value();
  }
  return *client_;
}

absl::StatusOr<int64_t> FakeCluster::VisibleLength(const std::string& uuid, BlockId block) const {
  for (const auto& node : datanodes_) {
    if (node->uuid() != uuid) continue;
    if (!node->alive()) return absl::UnavailableError("Connection refused");
    const auto replica = node->Replica(block);
    if (!replica) return MakeError(ErrorKind::kReplicaNotFound, "Replica not found");
    return replica->finalized ? static_cast<int64_t>(replica->data.size()) : replica->acked;
  }
  return absl::UnavailableError("no such node");
}

std::vector<int64_t> FakeCluster::sleeps() const {
  MutexLock lock(mu_);
  return sleeps_;
}

absl::Status FakeCluster::Put(const std::string& path, const std::string& data,
                              const CreateOptions& create) {
  ASSIGN_OR_RETURN(auto out, client().Create(path, create));
  RETURN_IF_ERROR(out->Write(data));
  return out->Close();
}

absl::StatusOr<std::string> FakeCluster::Get(const std::string& path) {
  ASSIGN_OR_RETURN(auto in, client().Open(path));
  return in->ReadAll();
}

std::optional<std::string> FakeCluster::Stored(const std::string& path, size_t index) const {
  std::string stored;
  for (const LocatedBlock& block : namenode_->BlocksOf(path)) {
    const auto replica = datanodes_.at(index)->Replica(block.block.block.id);
    if (!replica || !replica->finalized ||
        replica->generation_stamp != block.block.block.generation_stamp) {
      return std::nullopt;
    }
    stored += replica->data;
  }
  return stored;
}

std::string TestData(size_t n, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string data(n, '\0');
  for (char& c : data) c = static_cast<char>(engine());
  return data;
}

}  // namespace cairn::client
