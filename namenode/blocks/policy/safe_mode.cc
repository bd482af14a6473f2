// Conditions and texts of safe mode. Source of the texts: Hadoop 3.4's BlockManagerSafeMode and
// FSNamesystem.
#include "namenode/blocks/policy/safe_mode.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/types/errors.h"

namespace cairn::namenode {

int64_t SafeMode::BlocksNeeded(const SafeModeInputs& inputs) const {
  return static_cast<int64_t>(static_cast<double>(inputs.total_blocks) * options_.threshold);
}

bool SafeMode::ThresholdsMet(const SafeModeInputs& inputs) const {
  return !inputs.loading && inputs.future_bytes == 0 &&
         inputs.safe_blocks >= BlocksNeeded(inputs) &&
         inputs.live_datanodes >= options_.min_datanodes;
}

void SafeMode::Update(const SafeModeInputs& inputs, int64_t now_ms) {
  if (!startup_) return;
  if (!ThresholdsMet(inputs)) {
    extension_ends_ms_ = -1;
    return;
  }
  if (extension_ends_ms_ < 0) {
    const bool nothing_to_wait_for = BlocksNeeded(inputs) == 0;
    extension_ends_ms_ = now_ms + (nothing_to_wait_for ? 0 : options_.extension_ms);
    if (!nothing_to_wait_for && options_.extension_ms > 0) {
      spdlog::info("Safe mode extension entered: {} of {} blocks are reported, {} DataNodes live",
                   inputs.safe_blocks, inputs.total_blocks, inputs.live_datanodes);
    }
  }
  if (now_ms < extension_ends_ms_) return;
  startup_ = false;
  spdlog::info("Startup safe mode is OFF");
}

void SafeMode::Enter(bool for_lack_of_space) {
  bool& reason = for_lack_of_space ? low_space_ : manual_;
  if (reason) return;
  reason = true;
  spdlog::info("Safe mode is ON: {}",
               for_lack_of_space ? "resources are low" : "turned on manually");
}

void SafeMode::SpaceReturned() {
  if (!low_space_) return;
  low_space_ = false;
  spdlog::info("Safe mode for lack of resources is OFF");
}

absl::Status SafeMode::Leave(bool force, const SafeModeInputs& inputs) {
  if (!on()) return absl::OkStatus();
  if (inputs.loading) {
    return errors::Io("Cannot leave safe mode: the blocks are still being loaded");
  }
  if (inputs.future_bytes > 0 && !force) {
    return errors::Io(fmt::format(
        "Refusing to leave safe mode without a force flag. Exiting safe mode will cause "
        "a deletion of {} byte(s). Please use -forceExit flag to exit safe mode "
        "forcefully if data loss is acceptable.",
        inputs.future_bytes));
  }
  startup_ = manual_ = low_space_ = false;
  spdlog::info("Safe mode is OFF by an administrator");
  return absl::OkStatus();
}

std::string SafeMode::Tip(const SafeModeInputs& inputs, int64_t now_ms) const {
  if (!on()) return "Safe mode is OFF.";
  std::string tip;
  if (low_space_) {
    tip =
        "Resources are low on NN. Please add or free up more resources then turn off safe mode "
        "manually. NOTE:  If you turn off safe mode before adding resources, the NN will "
        "immediately return to safe mode. Use \"hdfs dfsadmin -safemode leave\" to turn safe mode "
        "off.";
  } else if (manual_) {
    tip = "It was turned on manually. Use \"hdfs dfsadmin -safemode leave\" to turn safe mode off.";
  } else {
    tip = StartupTip(inputs, now_ms);
  }
  return fmt::format("{} NamenodeHostName:{}", tip, options_.host_name);
}

std::string SafeMode::StartupTip(const SafeModeInputs& inputs, int64_t now_ms) const {
  const int64_t needed = BlocksNeeded(inputs);
  std::string tip;
  if (inputs.loading) tip = "The blocks are still being loaded. ";
  if (inputs.safe_blocks < needed) {
    tip += fmt::format(
        "The reported blocks {} needs additional {} blocks to reach the threshold {:.4f} of total "
        "blocks {}.\n",
        inputs.safe_blocks, needed - inputs.safe_blocks, options_.threshold, inputs.total_blocks);
  } else {
    tip +=
        fmt::format("The reported blocks {} has reached the threshold {:.4f} of total blocks {}. ",
                    inputs.safe_blocks, options_.threshold, inputs.total_blocks);
  }
  if (options_.min_datanodes <= 0) {
    tip += "The minimum number of live datanodes is not required. ";
  } else if (inputs.live_datanodes < options_.min_datanodes) {
    tip += fmt::format(
        "The number of live datanodes {} needs an additional {} live datanodes to reach the "
        "minimum number {}.\n",
        inputs.live_datanodes, options_.min_datanodes - inputs.live_datanodes,
        options_.min_datanodes);
  } else {
    tip += fmt::format("The number of live datanodes {} has reached the minimum number {}. ",
                       inputs.live_datanodes, options_.min_datanodes);
  }
  if (inputs.future_bytes > 0) {
    return tip +
           fmt::format(
               "Name node detected blocks with generation stamps in future. This means that "
               "Name node metadata is inconsistent. This can happen if Name node metadata "
               "files have been manually replaced. Exiting safe mode will cause loss of {} "
               "byte(s). Please restart name node with right metadata or use \"hdfs dfsadmin "
               "-safemode forceExit\" if you are certain that the NameNode was started with "
               "the correct FsImage and edit logs. If you encountered this during a rollback, "
               "it is safe to exit with -safemode forceExit.",
               inputs.future_bytes);
  }
  tip += "Safe mode will be turned off automatically ";
  if (extension_ends_ms_ < 0) return tip + "once the thresholds have been reached.";
  const int64_t left_ms = std::max<int64_t>(0, extension_ends_ms_ - now_ms);
  tip.insert(tip.find("Safe mode will"), "In safe mode extension. ");
  return tip + fmt::format("in {} seconds.", left_ms / 1000);
}

}  // namespace cairn::namenode
