// A whole NameNode, put together from its parts: used by main and by tests in their own process.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/config/reconfigurator.h"
#include "common/file_system.h"
#include "common/random.h"
#include "common/users/group_resolver.h"
#include "common/users/proxy_users.h"
#include "namenode/admin/cluster_admin_impl.h"
#include "namenode/blocks/block_manager_impl.h"
#include "namenode/blocks/topology/rack_resolver.h"
#include "namenode/fsck/fsck_service.h"
#include "namenode/grpc/grpc_server.h"
#include "namenode/hadoop/hadoop_server.h"
#include "namenode/http/namenode_http.h"
#include "namenode/meta/meta_store.h"
#include "namenode/monitors/monitors.h"
#include "namenode/namespace/namespace_impl.h"
#include "namenode/options.h"
#include "namenode/salvage/client_salvager.h"

namespace cairn::namenode {

// What a NameNode takes from its process; all must outlive it.
struct NameNodeEnv {
  FileSystem& fs;
  const Clock& clock;
  Random& random;
  std::string owner;  // the superuser: the operating system's user of this process
  // Reads the configuration again; null: it never changes.
  std::function<absl::StatusOr<NameNodeOptions>()> reload;
};

// Thread-safe. The process must ignore SIGPIPE.
class NameNode {
 public:
  // Called when the metadata can no longer be trusted or written, on any thread of the NameNode:
  // the process must end without Stop, nothing more becomes durable.
  using OnFatal = std::function<void(const absl::Status&)>;

  // Makes a new, empty file system in every name directory; `cluster_id` empty: a new one. Refuses
  // a directory that is not empty unless `force`, which removes what Cairn wrote there. Returns the
  // cluster id.
  static absl::StatusOr<std::string> Format(const NameNodeOptions& options, const NameNodeEnv& env,
                                            const std::string& cluster_id, bool force);

  // Opens the name directories, recovers, and serves. The error names the directory that is
  // missing, not formatted, of another file system or damaged, or the address that cannot be bound.
  static absl::StatusOr<std::unique_ptr<NameNode>> Start(const NameNodeOptions& options,
                                                         const NameNodeEnv& env, OnFatal on_fatal);
  // Stops.
  ~NameNode();
  NameNode(const NameNode&) = delete;
  NameNode& operator=(const NameNode&) = delete;

  // Takes no more calls, answers those under way (for at most 3 s), ends the background work and
  // closes the store, in this order. Later calls do nothing.
  void Stop();

  // Of the gRPC server, of the Hadoop RPC server and of the web server.
  int grpc_port() const { return grpc_->port(); }
  int rpc_port() const { return hadoop_->port(); }
  int http_port() const { return http_->port(); }
  const ClusterIdentity& identity() const { return store_->identity(); }
  // The parts, for tests; null after Stop.
  Namespace* names() { return names_.get(); }
  BlockManagerImpl* blocks() { return blocks_.get(); }
  // Calls served so far, per method; none after Stop.
  std::vector<MethodStats> CallStats() const;

 private:
  NameNode(const NameNodeOptions& options, const NameNodeEnv& env);
  absl::Status Open(OnFatal on_fatal);
  absl::Status Serve();
  absl::Status ReloadProxyUsers();
  absl::Status ReloadHosts();
  std::vector<Reconfigurator::Property> ReconfigurableProperties();

  NameNodeOptions options_;
  const NameNodeEnv env_;
  HostGroupResolver groups_;
  ProxyUsers proxies_;
  std::atomic<GenerationStamp> highest_generation_stamp_{0};

  // In the order of their making; ended in the opposite one.
  std::unique_ptr<MetaStore> store_;
  std::unique_ptr<RackResolver> racks_;
  std::unique_ptr<BlockManagerImpl> blocks_;
  std::unique_ptr<NamespaceImpl> names_;
  std::unique_ptr<ClusterAdminImpl> admin_;
  std::unique_ptr<Reconfigurator> reconfigurator_;
  std::unique_ptr<Monitors> monitors_;
  std::unique_ptr<ClientSalvager> salvager_;
  std::unique_ptr<FsckService> fsck_;
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<HadoopServer> hadoop_;
  std::unique_ptr<NameNodeHttp> http_;
};

}  // namespace cairn::namenode
