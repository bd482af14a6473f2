// Shell and Invocation.
#include "tools/dfs/base/shell.h"

#include "client/dfs_client.h"
#include "common/net/address.h"
#include "common/status_macros.h"
#include "common/users/current_user.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/glob.h"

namespace cairn::dfs {
namespace {

constexpr char kDefaultFs[] = "fs.defaultFS";

// "hdfs://host:port" of a URI with the scheme hdfs.
std::string ClusterUri(const Uri& uri) {
  return Uri{.scheme = uri.scheme, .authority = uri.authority, .path = ""}.ToString();
}

// The path part of a text, and what stands before it ("hdfs://nn:8020" or nothing).
std::pair<std::string, std::string> SplitPrefix(const std::string& text, const Uri& uri) {
  const std::string prefix = text.substr(0, text.size() - uri.path.size());
  return {prefix, uri.path};
}

}  // namespace

Shell::Shell(ConfigurationSources sources, Configuration configuration, Streams streams)
    : sources_(std::move(sources)),
      configuration_(std::move(configuration)),
      streams_(streams),
      local_(MakeLocalFileSystem()) {}

absl::StatusOr<std::unique_ptr<Shell>> Shell::Create(ConfigurationSources sources,
                                                     Streams streams) {
  ASSIGN_OR_RETURN(Configuration configuration, Configuration::Load(sources));
  return std::unique_ptr<Shell>(new Shell(std::move(sources), std::move(configuration), streams));
}

absl::StatusOr<client::ClientOptions> Shell::OptionsFor(const std::string& cluster) const {
  ASSIGN_OR_RETURN(const Uri wanted, ParseUri(cluster));
  ASSIGN_OR_RETURN(const Uri configured, ParseUri(configuration_.GetString(kDefaultFs)));
  if (wanted.authority == configured.authority && configured.scheme == "hdfs") {
    return client::MakeClientOptions(configuration_);
  }
  // Another cluster than the configured one: its addresses do not count.
  ConfigurationSources sources = sources_;
  sources.overrides.emplace_back(kDefaultFs, cluster);
  sources.overrides.emplace_back("dfs.namenode.rpc-address", "");
  sources.overrides.emplace_back("cairn.namenode.grpc-address", "");
  ASSIGN_OR_RETURN(const Configuration configuration, Configuration::Load(sources));
  return client::MakeClientOptions(configuration);
}

absl::StatusOr<ShellFileSystem*> Shell::FileSystemFor(std::string_view text) {
  ASSIGN_OR_RETURN(Uri uri, ParseUri(text));
  const std::string default_text = configuration_.GetString(kDefaultFs);
  ASSIGN_OR_RETURN(const Uri default_uri, ParseUri(default_text));
  if (uri.scheme.empty()) uri = default_uri;
  if (uri.scheme == "file") return local_.get();
  if (uri.scheme != "hdfs") {
    return absl::InvalidArgumentError(fmt::format("No FileSystem for scheme \"{}\"", uri.scheme));
  }
  if (uri.authority.host.empty()) {
    if (default_uri.scheme != "hdfs") {
      return absl::InvalidArgumentError(fmt::format(
          "Incomplete HDFS URI, no host: {}", std::string(text.empty() ? default_text : text)));
    }
    uri.authority = default_uri.authority;
  }
  const std::string cluster = ClusterUri(uri);
  std::unique_ptr<ShellFileSystem>& fs = clusters_[cluster];
  if (fs == nullptr) {
    ASSIGN_OR_RETURN(const client::ClientOptions options, OptionsFor(cluster));
    std::string user = options.user;
    if (user.empty()) {
      ASSIGN_OR_RETURN(user, CurrentUserName());
    }
    ASSIGN_OR_RETURN(auto dfs_client, client::DfsClient::Connect(options));
    fs = MakeClusterFileSystem(cluster, user, std::move(dfs_client));
  }
  return fs.get();
}

absl::StatusOr<client::ClientOptions> Shell::DefaultClientOptions() const {
  return client::MakeClientOptions(configuration_);
}

absl::StatusOr<std::unique_ptr<client::DfsClient>> Shell::ConnectToDefault() {
  ASSIGN_OR_RETURN(const client::ClientOptions options, DefaultClientOptions());
  return client::DfsClient::Connect(options);
}

absl::StatusOr<Target> Shell::Find(const std::string& text) {
  if (text.empty()) return UsageError("Can not create a Path from an empty string");
  ASSIGN_OR_RETURN(const Uri uri, ParseUri(text));
  Target target;
  ASSIGN_OR_RETURN(target.fs, FileSystemFor(text));
  const auto [prefix, path] = SplitPrefix(text, uri);
  const std::string normal = NormalizePath(path.empty() && !prefix.empty() ? "/" : path);
  target.shown = normal.empty() ? "." : prefix + normal;
  target.path = normal.starts_with('/')
                    ? normal
                    : NormalizePath(JoinPath(target.fs->working_directory(), normal));
  target.typed_as_directory = path.size() > 1 && path.ends_with('/');
  ASSIGN_OR_RETURN(target.status, target.fs->Stat(target.path));
  return target;
}

absl::StatusOr<Target> Shell::FindLocal(const std::string& text) {
  if (text.starts_with("file:")) return Find(text);
  Target target;
  target.fs = local_.get();
  const std::string normal = NormalizePath(text);
  target.shown = normal.empty() ? "." : normal;
  target.path = normal.starts_with('/')
                    ? normal
                    : NormalizePath(JoinPath(local_->working_directory(), normal));
  target.typed_as_directory = text.size() > 1 && text.ends_with('/');
  ASSIGN_OR_RETURN(target.status, local_->Stat(target.path));
  return target;
}

absl::StatusOr<std::vector<Target>> Shell::Expand(const std::string& text) {
  if (!IsGlob(text)) {
    ASSIGN_OR_RETURN(Target target, Find(Unescape(text)));
    return std::vector<Target>{std::move(target)};
  }
  std::vector<Target> found;
  for (const std::string& pattern : ExpandBraces(text)) {
    ASSIGN_OR_RETURN(const Uri uri, ParseUri(pattern));
    const auto [prefix, path] = SplitPrefix(pattern, uri);
    Target start;
    ASSIGN_OR_RETURN(start.fs, FileSystemFor(pattern));
    start.shown = prefix;
    start.path = NormalizePath(path);
    ASSIGN_OR_RETURN(const std::vector<Target> matches, ExpandOne(start));
    found.insert(found.end(), matches.begin(), matches.end());
  }
  if (found.empty()) return NoSuchFile(text);
  return found;
}

// `pattern.path` is the pattern, `pattern.shown` what stands before it.
absl::StatusOr<std::vector<Target>> Shell::ExpandOne(const Target& pattern) {
  const bool absolute = pattern.path.starts_with('/');
  Target root;
  root.fs = pattern.fs;
  root.path = absolute ? "/" : pattern.fs->working_directory();
  root.shown = absolute ? pattern.shown + "/" : ".";
  ASSIGN_OR_RETURN(root.status, root.fs->Stat(root.path));
  std::vector<Target> matches;
  if (root.exists()) matches.push_back(root);
  std::string_view rest = pattern.path;
  while (!rest.empty()) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view component = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (component.empty()) continue;
    std::vector<Target> next;
    for (const Target& directory : matches) {
      if (!directory.is_directory()) continue;
      if (!IsGlob(component)) {
        Target child = directory.Child(Unescape(component), std::nullopt);
        ASSIGN_OR_RETURN(child.status, child.fs->Stat(child.path));
        if (child.exists()) next.push_back(std::move(child));
        continue;
      }
      ASSIGN_OR_RETURN(const std::vector<FileStatus> children, directory.fs->List(directory.path));
      for (const FileStatus& child : children) {
        if (GlobMatches(component, child.path)) next.push_back(directory.Child(child.path, child));
      }
    }
    matches = std::move(next);
  }
  return matches;
}

void Invocation::Write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), shell_.streams().out);
}

void Invocation::Error(std::string_view text) {
  ++errors_;
  std::fflush(shell_.streams().out);  // keep the order on a terminal
  fmt::print(shell_.streams().err, "{}: {}\n", name_, text);
}

void Invocation::Error(const absl::Status& status) {
  if (!absl::IsCancelled(status) || !stopping()) Error(ErrorText(status));
}

void Invocation::Remark(std::string_view text) {
  std::fflush(shell_.streams().out);
  fmt::print(shell_.streams().err, "{}\n", text);
}

void Invocation::ForEach(const std::vector<std::string>& arguments, const Handler& each,
                         const Handler& missing) {
  for (const std::string& argument : arguments) {
    const auto targets = shell_.Expand(argument);
    if (!targets.ok()) {
      Error(targets.status());
      continue;
    }
    for (const Target& target : *targets) {
      if (target.exists()) {
        Note(each(target));
      } else {
        Note(missing != nullptr ? missing(target) : NoSuchFile(target.shown));
      }
    }
  }
}

std::vector<Target> Invocation::ExpandAll(const std::vector<std::string>& arguments) {
  std::vector<Target> found;
  for (const std::string& argument : arguments) {
    auto targets = shell_.Expand(argument);
    if (!targets.ok()) {
      Error(targets.status());
      continue;
    }
    found.insert(found.end(), std::make_move_iterator(targets->begin()),
                 std::make_move_iterator(targets->end()));
  }
  return found;
}

}  // namespace cairn::dfs
