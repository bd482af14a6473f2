// Runs commands on local files, for tests of what they do, print and refuse.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "common/testing/temp_dir.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/shell.h"

namespace cairn::dfs {

// What a command printed and returned.
struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Each test has a directory of its own.
class CommandsTest : public ::testing::Test {
 protected:
  // Runs `function` as the command `name` with the local file system as the default one.
  Outcome Run(const std::string& name, CommandFunction function, std::vector<std::string> args,
              const std::string& input = "", std::function<bool()> stopping = nullptr) {
    char* texts[2] = {};
    size_t sizes[2] = {};
    Streams streams;
    streams.in =
        ::fmemopen(const_cast<char*>(input.data()), std::max<size_t>(input.size(), 1), "r");
    if (input.empty()) (void)std::fgetc(streams.in);
    streams.out = ::open_memstream(&texts[0], &sizes[0]);
    streams.err = ::open_memstream(&texts[1], &sizes[1]);
    streams.stopping = std::move(stopping);
    ConfigurationSources sources;
    sources.properties["user.name"] = "user";
    sources.overrides = {{"fs.defaultFS", "file:///"}};
    auto shell = *Shell::Create(sources, streams);
    Invocation run(*shell, name);
    const absl::Status status = function(run, args);
    if (!IsUsageError(status)) run.Note(status);
    Outcome outcome;
    outcome.exit_code = IsUsageError(status) ? 255 : run.exit_code();
    for (std::FILE* file : {streams.in, streams.out, streams.err}) std::fclose(file);
    outcome.out = std::string(texts[0], sizes[0]);
    outcome.err = std::string(texts[1], sizes[1]);
    if (IsUsageError(status)) outcome.err += ErrorText(status);
    std::free(texts[0]);
    std::free(texts[1]);
    return outcome;
  }
  std::string WriteFile(const std::string& name, const std::string& bytes) {
    std::ofstream(dir_ / name) << bytes;
    return dir_ / name;
  }
  std::string Read(const std::string& name) {
    std::ifstream in(dir_ / name);
    std::stringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
  }
  bool Exists(const std::string& name) { return std::filesystem::exists(dir_ / name); }

  TempDir dir_;
};

}  // namespace cairn::dfs
