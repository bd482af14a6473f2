// A cluster of objects in the test's own process: what sanitizers and debuggers see whole.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <cstdlib>
#include <utility>

#include "common/config/configuration.h"
#include "common/status_macros.h"
#include "common/users/current_user.h"
#include "datanode/datanode.h"
#include "namenode/namenode.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/layout.h"

namespace cairn::testing {
namespace {

rusage Usage() {
  rusage usage{};
  (void)::getrusage(RUSAGE_SELF, &usage);
  return usage;
}

// Nothing after a fatal error may look durable, so the test ends with the daemon.
void Die(const absl::Status& status) {
  spdlog::critical("a daemon of the test's cluster ends: {}", status.ToString());
  std::abort();
}

class InProcessCluster : public Cluster {
 public:
  explicit InProcessCluster(const ClusterOptions& options)
      : layout_(options), datanodes_(static_cast<size_t>(options.datanodes)) {
    ::signal(SIGPIPE, SIG_IGN);  // as the daemons' own main
  }
  ~InProcessCluster() override {
    datanodes_.clear();
    namenode_.reset();
  }

  absl::Status Init() {
    if (layout_.options().volume_bytes > 0 || layout_.options().setup) {
      return absl::InvalidArgumentError("limited volumes and setups need a forked cluster");
    }
    ASSIGN_OR_RETURN(owner_, SystemUserName());
    RETURN_IF_ERROR(layout_.Init());
    ASSIGN_OR_RETURN(const auto options, NamenodeOptions());
    return namenode::NameNode::Format(options, NamenodeEnv(), "", /*force=*/false).status();
  }

  absl::Status StartNamenode(const std::vector<std::string>& arguments) override {
    if (!arguments.empty()) {
      return absl::InvalidArgumentError("arguments are for a forked NameNode");
    }
    ASSIGN_OR_RETURN(const auto options, NamenodeOptions());
    ASSIGN_OR_RETURN(namenode_, namenode::NameNode::Start(options, NamenodeEnv(), Die));
    return absl::OkStatus();
  }

  absl::Status StartDatanode(int index) override {
    Settings settings = layout_.CommonSettings();
    for (auto& setting : layout_.DatanodeSettings(index)) settings.push_back(std::move(setting));
    ASSIGN_OR_RETURN(const auto configuration, Configuration::FromSettings(std::move(settings)));
    ASSIGN_OR_RETURN(const auto options, datanode::DatanodeOptions::From(configuration));
    auto& datanode = datanodes_[static_cast<size_t>(index)];
    datanode = std::make_unique<datanode::Datanode>(
        options,
        datanode::StoreEnv{.fs = PosixFileSystem(), .clock = SystemClock(), .random = random_},
        Die);
    datanode->Start();
    return absl::OkStatus();
  }

  absl::Status StopNamenode() override { return End(namenode_, "NameNode"); }
  absl::Status StopDatanode(int index) override {
    return End(datanodes_[static_cast<size_t>(index)], fmt::format("DataNode {}", index));
  }
  // The nearest there is: connections break at once, but what is under way is finished.
  absl::Status KillNamenode() override { return StopNamenode(); }
  absl::Status KillDatanode(int index) override { return StopDatanode(index); }
  bool NamenodeRuns() override { return namenode_ != nullptr; }

  std::string namenode_address() const override { return layout_.namenode_address(); }
  std::string name_directory(int index) const override { return layout_.name_directory(index); }
  std::string volume(int datanode, int index) const override {
    return layout_.volume(datanode, index);
  }
  // Of the whole process, the test included.
  int64_t NamenodeCpuMs() const override {
    const rusage usage = Usage();
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
  }
  int64_t DatanodesCpuMs() const override { return NamenodeCpuMs(); }
  int64_t MaxResidentMegabytes() const override { return Usage().ru_maxrss >> 10; }
  int datanode_count() const override { return layout_.options().datanodes; }
  int volumes_per_datanode() const override { return layout_.options().volumes_per_datanode; }
  std::string logs() const override { return "this process's standard output"; }

 private:
  absl::StatusOr<namenode::NameNodeOptions> NamenodeOptions() const {
    ASSIGN_OR_RETURN(const auto configuration,
                     Configuration::FromSettings(layout_.CommonSettings()));
    return namenode::NameNodeOptions::From(configuration);
  }
  namenode::NameNodeEnv NamenodeEnv() {
    return {.fs = PosixFileSystem(), .clock = SystemClock(), .random = random_, .owner = owner_};
  }
  template <typename Daemon>
  static absl::Status End(std::unique_ptr<Daemon>& daemon, const std::string& what) {
    if (daemon == nullptr) return absl::FailedPreconditionError(what + " does not run");
    daemon.reset();
    return absl::OkStatus();
  }

  ClusterLayout layout_;
  std::string owner_;
  Random random_;
  std::unique_ptr<namenode::NameNode> namenode_;
  std::vector<std::unique_ptr<datanode::Datanode>> datanodes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Cluster>> NewInProcessCluster(const ClusterOptions& options) {
  auto cluster = std::make_unique<InProcessCluster>(options);
  RETURN_IF_ERROR(cluster->Init());
  return cluster;
}

}  // namespace cairn::testing
