// The MetaStore of tests.
#include "namenode/namespace/testing/memory_meta_store.h"

#include <algorithm>

namespace cairn::namenode {

// A view that tells the store before each read.
class MemoryMetaStore::HookedSnapshot : public MetaSnapshot {
 public:
  HookedSnapshot(const MemoryMetaStore& store, std::shared_ptr<const MapSnapshot> rows, Txid txid)
      : store_(store), rows_(std::move(rows)), txid_(txid) {}
  // Under the store's lock, because that decides by the use count whether it may change the rows.
  ~HookedSnapshot() override {
    MutexLock lock(store_.mu_);
    rows_.reset();
  }
  Txid txid() const override { return txid_; }
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key) const override {
    store_.BeforeRead();
    return rows_->Get(table, key);
  }
  absl::Status Scan(
      Table table, std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> row) const override {
    store_.BeforeRead();
    return rows_->Scan(table, begin, end, row);
  }

 private:
  const MemoryMetaStore& store_;
  std::shared_ptr<const MapSnapshot> rows_;
  const Txid txid_;
};

MemoryMetaStore::MemoryMetaStore(std::shared_ptr<MemoryDisk> disk)
    : disk_(std::move(disk)),
      rows_(std::make_shared<MapSnapshot>(disk_->rows)),
      last_(disk_->last),
      durable_(disk_->last),
      applied_(disk_->last) {}

MemoryMetaStore::~MemoryMetaStore() = default;

void MemoryMetaStore::SetAuto(bool durable, bool apply) {
  Txid last = 0;
  {
    MutexLock lock(mu_);
    auto_durable_ = durable;
    auto_apply_ = apply;
    last = last_;
  }
  if (durable) MakeDurable(last);
  if (apply) ApplyUpTo(last);
}

std::vector<absl::AnyInvocable<void()>> MemoryMetaStore::MakeDurableLocked(Txid txid) {
  txid = std::min(txid, last_);
  while (!not_durable_.empty() && not_durable_.front().first <= txid) {
    disk_->rows.Apply(not_durable_.front().second);
    disk_->last = not_durable_.front().first;
    not_applied_.push_back(std::move(not_durable_.front()));
    not_durable_.pop_front();
  }
  durable_ = std::max(durable_, txid);
  std::vector<absl::AnyInvocable<void()>> released;
  while (!waiting_.empty() && waiting_.begin()->first <= durable_) {
    released.push_back(std::move(waiting_.begin()->second));
    waiting_.erase(waiting_.begin());
  }
  return released;
}

void MemoryMetaStore::MakeDurable(Txid txid) {
  std::vector<absl::AnyInvocable<void()>> released;
  {
    MutexLock lock(mu_);
    released = MakeDurableLocked(txid);
  }
  for (auto& done : released) done();
}

void MemoryMetaStore::ApplyLocked(Txid txid) {
  txid = std::min(txid, durable_);
  if (not_applied_.empty() || not_applied_.front().first > txid) return;
  if (rows_.use_count() > 1) rows_ = std::make_shared<MapSnapshot>(*rows_);
  while (!not_applied_.empty() && not_applied_.front().first <= txid) {
    rows_->Apply(not_applied_.front().second);
    not_applied_.pop_front();
  }
  applied_ = std::max(applied_, txid);
}

void MemoryMetaStore::ApplyUpTo(Txid txid) {
  MakeDurable(txid);
  MutexLock lock(mu_);
  ApplyLocked(txid);
}

void MemoryMetaStore::SetReadHook(std::function<void()> hook) {
  MutexLock lock(mu_);
  hook_ = std::move(hook);
}

int64_t MemoryMetaStore::reads() const {
  MutexLock lock(mu_);
  return reads_;
}

void MemoryMetaStore::BeforeRead() const {
  std::function<void()> hook;
  {
    MutexLock lock(mu_);
    ++reads_;
    hook = hook_;
  }
  if (hook) hook();
}

void MemoryMetaStore::SetRoom(bool room) {
  MutexLock lock(mu_);
  room_ = room;
  room_changed_.NotifyAll();
}

Txid MemoryMetaStore::Append(std::vector<RowChange> changes) {
  MutexLock lock(mu_);
  not_durable_.emplace_back(++last_, std::move(changes));
  // Nobody waits for a transaction before it is appended, so nothing is released here.
  if (auto_durable_) MakeDurableLocked(last_);
  if (auto_apply_) ApplyLocked(last_);
  return last_;
}

Txid MemoryMetaStore::last_appended() const {
  MutexLock lock(mu_);
  return last_;
}

Txid MemoryMetaStore::durable() const {
  MutexLock lock(mu_);
  return durable_;
}

Txid MemoryMetaStore::applied() const {
  MutexLock lock(mu_);
  return applied_;
}

void MemoryMetaStore::WhenDurable(Txid txid, absl::AnyInvocable<void()> done) {
  {
    MutexLock lock(mu_);
    if (txid > durable_) {
      waiting_.emplace(txid, std::move(done));
      return;
    }
  }
  done();
}

void MemoryMetaStore::WaitForRoom() {
  MutexLock lock(mu_);
  while (!room_) room_changed_.Wait(mu_);
}

bool MemoryMetaStore::HasRoom() const {
  MutexLock lock(mu_);
  return room_;
}

std::shared_ptr<const MetaSnapshot> MemoryMetaStore::Snapshot() const {
  MutexLock lock(mu_);
  return std::make_shared<HookedSnapshot>(*this, rows_, applied_);
}

absl::Status MemoryMetaStore::WaitApplied(Txid txid) {
  ApplyUpTo(txid);
  return absl::OkStatus();
}

}  // namespace cairn::namenode
