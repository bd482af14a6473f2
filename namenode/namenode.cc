// The composition root: who is given what. No logic.
#include "namenode/namenode.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/net/address.h"
#include "common/server/subprocess.h"
#include "common/status_macros.h"

namespace cairn::namenode {
namespace {

constexpr char kSoftwareVersion[] = "0.1.0";
constexpr int64_t kStopGraceMs = 3'000;
constexpr size_t kMaxScriptOutputBytes = 1 << 20;

// An address of this machine for the name of the block pool, as HDFS puts it there: it is never
// connected to.
std::string OwnAddress() {
  const auto addresses = Resolve({.host = LocalHostName(), .port = 0});
  return addresses.ok() && !addresses->empty() ? addresses->front().ip() : "127.0.0.1";
}

// A new file system's names, in HDFS's forms.
ClusterIdentity NewIdentity(const NameNodeEnv& env, const std::string& cluster_id) {
  ClusterIdentity identity;
  identity.cluster_id = cluster_id.empty() ? fmt::format("CID-{}", env.random.Uuid()) : cluster_id;
  identity.creation_ms = env.clock.WallMs();
  identity.block_pool_id = fmt::format("BP-{}-{}-{}", 1 + env.random.Uniform(0x7fffffff),
                                       OwnAddress(), identity.creation_ms);
  identity.namespace_id = static_cast<int32_t>(1 + env.random.Uniform(0x7ffffffe));
  return identity;
}

// How this process reaches its own gRPC service.
std::string OwnGrpcAddress(const std::string& host, int port) {
  if (host == "0.0.0.0" || host.empty()) return fmt::format("127.0.0.1:{}", port);
  if (host == "::") return fmt::format("[::1]:{}", port);
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

absl::StatusOr<HostLists> ReadHosts(const NameNodeOptions& options, FileSystem& fs) {
  if (options.hosts_combined) return HostLists::ReadCombined(fs, options.hosts_file);
  return HostLists::Read(fs, options.hosts_file, options.hosts_exclude_file);
}

// How fsck writes what it saves: as this file system's clients do by default.
client::ClientOptions SalvageOptions(const NamespaceOptions& names) {
  client::ClientOptions options;
  options.replication = names.default_replication;
  options.block_size = names.default_block_size;
  options.bytes_per_checksum = names.bytes_per_checksum;
  return options;
}

}  // namespace

absl::StatusOr<std::string> NameNode::Format(const NameNodeOptions& options, const NameNodeEnv& env,
                                             const std::string& cluster_id, bool force) {
  const ClusterIdentity identity = NewIdentity(env, cluster_id);
  RETURN_IF_ERROR(MetaStore::Format(
      options.store, identity, force,
      NamespaceImpl::InitialRows(env.owner, options.names.supergroup, identity.creation_ms),
      env.fs));
  return identity.cluster_id;
}

NameNode::NameNode(const NameNodeOptions& options, const NameNodeEnv& env)
    : options_(options),
      env_(env),
      groups_(options.groups, env.clock),
      proxies_(options.proxy_users, groups_) {}

NameNode::~NameNode() { Stop(); }

absl::StatusOr<std::unique_ptr<NameNode>> NameNode::Start(const NameNodeOptions& options,
                                                          const NameNodeEnv& env,
                                                          OnFatal on_fatal) {
  std::unique_ptr<NameNode> namenode(new NameNode(options, env));
  RETURN_IF_ERROR(namenode->Open(std::move(on_fatal)));
  RETURN_IF_ERROR(namenode->Serve());
  return namenode;
}

absl::Status NameNode::Open(OnFatal on_fatal) {
  ASSIGN_OR_RETURN(store_, MetaStore::Open(options_.store, env_.fs, env_.clock, on_fatal));
  ASSIGN_OR_RETURN(
      racks_,
      RackResolver::Create(options_.racks, env_.fs, [this](const std::vector<std::string>& argv) {
        return RunAndCapture(argv, options_.racks.script_timeout_ms, kMaxScriptOutputBytes);
      }));
  options_.blocks.cluster_id = store_->identity().cluster_id;
  options_.blocks.block_pool_id = store_->identity().block_pool_id;
  options_.blocks.durable = [store = store_.get()] { return store->durable(); };
  options_.blocks.highest_generation_stamp = [this] { return highest_generation_stamp_.load(); };
  blocks_ = std::make_unique<BlockManagerImpl>(options_.blocks, env_.clock, env_.random, *racks_);
  ASSIGN_OR_RETURN(HostLists hosts, ReadHosts(options_, env_.fs));
  blocks_->SetHostLists(std::move(hosts));
  ASSIGN_OR_RETURN(names_,
                   NamespaceImpl::Open({.store = *store_,
                                        .blocks = *blocks_,
                                        .clock = env_.clock,
                                        .highest_generation_stamp = &highest_generation_stamp_},
                                       options_.names, on_fatal));
  admin_ = std::make_unique<ClusterAdminImpl>(
      ClusterAdminDeps{.names = *names_,
                       .blocks = *blocks_,
                       .store = *store_,
                       .fs = env_.fs,
                       .clock = env_.clock},
      ClusterAdminOptions{.log_dir = options_.log_dir,
                          .reload_proxy_users = [this] { return ReloadProxyUsers(); },
                          .reload_hosts = [this] { return ReloadHosts(); }});
  reconfigurator_ = std::make_unique<Reconfigurator>(
      *options_.source,
      [this]() -> absl::StatusOr<Configuration> {
        if (env_.reload == nullptr) return *options_.source;
        ASSIGN_OR_RETURN(const NameNodeOptions now, env_.reload());
        return *now.source;
      },
      ReconfigurableProperties(), env_.clock);
  monitors_ = std::make_unique<Monitors>(
      options_.monitors, *blocks_, *names_,
      [this](size_t limit) { return names_->ExpiredLeases(limit); },
      [this](InodeId file, Done<bool> done) { names_->ExpireLease(file, std::move(done)); },
      env_.fs);
  return absl::OkStatus();
}

absl::Status NameNode::Serve() {
  const ClusterIdentity& identity = store_->identity();
  const FrontEndCore core{.names = *names_,
                          .blocks = *blocks_,
                          .admin = *admin_,
                          .clock = env_.clock,
                          .cluster = {.cluster_id = identity.cluster_id,
                                      .block_pool_id = identity.block_pool_id,
                                      .namespace_id = identity.namespace_id,
                                      .creation_ms = identity.creation_ms,
                                      .epoch = store_->epoch(),
                                      .last_txid = [this] { return store_->last_appended(); },
                                      .software_version = kSoftwareVersion,
                                      .started_wall_ms = env_.clock.WallMs()}};
  options_.grpc.superusers = {.owner = env_.owner, .supergroup = options_.names.supergroup};
  salvager_ = std::make_unique<ClientSalvager>(SalvageOptions(options_.names));
  fsck_ = std::make_unique<FsckService>(
      FsckService::Deps{.names = *names_,
                        .blocks = *blocks_,
                        .clock = env_.clock,
                        .salvager = *salvager_,
                        .min_replication = options_.names.min_replication});
  ASSIGN_OR_RETURN(grpc_, GrpcServer::Start(options_.grpc, core, groups_, *fsck_));
  salvager_->ServeAt(OwnGrpcAddress(options_.grpc.host, grpc_->port()));
  options_.hadoop.superusers = options_.grpc.superusers;
  options_.hadoop.audit_logger = options_.grpc.audit_logger;
  ASSIGN_OR_RETURN(
      hadoop_, HadoopServer::Start(
                   options_.hadoop, core,
                   {.groups = groups_, .proxies = proxies_, .reconfiguration = *reconfigurator_}));
  options_.http.superusers = options_.grpc.superusers;
  options_.http.audit_logger = options_.grpc.audit_logger;
  ASSIGN_OR_RETURN(http_, NameNodeHttp::Start(options_.http, core, groups_, *fsck_));
  names_->Start();
  monitors_->Start();
  spdlog::info("NameNode of cluster {}, block pool {}, epoch {}, is up", identity.cluster_id,
               identity.block_pool_id, store_->epoch());
  return absl::OkStatus();
}

// How fast copies and deletions go, how soon a silent DataNode is missed, what is protected and
// what the audit log tells.
std::vector<Reconfigurator::Property> NameNode::ReconfigurableProperties() {
  const auto set_pace = [this](const Configuration& now) -> absl::Status {
    ASSIGN_OR_RETURN(const NameNodeOptions options, NameNodeOptions::From(now));
    blocks_->SetPace(options.blocks.pace);
    return absl::OkStatus();
  };
  const auto set_liveness = [this](const Configuration& now) -> absl::Status {
    ASSIGN_OR_RETURN(const NameNodeOptions options, NameNodeOptions::From(now));
    blocks_->SetLiveness(options.blocks.liveness);
    return absl::OkStatus();
  };
  std::vector<Reconfigurator::Property> properties;
  for (const char* key :
       {"dfs.block.invalidate.limit", "dfs.namenode.reconstruction.pending.timeout-sec",
        "dfs.namenode.replication.max-streams", "dfs.namenode.replication.max-streams-hard-limit",
        "dfs.namenode.replication.work.multiplier.per.iteration"}) {
    properties.push_back({key, set_pace});
  }
  for (const char* key : {"dfs.heartbeat.interval", "dfs.namenode.heartbeat.recheck-interval"}) {
    properties.push_back({key, set_liveness});
  }
  properties.push_back({"fs.protected.directories", [this](const Configuration& now) {
                          options_.names.protected_dirs->Set(
                              now.GetList("fs.protected.directories"),
                              now.GetBool("dfs.protected.subdirectories.enable"));
                          return absl::OkStatus();
                        }});
  properties.push_back({"hadoop.caller.context.enabled", [this](const Configuration& now) {
                          *options_.hadoop.audit_context =
                              now.GetBool("hadoop.caller.context.enabled");
                          return absl::OkStatus();
                        }});
  std::ranges::sort(properties, {}, &Reconfigurator::Property::name);
  return properties;
}

absl::Status NameNode::ReloadProxyUsers() {
  if (env_.reload == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const NameNodeOptions now, env_.reload());
  proxies_.Set(now.proxy_users);
  return absl::OkStatus();
}

absl::Status NameNode::ReloadHosts() {
  const NameNodeOptions* now = &options_;
  absl::StatusOr<NameNodeOptions> reloaded;
  if (env_.reload != nullptr) {
    reloaded = env_.reload();
    RETURN_IF_ERROR(reloaded.status());
    now = &*reloaded;
  }
  ASSIGN_OR_RETURN(HostLists hosts, ReadHosts(*now, env_.fs));
  blocks_->SetHostLists(std::move(hosts));
  return absl::OkStatus();
}

std::vector<MethodStats> NameNode::CallStats() const {
  std::vector<MethodStats> stats;
  if (grpc_ != nullptr) stats = grpc_->Metrics();
  if (hadoop_ != nullptr) {
    for (MethodStats& method : hadoop_->Metrics()) stats.push_back(std::move(method));
  }
  return stats;
}

void NameNode::Stop() {
  if (http_ != nullptr) http_->Stop();
  if (fsck_ != nullptr) fsck_->Stop();
  if (hadoop_ != nullptr) hadoop_->Shutdown();
  if (grpc_ != nullptr) grpc_->Shutdown(kStopGraceMs);
  if (monitors_ != nullptr) monitors_->Stop();
  http_.reset();
  hadoop_.reset();
  grpc_.reset();
  fsck_.reset();
  salvager_.reset();
  admin_.reset();
  reconfigurator_.reset();
  names_.reset();
  monitors_.reset();  // calls it made into the namespace have been answered
  blocks_.reset();
  racks_.reset();
  store_.reset();
}

}  // namespace cairn::namenode
