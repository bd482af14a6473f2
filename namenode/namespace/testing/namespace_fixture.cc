// The namespace fixture.
#include "namenode/namespace/testing/namespace_fixture.h"

#include <stdexcept>

namespace cairn::namenode {

NamespaceOptions OptionsFor(CacheSize size) {
  NamespaceOptions options;
  options.maintenance_interval_ms = 0;
  switch (size) {
    case CacheSize::kNone:
      options.cache_bytes = 0;
      break;
    case CacheSize::k64Entries:
      options.cache_entries = 64;
      break;
    case CacheSize::kDefault:
      break;
  }
  return options;
}

std::string CacheSizeName(const ::testing::TestParamInfo<CacheSize>& info) {
  switch (info.param) {
    case CacheSize::kNone:
      return "NoCache";
    case CacheSize::k64Entries:
      return "Cache64";
    case CacheSize::kDefault:
      return "DefaultCache";
  }
  return "";
}

TestNamespace::TestNamespace(CacheSize size, StoreKind kind)
    : TestNamespace(OptionsFor(size), kind) {}

TestNamespace::TestNamespace(NamespaceOptions options, StoreKind kind) : options_(options) {
  auto rows = NamespaceImpl::InitialRows("root", options_.supergroup, clock_.WallMs());
  if (kind == StoreKind::kDisk) {
    harness_ = std::make_unique<StoreHarness>();
    const absl::Status formatted = harness_->Format(std::move(rows));
    if (!formatted.ok()) throw std::runtime_error(formatted.ToString());
  } else {
    disk_ = std::make_shared<MemoryDisk>();
    disk_->rows.Apply(rows);
  }
  Open();
}

TestNamespace::~TestNamespace() { ns_.reset(); }

void TestNamespace::Open() {
  if (harness_) {
    const absl::Status opened = harness_->Open();
    if (!opened.ok()) throw std::runtime_error(opened.ToString());
  } else {
    memory_ = std::make_unique<MemoryMetaStore>(disk_);
  }
  blocks_ = std::make_unique<FakeBlockManager>(store().identity().block_pool_id);
  auto ns = NamespaceImpl::Open({store(), *blocks_, clock()}, options_,
                                [](const absl::Status& status) { throw status; });
  if (!ns.ok()) throw std::runtime_error(ns.status().ToString());
  ns_ = *std::move(ns);
  const absl::Status loaded = ns_->LoadBlocks();
  if (!loaded.ok()) throw std::runtime_error(loaded.ToString());
}

void TestNamespace::Restart() {
  ns_.reset();
  if (harness_) {
    harness_->Crash();
  } else {
    memory_.reset();
  }
  Open();
}

MetaStore& TestNamespace::store() {
  return harness_ ? harness_->store() : static_cast<MetaStore&>(*memory_);
}

Caller TestNamespace::Root() {
  Caller caller;
  caller.user = "root";
  caller.groups = std::make_shared<const std::vector<std::string>>(1, "supergroup");
  caller.superuser = true;
  caller.address = "127.0.0.1";
  return caller;
}

Caller TestNamespace::User(const std::string& name) {
  Caller caller;
  caller.user = name;
  caller.groups = std::make_shared<const std::vector<std::string>>(1, name);
  caller.address = "127.0.0.1";
  return caller;
}

Caller TestNamespace::Remembered(Caller caller, char client, int64_t call_id) {
  caller.call.client_id = std::string(16, client);
  caller.call.call_id = call_id;
  return caller;
}

absl::StatusOr<bool> TestNamespace::Mkdirs(const std::string& path, const Caller& caller) {
  return Sync<bool>([&](Done<bool> done) {
    ns_->Mkdirs(caller, {path, 0755, true}, std::move(done));
  });
}

absl::StatusOr<FileStatus> TestNamespace::Create(const std::string& path, const std::string& client,
                                                 const Caller& caller) {
  CreateRequest request;
  request.path = path;
  request.client_name = client;
  request.replication = 3;
  request.block_size = 1 << 20;
  return Sync<FileStatus>(
      [&](Done<FileStatus> done) { ns_->Create(caller, request, std::move(done)); });
}

absl::StatusOr<LocatedBlock> TestNamespace::AddBlock(const std::string& path,
                                                     const std::string& client,
                                                     std::optional<ExtendedBlock> previous,
                                                     const Caller& caller) {
  AddBlockRequest request;
  request.path = path;
  request.client_name = client;
  request.previous = std::move(previous);
  return Sync<LocatedBlock>(
      [&](Done<LocatedBlock> done) { ns_->AddBlock(caller, request, std::move(done)); });
}

absl::StatusOr<bool> TestNamespace::Complete(const std::string& path, const std::string& client,
                                             std::optional<ExtendedBlock> last,
                                             const Caller& caller) {
  CompleteRequest request;
  request.path = path;
  request.client_name = client;
  request.last = std::move(last);
  return Sync<bool>([&](Done<bool> done) { ns_->Complete(caller, request, std::move(done)); });
}

absl::Status TestNamespace::WriteFile(const std::string& path, int blocks, int64_t block_length,
                                      const Caller& caller) {
  if (auto created = Create(path, "writer", caller); !created.ok()) return created.status();
  std::optional<ExtendedBlock> previous;
  for (int i = 0; i < blocks; ++i) {
    auto block = AddBlock(path, "writer", previous, caller);
    if (!block.ok()) return block.status();
    previous = block->block;
    previous->block.num_bytes = block_length;
  }
  const auto closed = Complete(path, "writer", previous, caller);
  if (!closed.ok()) return closed.status();
  return *closed ? absl::OkStatus() : absl::InternalError("the file was not closed");
}

absl::StatusOr<bool> TestNamespace::Delete(const std::string& path, bool recursive,
                                           const Caller& caller) {
  return Sync<bool>(
      [&](Done<bool> done) { ns_->Delete(caller, path, recursive, std::move(done)); });
}

absl::StatusOr<bool> TestNamespace::Rename(const std::string& from, const std::string& to,
                                           const Caller& caller) {
  return Sync<bool>([&](Done<bool> done) {
    ns_->Rename(caller, {from, to, false, false}, std::move(done));
  });
}

absl::StatusOr<std::optional<FileStatus>> TestNamespace::GetFileInfo(const std::string& path,
                                                                     const Caller& caller) {
  return Sync<std::optional<FileStatus>>([&](Done<std::optional<FileStatus>> done) {
    ns_->GetFileInfo(caller, path, false, std::move(done));
  });
}

std::vector<std::string> TestNamespace::List(const std::string& path, const Caller& caller) {
  std::vector<std::string> names;
  std::string after;
  while (true) {
    const auto page =
        Sync<std::optional<DirectoryListing>>([&](Done<std::optional<DirectoryListing>> done) {
          ns_->GetListing(caller, {path, after, false}, std::move(done));
        });
    if (!page.ok()) return {page.status().ToString()};
    if (!*page) return {"(missing)"};
    for (const FileStatus& entry : (*page)->entries) names.push_back(entry.path);
    if ((*page)->remaining == 0 || (*page)->entries.empty()) return names;
    after = names.back();
  }
}

int64_t TestNamespace::InodeCount() {
  return Sync<FsStats>([&](Done<FsStats> done) { ns_->GetStats(std::move(done)); })->total_files;
}

int TestNamespace::Purge() {
  int steps = 0;
  while (true) {
    const auto more = ns_->purger().Step();
    if (!more.ok()) throw std::runtime_error(more.status().ToString());
    if (!*more) return steps;
    ++steps;
  }
}

}  // namespace cairn::namenode
