// The base of the operations' tests: a namespace in memory at each size of the cache, called by
// named users.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "namenode/namespace/ops/testing/sync_namespace.h"
#include "namenode/namespace/testing/namespace_fixture.h"

namespace cairn::namenode {

// Runs with nothing cached, with 64 entries and with the default cache.
class OpsTest : public ::testing::TestWithParam<CacheSize> {
 protected:
  SyncNamespace root() { return As("root", {"supergroup"}, true); }
  SyncNamespace user(const std::string& name, std::vector<std::string> groups = {"users"}) {
    return As(name, std::move(groups), false);
  }
  const NamespaceOptions& options() const { return namespace_.options(); }
  FakeBlockManager& blocks() { return namespace_.blocks(); }
  TestNamespace& fs() { return namespace_; }
  void EnterSafeMode() { blocks().EnterSafeMode(false); }

 private:
  SyncNamespace As(const std::string& name, std::vector<std::string> groups, bool superuser) {
    Caller caller;
    caller.user = name;
    caller.groups = std::make_shared<const std::vector<std::string>>(std::move(groups));
    caller.superuser = superuser;
    caller.address = "10.0.0.1";
    return SyncNamespace(namespace_.ns(), std::move(caller));
  }

  TestNamespace namespace_{GetParam()};
};

#define CAIRN_INSTANTIATE_OPS_TEST(suite)                                              \
  INSTANTIATE_TEST_SUITE_P(                                                            \
      Caches, suite,                                                                   \
      ::testing::Values(CacheSize::kNone, CacheSize::k64Entries, CacheSize::kDefault), \
      CacheSizeName)

}  // namespace cairn::namenode
