// Composition of the DataNode.
#include "datanode/datanode.h"

#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "datanode/control/inter_datanode_client.h"
#include "datanode/store/boot_record.h"

namespace cairn::datanode {

namespace {
// WaitReady looks this often.
constexpr int64_t kPollMs = 20;
}  // namespace

Datanode::Datanode(DatanodeOptions options, const StoreEnv& env, OnFatal on_fatal,
                   OnShutdown on_shutdown, Reload reload)
    : options_(std::move(options)),
      env_(env),
      on_fatal_(std::move(on_fatal)),
      on_shutdown_(std::move(on_shutdown)),
      reload_(std::move(reload)),
      client_(options_.control) {}

Datanode::~Datanode() { Stop(); }

void Datanode::Start() {
  starter_ = std::thread([this] {
    SetThreadName("dn-start");
    const absl::Status status = Open();
    if (!status.ok() && !absl::IsCancelled(status)) Fail(status);
  });
}

absl::Status Datanode::Open() {
  ASSIGN_OR_RETURN(const PoolIdentity pool, LearnPool(client_, options_.control, env_.random));
  spdlog::info("NameNode {} serves cluster {}, block pool {}", client_.address(), pool.cluster_id,
               pool.pool_id);
  StoreOptions store_options = options_.store;
  store_options.boot_id = MachineBootId(env_.fs);
  ASSIGN_OR_RETURN(auto store, OpenBlockStore(store_options, pool, env_));
  ASSIGN_OR_RETURN(auto transfers, TransferServer::Start(options_.transfer, *store, env_.clock));
  auto data_port = std::make_unique<TransferDataPort>(*transfers);
  auto recovery_peer = std::make_unique<InterDatanodeClient>(options_.recovery, env_.random);
  auto session = std::make_unique<NamenodeSession>(
      options_.control, client_, *store, *data_port, *recovery_peer, env_.clock, env_.random,
      [this](const absl::Status& status) { Fail(status); });
  auto admin = std::make_unique<AdminPort>(*transfers, *session, [this](bool will_restart) {
    spdlog::info("an administrator has this DataNode shut down{}",
                 will_restart ? " for an upgrade" : "");
    if (on_shutdown_) on_shutdown_(will_restart);
  });
  auto reconfigurator = std::make_unique<Reconfigurator>(
      *options_.source,
      [this]() -> absl::StatusOr<Configuration> { return reload_ ? reload_() : *options_.source; },
      ReconfigurableProperties(*store, *transfers, *session), env_.clock);
  ASSIGN_OR_RETURN(auto ipc,
                   IpcServer::Start(options_.ipc, *store, *admin, *reconfigurator, env_.clock));
  session->Start(ipc->port());
  MutexLock lock(mu_);
  store_ = std::move(store);
  transfers_ = std::move(transfers);
  data_port_ = std::move(data_port);
  recovery_peer_ = std::move(recovery_peer);
  session_ = std::move(session);
  admin_ = std::move(admin);
  reconfigurator_ = std::move(reconfigurator);
  ipc_ = std::move(ipc);
  return absl::OkStatus();
}

std::vector<Reconfigurator::Property> Datanode::ReconfigurableProperties(
    BlockStore& store, TransferServer& transfers, NamenodeSession& session) const {
  using Use = std::function<absl::Status(const DatanodeOptions&)>;
  // Options are checked as at a start before any of them is used.
  const auto property = [](const char* key, Use use) {
    return Reconfigurator::Property{
        key, [use = std::move(use)](const Configuration& now) -> absl::Status {
          ASSIGN_OR_RETURN(const DatanodeOptions options, DatanodeOptions::From(now));
          return use(options);
        }};
  };
  const Use set_pace = [&session](const DatanodeOptions& now) {
    session.SetPace(now.control.pace);
    return absl::OkStatus();
  };
  return {
      property("dfs.datanode.data.dir",
               [&store, &session](const DatanodeOptions& now) {
                 absl::Status status = store.SetVolumes(now.store.volumes);
                 session.VolumesChanged();
                 return status;
               }),
      property("dfs.datanode.balance.max.concurrent.moves",
               [&transfers](const DatanodeOptions& now) {
                 transfers.SetMaxMoves(now.transfer.balance_max_moves);
                 return absl::OkStatus();
               }),
      property("dfs.datanode.balance.bandwidthPerSec",
               [&transfers](const DatanodeOptions& now) {
                 transfers.SetBalanceBandwidth(now.transfer.balance_bandwidth);
                 return absl::OkStatus();
               }),
      property("dfs.datanode.max.transfer.threads",
               [&transfers](const DatanodeOptions& now) {
                 transfers.SetMaxOperations(now.transfer.max_transfer_threads);
                 return absl::OkStatus();
               }),
      property("dfs.blockreport.intervalMsec", set_pace),
      property("dfs.blockreport.initialDelay", set_pace),
      property("dfs.heartbeat.interval", set_pace),
  };
}

void Datanode::Fail(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    if (!fatal_.ok()) return;
    fatal_ = status;
    changed_.NotifyAll();
  }
  spdlog::critical("DataNode: {}", status.ToString());
  on_fatal_(status);
}

absl::Status Datanode::WaitReady(int64_t timeout_ms) {
  const int64_t until = SystemClock().MonotonicMs() + timeout_ms;
  MutexLock lock(mu_);
  while (true) {
    if (!fatal_.ok()) return fatal_;
    if (stopped_) return absl::CancelledError("the DataNode was stopped");
    if (session_ != nullptr && session_->reported()) return absl::OkStatus();
    if (SystemClock().MonotonicMs() >= until) {
      return absl::DeadlineExceededError(
          fmt::format("the DataNode was not ready after {} ms", timeout_ms));
    }
    changed_.WaitFor(mu_, kPollMs);
  }
}

void Datanode::Stop(bool will_restart) {
  {
    MutexLock lock(mu_);
    if (stopped_) return;
    stopped_ = true;
    changed_.NotifyAll();
  }
  client_.Shutdown();
  if (starter_.joinable()) starter_.join();
  std::unique_ptr<BlockStore> store;
  std::unique_ptr<TransferServer> transfers;
  std::unique_ptr<TransferDataPort> data_port;
  std::unique_ptr<RecoveryPeer> recovery_peer;
  std::unique_ptr<NamenodeSession> session;
  std::unique_ptr<AdminPort> admin;
  std::unique_ptr<Reconfigurator> reconfigurator;
  std::unique_ptr<IpcServer> ipc;
  {
    MutexLock lock(mu_);
    store = std::move(store_);
    transfers = std::move(transfers_);
    data_port = std::move(data_port_);
    recovery_peer = std::move(recovery_peer_);
    session = std::move(session_);
    admin = std::move(admin_);
    reconfigurator = std::move(reconfigurator_);
    ipc = std::move(ipc_);
  }
  // Operations end before the RPC port, where recoveries wait for writers, and before the session,
  // which waits for the copies it has ordered.
  if (transfers != nullptr) transfers->Stop(will_restart);
  ipc.reset();
  reconfigurator.reset();
  admin.reset();
  if (session != nullptr) session->Stop();
  // No recovery touches a replica any more.
  if (store != nullptr && will_restart && options_.restart_expiry_ms > 0) {
    store->AnnounceRestart(options_.restart_expiry_ms);
  }
  session.reset();
  recovery_peer.reset();
  data_port.reset();
  transfers.reset();
  store.reset();
  spdlog::info("DataNode stopped");
}

int Datanode::xfer_port() const {
  MutexLock lock(mu_);
  return transfers_ == nullptr ? 0 : transfers_->port();
}

int Datanode::ipc_port() const {
  MutexLock lock(mu_);
  return ipc_ == nullptr ? 0 : ipc_->port();
}

std::string Datanode::uuid() const {
  MutexLock lock(mu_);
  return store_ == nullptr ? "" : store_->datanode_uuid();
}

BlockStore* Datanode::store() const {
  MutexLock lock(mu_);
  return store_.get();
}

NamenodeSession* Datanode::session() const {
  MutexLock lock(mu_);
  return session_.get();
}

Reconfiguration* Datanode::reconfiguration() const {
  MutexLock lock(mu_);
  return reconfigurator_.get();
}

}  // namespace cairn::datanode
