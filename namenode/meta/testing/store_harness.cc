// Life of a store in a test.
#include "namenode/meta/testing/store_harness.h"

#include <chrono>
#include <stdexcept>

#include "namenode/meta/store_impl.h"

namespace cairn::namenode {

StoreHarness::StoreHarness(int dirs, FileSystem* file_system)
    : fs(file_system != nullptr ? *file_system : PosixFileSystem()) {
  for (int i = 0; i < dirs; ++i) options.name_dirs.push_back(temp_ / fmt::format("name{}", i));
  options.marker_idle_ms = 3600000;  // tests that want markers say so
  options.apply_interval_ms = 5;
  options.reserve_bytes = 4096;
}

StoreHarness::~StoreHarness() = default;

ClusterIdentity StoreHarness::Identity() {
  return {"CID-5f0e7f3c-0000-4000-8000-000000000001", "BP-1-127.0.0.1-1700000000000", 424242,
          1700000000000};
}

absl::Status StoreHarness::Format(std::vector<RowChange> rows, bool force) {
  return MetaStore::Format(options, Identity(), force, std::move(rows), fs);
}

absl::Status StoreHarness::Open() {
  fatal_ = std::make_shared<Fatal>();
  auto store = MetaStore::Open(options, fs, clock, [fatal = fatal_](const absl::Status& status) {
    MutexLock lock(fatal->mu);
    fatal->status = status;
    fatal->told.NotifyAll();
  });
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  return absl::OkStatus();
}

void StoreHarness::Start(std::vector<RowChange> rows) {
  absl::Status status = Format(std::move(rows));
  if (status.ok()) status = Open();
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

void StoreHarness::Close() { store_.reset(); }

void StoreHarness::Crash() {
  static_cast<StoreImpl&>(*store_).Crash();
  store_.reset();
}

Txid StoreHarness::Put(const std::string& key, const std::string& value) {
  return store_->Append({{Table::kMeta, key, value}});
}

Txid StoreHarness::Delete(const std::string& key) {
  return store_->Append({{Table::kMeta, key, std::nullopt}});
}

bool StoreHarness::Sync() {
  auto state = fatal_;
  auto done = std::make_shared<bool>(false);
  store_->WhenDurable(store_->last_appended(), [state, done] {
    MutexLock lock(state->mu);
    *done = true;
    state->told.NotifyAll();
  });
  MutexLock lock(state->mu);
  while (!*done && state->status.ok()) state->told.Wait(state->mu);
  return *done;
}

std::string StoreHarness::Get(const std::string& key) {
  const absl::Status applied = store_->WaitApplied(store_->last_appended());
  if (!applied.ok()) return applied.ToString();
  const auto value = store_->Snapshot()->Get(Table::kMeta, key);
  if (!value.ok()) return value.status().ToString();
  return value->value_or("(none)");
}

absl::Status StoreHarness::fatal() const {
  MutexLock lock(fatal_->mu);
  return fatal_->status;
}

absl::Status StoreHarness::WaitFatal(int seconds) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  MutexLock lock(fatal_->mu);
  while (fatal_->status.ok() && std::chrono::steady_clock::now() < end) {
    fatal_->told.WaitFor(fatal_->mu, 100);
  }
  return fatal_->status;
}

}  // namespace cairn::namenode
