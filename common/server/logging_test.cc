// Log set-up.
#include "common/server/logging.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "common/testing/temp_dir.h"

namespace cairn {
namespace {

TEST(Logging, WritesTimestampedLinesOfItsLevelToAFile) {
  TempDir dir;
  ASSERT_TRUE(SetUpLogging({.level = "warning", .file = dir / "log"}).ok());
  spdlog::info("quiet");
  spdlog::warn("loud");
  std::ifstream in(dir / "log");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(std::regex_match(
      text.str(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning \[\d+\] loud\n)")))
      << text.str();
  EXPECT_TRUE(SetUpLogging({}).ok());
}

TEST(Logging, RefusesAnUnknownLevelAndAnUnusableFile) {
  const absl::Status level = SetUpLogging({.level = "loud"});
  EXPECT_NE(level.message().find("loud"), absl::string_view::npos) << level;
  const absl::Status file = SetUpLogging({.file = "/dev/null/x"});
  EXPECT_NE(file.message().find("/dev/null/x"), absl::string_view::npos) << file;
}

}  // namespace
}  // namespace cairn
