// SetUpLogging.
#include "common/server/logging.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>

namespace cairn {

absl::Status SetUpLogging(const LoggingOptions& options) {
  const spdlog::level::level_enum level = spdlog::level::from_str(options.level);
  if (level == spdlog::level::off && options.level != "off") {  // from_str's answer to nonsense
    return absl::InvalidArgumentError(
        fmt::format("Log level '{}' is none of trace, debug, info, warning, error, critical, off",
                    options.level));
  }
  std::shared_ptr<spdlog::logger> logger;
  try {
    if (options.file.empty()) {
      logger =
          std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    } else {
      logger = std::make_shared<spdlog::logger>(
          "", std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file));
    }
  } catch (const spdlog::spdlog_ex& error) {
    return absl::InvalidArgumentError(
        fmt::format("Cannot open log file '{}': {}", options.file, error.what()));
  }
  logger->set_level(level);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l [%t] %v", spdlog::pattern_time_type::utc);
  logger->flush_on(options.file.empty() ? spdlog::level::trace : spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  if (!options.file.empty()) spdlog::flush_every(std::chrono::seconds(1));
  return absl::OkStatus();
}

}  // namespace cairn
