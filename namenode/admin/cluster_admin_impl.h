// The administration of a NameNode over its parts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/file_system.h"
#include "common/threads.h"
#include "namenode/admin/cluster_admin.h"
#include "namenode/meta/meta_store.h"

namespace cairn::namenode {

// What the administration works on; all must outlive it.
struct ClusterAdminDeps {
  Namespace& names;
  BlockManager& blocks;
  MetaStore& store;
  FileSystem& fs;
  const Clock& clock;
};

// What the administration is told.
struct ClusterAdminOptions {
  std::string log_dir;  // where MetaSave writes; empty: the working directory
  std::function<absl::Status()> reload_proxy_users;  // may block
  std::function<absl::Status()> reload_hosts;        // may block
};

// Thread-safe. What takes time runs on one thread of its own.
class ClusterAdminImpl final : public ClusterAdmin {
 public:
  ClusterAdminImpl(const ClusterAdminDeps& deps, ClusterAdminOptions options);
  // Stops.
  ~ClusterAdminImpl() override;

  // Ends what runs and answers everything else that it was asked. The namespace must still answer.
  void Stop();

  void GetBlocks(const Caller& caller, GetBlocksRequest request,
                 Done<std::vector<BlockPlaces>> done) override;
  absl::Status SetBalancerBandwidth(const Caller& caller, int64_t bytes_per_second) override;
  void SaveNamespace(const Caller& caller, CheckpointConditions conditions,
                     Done<bool> done) override;
  void LastCheckpoint(const Caller& caller, Done<Txid> done) override;
  absl::StatusOr<bool> RestoreFailedStorage(const Caller& caller,
                                            std::optional<bool> enable) override;
  void RollEdits(const Caller& caller, Done<Txid> done) override;
  void MetaSave(const Caller& caller, const std::string& filename, DoneVoid done) override;
  void RefreshNodes(const Caller& caller, DoneVoid done) override;
  void RefreshProxyUsers(DoneVoid done) override;

 private:
  // Runs `work`, which gives a StatusOr<Result>, on the worker.
  template <typename Result, typename Work>
  void OnWorker(Work work, Done<Result> done);
  void OnWorker(std::function<absl::Status()> work, DoneVoid done);
  bool UsedSince(InodeId file, int64_t wall_ms);
  std::string PathOf(InodeId inode);
  absl::StatusOr<bool> Checkpoint(const CheckpointConditions& conditions);
  absl::Status WriteMetaSave(const std::string& path);

  const ClusterAdminDeps deps_;
  const ClusterAdminOptions options_;
  Executor worker_;
};

}  // namespace cairn::namenode
