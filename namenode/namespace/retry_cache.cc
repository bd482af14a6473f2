// Running and finished calls.
#include "namenode/namespace/retry_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cairn::namenode {

RetryCache::Key RetryCache::KeyOf(std::string_view client_id, int64_t call_id) {
  Key key{{}, call_id};
  std::memcpy(key.client_id.data(), client_id.data(),
              std::min(client_id.size(), sizeof(key.client_id)));
  return key;
}

RetryCache::Seen RetryCache::Look(const CallId& call) const {
  const auto it = calls_.find(KeyOf(call));
  if (it == calls_.end()) return {};
  if (!it->second.finished) return {State::kRunning, 0, ""};
  return {State::kFinished, it->second.txid, it->second.reply};
}

void RetryCache::Start(const CallId& call) { calls_.try_emplace(KeyOf(call)); }

void RetryCache::Wait(const CallId& call, std::shared_ptr<OpTask> task) {
  calls_[KeyOf(call)].waiters.push_back(std::move(task));
}

std::vector<std::shared_ptr<OpTask>> RetryCache::Finish(const CallId& call, Txid txid, bool stored,
                                                        std::string reply) {
  const Key key = KeyOf(call);
  Call& entry = calls_[key];
  entry.finished = true;
  entry.txid = txid;
  entry.reply = std::move(reply);
  order_.push_back({clock_.MonotonicMs() + expiry_ms_, key, txid, stored});
  auto waiters = std::exchange(entry.waiters, {});
  while (static_cast<int64_t>(order_.size()) > max_entries_) ForgetFront();
  return waiters;
}

std::vector<std::shared_ptr<OpTask>> RetryCache::Fail(const CallId& call) {
  const auto it = calls_.find(KeyOf(call));
  if (it == calls_.end() || it->second.finished) return {};
  auto waiters = std::move(it->second.waiters);
  calls_.erase(it);
  return waiters;
}

std::vector<std::shared_ptr<OpTask>> RetryCache::TakeWaiters() {
  std::vector<std::shared_ptr<OpTask>> waiters;
  for (auto& [key, call] : calls_) {
    for (auto& task : call.waiters) waiters.push_back(std::move(task));
    call.waiters.clear();
  }
  return waiters;
}

void RetryCache::Restore(Txid txid, RetryRow row) {
  const Key key = KeyOf(row.client_id, row.call_id);
  Call& call = calls_[key];
  call.finished = true;
  call.txid = txid;
  call.reply = std::move(row.reply);
  order_.push_back({clock_.MonotonicMs() + expiry_ms_, key, txid, true});
  while (static_cast<int64_t>(order_.size()) > max_entries_) ForgetFront();
}

void RetryCache::ForgetFront() {
  Expiry& oldest = order_.front();
  const auto it = calls_.find(oldest.key);
  // The same client and call id may have been used again after a long time.
  if (it != calls_.end() && it->second.finished && it->second.txid == oldest.txid) {
    calls_.erase(it);
  }
  if (oldest.stored) expired_rows_.push_back(oldest.txid);
  order_.pop_front();
}

std::vector<Txid> RetryCache::TakeExpired(size_t limit) {
  const int64_t now = clock_.MonotonicMs();
  while (!order_.empty() && order_.front().at_ms <= now && expired_rows_.size() < limit) {
    ForgetFront();
  }
  std::vector<Txid> rows;
  while (!expired_rows_.empty() && rows.size() < limit) {
    rows.push_back(expired_rows_.front());
    expired_rows_.pop_front();
  }
  return rows;
}

}  // namespace cairn::namenode
