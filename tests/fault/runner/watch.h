// What is looked at all the time while faults happen.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/threads.h"
#include "namenode/meta/rows.h"
#include "tests/fault/runner/fault_cluster.h"
#include "tests/fault/runner/history.h"

namespace cairn::fault {

// What a disk says of one replica in a moment.
struct SeenReplica {
  int64_t block = 0;
  int64_t stamp = 0;
  bool finalized = false;
  std::string meta;   // the file of its checksums
  int64_t bytes = 0;  // of the data file, asked after `meta` was read
};

// The rules that every observation of replicas must keep, whatever happens between two:
// - on one disk the generation stamp of a block never falls;
// - replicas of one block and stamp have the same checksums as far as both go, on whatever disk
//   and whenever they are seen. (The last chunk of the data may still grow, and be cut before it
//   gets its stamp.) Two writers of one stamp would leave different ones.
// - no stamp is of two blocks.
// Thread-compatible.
class ReplicaRules {
 public:
  // Only finalized replicas are compared, as the way to the others flips bits.
  void ExpectFlips() { flips_ = true; }
  // This replica may be torn, as by a power cut: its content is not compared.
  void Distrust(const std::string& disk, const SeenReplica& seen);
  // kDataLoss, once, for an observation that breaks a rule.
  absl::Status Observe(const std::string& disk, const SeenReplica& seen);
  // What disks hold may be older now: after a power cut or damage.
  void Forget();
  int64_t observed() const { return observed_; }

 private:
  bool flips_ = false;
  int64_t observed_ = 0;
  std::set<std::tuple<std::string, int64_t, int64_t>> distrusted_;  // disk, block and stamp
  std::map<std::pair<std::string, int64_t>, int64_t> stamps_;       // by disk and block
  std::map<std::pair<int64_t, int64_t>, std::string> settled_;      // checksums by block and stamp
  std::map<int64_t, int64_t> owners_;                               // blocks by stamp
};

// The rule of deletions: the last good replica of a block that is in the namespace never goes. Good
// is one that is finalized and has the stamp and length that the NameNode knows of a complete
// block. Thread-compatible.
class DeletionRules {
 public:
  using Blocks = std::map<BlockId, namenode::BlockRow>;

  // What all disks hold in a moment. What is missing three times in turn is gone: less may have
  // been on its way from one place to another.
  void Look(const std::vector<std::pair<std::string, SeenReplica>>& now);
  // Whether finalized replicas have gone since the last judgement.
  bool due() const { return !gone_.empty(); }
  // Judges what has gone by the blocks there are after the last Look. kDataLoss when the rule was
  // broken.
  absl::Status Judge(const Blocks& blocks);
  void Forget();
  // Replicas of blocks in the namespace that went because others were there.
  int64_t judged() const { return judged_; }

 private:
  struct Held {
    int64_t stamp = 0;
    bool finalized = false;
    int64_t bytes = 0;
    int missed = 0;
  };
  static bool IsGood(const Held& held, const namenode::BlockRow& row);

  std::map<std::pair<int64_t, std::string>, Held> held_;  // by block and disk
  std::vector<std::pair<std::pair<int64_t, std::string>, Held>> gone_;
  int64_t judged_ = 0;
};

// A thread that applies the rules to a cluster's disks and samples the memory of its daemons, some
// times a second. Thread-safe.
class Watch {
 public:
  // Both must outlive it.
  Watch(FaultCluster& cluster, History& history);
  ~Watch();

  void ExpectFlips();
  // Pauses what is looked at on disks and forgets what was seen, until Resume; the content of what
  // is there then is not compared.
  void Suspend();
  void Resume();
  // The first rule broken so far.
  absl::Status outcome() const;
  int64_t max_resident_megabytes() const;
  int64_t observed() const;
  // Deletions that were found to be right.
  int64_t deletions() const;

 private:
  void Loop();
  // What the disks hold now, each with its disk.
  std::vector<std::pair<std::string, SeenReplica>> Replicas() const;
  void LookAtDisks() REQUIRES(mu_);
  void JudgeDeletions() REQUIRES(mu_);
  void Note(const absl::Status& status) REQUIRES(mu_);

  FaultCluster& cluster_;
  History& history_;
  mutable Mutex mu_;
  CondVar changed_;
  bool stop_ GUARDED_BY(mu_) = false;
  bool suspended_ GUARDED_BY(mu_) = false;
  ReplicaRules rules_ GUARDED_BY(mu_);
  DeletionRules deletions_ GUARDED_BY(mu_);
  int64_t max_resident_megabytes_ GUARDED_BY(mu_) = 0;
  absl::Status outcome_ GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace cairn::fault
