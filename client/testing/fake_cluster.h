// A NameNode stub in memory and fake DataNodes: a cluster inside a test.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/base/client_context.h"
#include "client/dfs_client.h"
#include "client/namenode_stub.h"
#include "client/testing/fake_datanode.h"
#include "common/threads.h"

namespace cairn::client {

// What the fake NameNode knows and was asked; outlives the stub. Thread-safe.
class FakeNamenode {
 public:
  // Blocks are placed on `datanodes`, in the block pool `pool_id`.
  explicit FakeNamenode(std::vector<ReplicaLocation> datanodes, std::string pool_id = "BP-1");

  // The next calls of `method` ("addBlock", …) fail with these, one each.
  void FailNext(const std::string& method, std::vector<absl::Status> failures);
  // So many calls of complete answer false.
  void DelayComplete(int times);
  // Choose these DataNodes (by index) for new blocks, in this order, as far as not excluded.
  void PlaceOn(std::vector<size_t> order);

  // As if the file's writer had allocated a block and done nothing else yet.
  void AddEmptyBlock(const std::string& path);
  void DropLastBlock(const std::string& path);

  // "method detail" of every attempt that reached the NameNode, in order.
  std::vector<std::string> calls() const;
  // The calls of one method.
  std::vector<std::string> CallsOf(const std::string& method) const;
  std::vector<int64_t> CallIdsOf(const std::string& method) const;
  std::vector<UpdatePipelineCall> pipeline_updates() const;
  std::vector<LocatedBlock> bad_blocks_reported() const;
  // The blocks of a file as stored.
  std::vector<LocatedBlock> BlocksOf(const std::string& path) const;
  bool IsClosed(const std::string& path) const;

 private:
  friend class FakeNamenodeStub;

  struct File {
    FileStatus status;
    std::vector<LocatedBlock> blocks;
    bool open = true;
  };
  struct Made {
    std::string what;
    std::string method;
    int64_t call_id = 0;
  };

  // Records the call; the planned failure, or OK.
  absl::Status Note(const CallContext& call, const std::string& method, const std::string& detail)
      REQUIRES(mu_);
  std::vector<ReplicaLocation> Choose(const std::vector<DatanodeId>& excluded, size_t count)
      REQUIRES(mu_);
  File* Find(const std::string& path) REQUIRES(mu_);
  LocatedBlock* FindBlock(BlockId id) REQUIRES(mu_);
  void Commit(File& file, const ExtendedBlock& block) REQUIRES(mu_);

  const std::vector<ReplicaLocation> datanodes_;
  const std::string pool_id_;
  mutable Mutex mu_;
  std::map<std::string, File> files_ GUARDED_BY(mu_);
  std::map<std::string, std::deque<absl::Status>> failures_ GUARDED_BY(mu_);
  std::vector<size_t> order_ GUARDED_BY(mu_);
  std::vector<Made> made_ GUARDED_BY(mu_);
  std::vector<UpdatePipelineCall> updates_ GUARDED_BY(mu_);
  std::vector<LocatedBlock> bad_ GUARDED_BY(mu_);
  int incomplete_ GUARDED_BY(mu_) = 0;
  int64_t next_inode_ GUARDED_BY(mu_) = 16386;
  BlockId next_block_ GUARDED_BY(mu_) = 1073741825;
  GenerationStamp next_stamp_ GUARDED_BY(mu_) = 1001;
};

std::unique_ptr<NamenodeStub> MakeStub(FakeNamenode& namenode);

// DataNodes "dn0", "dn1", …, a NameNode and a client with short time-outs that never really sleeps.
class FakeCluster {
 public:
  explicit FakeCluster(size_t datanodes);
  ~FakeCluster();

  // The options the client is made with, and whether it takes the DataNodes for its own machine's;
  // change them before the first call of client().
  ClientOptions options;
  bool datanodes_are_local = false;
  DfsClient& client();
  FakeNamenode& namenode() { return *namenode_; }
  FakeDatanode& dn(size_t index) { return *datanodes_.at(index); }
  // Pauses the client has asked for.
  std::vector<int64_t> sleeps() const;

  // What DataNode `uuid` answers when asked for the visible length of its replica.
  absl::StatusOr<int64_t> VisibleLength(const std::string& uuid, BlockId block) const;

  // Writes a whole file of `data`.
  absl::Status Put(const std::string& path, const std::string& data,
                   const CreateOptions& create = {});
  absl::StatusOr<std::string> Get(const std::string& path);
  // What DataNode `index` stores of the file's blocks, in order; empty when one is missing.
  std::optional<std::string> Stored(const std::string& path, size_t index) const;

 private:
  std::vector<std::unique_ptr<FakeDatanode>> datanodes_;
  std::unique_ptr<FakeNamenode> namenode_;
  mutable Mutex mu_;
  std::vector<int64_t> sleeps_ GUARDED_BY(mu_);
  std::unique_ptr<DfsClient> client_;
};

// `n` bytes that depend on their position, different for each seed.
std::string TestData(size_t n, uint64_t seed = 1);

}  // namespace cairn::client
