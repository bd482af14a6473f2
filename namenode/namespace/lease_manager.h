// Who has which files open for writing: the RAM index of the lease rows, with the time each holder
// was last heard of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "common/clock.h"
#include "common/types/ids.h"

namespace cairn::namenode {

// One holder's lease.
struct LeaseView {
  std::string holder;
  std::vector<InodeId> inodes;  // ascending
};

// Thread-compatible: guarded by the namespace lock. Operations only read; rows change at commit.
// Times are monotonic, so a restart renews every lease.
class LeaseManager {
 public:
  // `clock` must outlive this.
  LeaseManager(const Clock& clock, int64_t soft_limit_ms, int64_t hard_limit_ms);

  // The holder of a file's lease; empty when it has none.
  std::string HolderOf(InodeId inode) const;
  bool Holds(std::string_view holder, InodeId inode) const;
  // Files of a holder, ascending; empty for an unknown holder.
  std::vector<InodeId> FilesOf(std::string_view holder) const;
  // Up to `limit` files that are open for writing, with ids above `after`, ascending.
  std::vector<InodeId> FilesAfter(InodeId after, size_t limit) const;
  // After the soft limit another client may take the file over; an unknown holder counts as
  // expired.
  bool SoftLimitExpired(std::string_view holder) const;
  // After the hard limit the NameNode itself takes the holder's files; an unknown holder counts as
  // expired.
  bool HardLimitExpired(std::string_view holder) const;
  // Who holds the leases that the NameNode took: "HDFS_NameNode-<when it was started>".
  const std::string& internal_holder() const { return internal_holder_; }
  // Up to `limit` holders not heard of within the hard limit, in order of their names.
  std::vector<LeaseView> Expired(size_t limit) const;
  // HDFS's text of a lease in messages: "[Lease.  Holder: H, pending creates: N]"; empty holders
  // and holders without a lease give "".
  std::string Describe(std::string_view holder) const;
  // Open files / holders.
  size_t files() const { return holders_.size(); }
  size_t size() const { return leases_.size(); }

  // -- the engine's
  // Adds a file to a holder's lease and renews it. A file has one holder: an earlier one loses it.
  void Add(const std::string& holder, InodeId inode);
  // Does nothing when the holder does not hold the file.
  void Remove(std::string_view holder, InodeId inode);
  // The holder was heard of; unknown holders are ignored.
  void Renew(std::string_view holder);

 private:
  struct Lease {
    absl::btree_set<InodeId> inodes;
    int64_t renewed_ms = 0;
  };

  bool ExpiredSince(std::string_view holder, int64_t limit_ms) const;

  const Clock& clock_;
  const std::string internal_holder_;
  const int64_t soft_limit_ms_;
  const int64_t hard_limit_ms_;
  absl::btree_map<std::string, Lease, std::less<>> leases_;
  absl::btree_map<InodeId, std::string> holders_;
};

}  // namespace cairn::namenode
