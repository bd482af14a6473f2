// Who may act as somebody else. The refusals are those of Apache HDFS 3.4.3 for the same rules.
#include "common/users/proxy_users.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

// bob is in groupY and groupZ, everybody else in none.
class TestGroups : public GroupResolver {
 public:
  std::shared_ptr<const std::vector<std::string>> GroupsOf(const std::string& user) override {
    std::vector<std::string> groups;
    if (user == "bob") groups = {"groupY", "groupZ"};
    return std::make_shared<const std::vector<std::string>>(std::move(groups));
  }
  void Refresh() override {}
};

class ProxyUsersTest : public ::testing::Test {
 protected:
  std::string Ask(const std::string& real, const std::string& effective,
                  const std::string& ip = "127.0.0.1") {
    return proxies_.Refusal(real, effective, ip).value_or("allowed");
  }

  TestGroups groups_;
  ProxyUsers proxies_{ProxyUserRules::From({
                          {"hadoop.proxyuser.alice.hosts", "10.0.0.1, 10.2.0.0/16"},
                          {"hadoop.proxyuser.alice.groups", "groupY"},
                          {"hadoop.proxyuser.carol.hosts", "127.0.0.1"},
                          {"hadoop.proxyuser.carol.users", "root"},
                          {"hadoop.proxyuser.carol.groups", "groupY"},
                          {"hadoop.proxyuser.dave.groups", "*"},
                          {"hadoop.proxyuser.hal.hosts", "localhost"},
                          {"hadoop.proxyuser.hal.users", "*"},
                          {"hadoop.proxyuser.first.last.hosts", "*"},
                          {"hadoop.proxyuser.first.last.users", "*"},
                      }),
                      groups_};
};

TEST_F(ProxyUsersTest, WhoHasNoRulesMayNotActAsAnybodyNotEvenHimself) {
  EXPECT_EQ(Ask("eve", "bob"), "User: eve is not allowed to impersonate bob");
  EXPECT_EQ(Ask("eve", "eve"), "User: eve is not allowed to impersonate eve");
}

TEST_F(ProxyUsersTest, UsersAndGroupsSayWhom) {
  EXPECT_EQ(Ask("carol", "bob"), "allowed");
  EXPECT_EQ(Ask("carol", "root"), "allowed");
  EXPECT_EQ(Ask("carol", "bruce"), "User: carol is not allowed to impersonate bruce");
}

TEST_F(ProxyUsersTest, HostsSayFromWhere) {
  EXPECT_EQ(Ask("alice", "bob"),
            "Unauthorized connection for super-user: alice from IP /127.0.0.1");
  EXPECT_EQ(Ask("alice", "bob", "10.0.0.1"), "allowed");
  EXPECT_EQ(Ask("alice", "bob", "10.0.0.2"),
            "Unauthorized connection for super-user: alice from IP /10.0.0.2");
  EXPECT_EQ(Ask("alice", "bob", "10.2.255.1"), "allowed");
  EXPECT_EQ(Ask("alice", "bob", "10.3.0.1"),
            "Unauthorized connection for super-user: alice from IP /10.3.0.1");
}

TEST_F(ProxyUsersTest, TheUserIsLookedAtBeforeTheMachine) {
  EXPECT_EQ(Ask("alice", "bruce"), "User: alice is not allowed to impersonate bruce");
}

TEST_F(ProxyUsersTest, WithoutHostsThereIsNoMachineToActFrom) {
  EXPECT_EQ(Ask("dave", "bruce"),
            "Unauthorized connection for super-user: dave from IP /127.0.0.1");
}

TEST_F(ProxyUsersTest, NamesOfMachinesAreLookedUp) {
  EXPECT_EQ(Ask("hal", "anyone"), "allowed");
  EXPECT_EQ(Ask("hal", "anyone", "10.9.9.9"),
            "Unauthorized connection for super-user: hal from IP /10.9.9.9");
}

TEST_F(ProxyUsersTest, RulesGoByTheShortNameAndMessagesByTheWholeOne) {
  EXPECT_EQ(Ask("carol/gateway@REALM", "bob"), "allowed");
  EXPECT_EQ(Ask("carol@REALM", "bruce"), "User: carol@REALM is not allowed to impersonate bruce");
}

TEST_F(ProxyUsersTest, AUserNameMayHaveDots) { EXPECT_EQ(Ask("first.last", "bob"), "allowed"); }

TEST_F(ProxyUsersTest, NewRulesReplaceTheOldOnes) {
  proxies_.Set(ProxyUserRules::From(
      {{"hadoop.proxyuser.eve.hosts", "*"}, {"hadoop.proxyuser.eve.users", "bob"}}));
  EXPECT_EQ(Ask("eve", "bob"), "allowed");
  EXPECT_EQ(Ask("carol", "bob"), "User: carol is not allowed to impersonate bob");
}

TEST(MachineList, TakesAddressesAndNetworksOfBothFamilies) {
  const MachineList machines(
      "::1, fd00::/9 ,192.168.1.128/25,10.0.0.0/8, 10.1.1.1/33,no.such.invalid");
  EXPECT_TRUE(machines.Includes("::1"));
  EXPECT_FALSE(machines.Includes("::2"));
  EXPECT_TRUE(machines.Includes("fd7f::5"));
  EXPECT_FALSE(machines.Includes("fd80::5"));
  EXPECT_TRUE(machines.Includes("192.168.1.129"));
  EXPECT_FALSE(machines.Includes("192.168.1.127"));
  EXPECT_TRUE(machines.Includes("10.255.0.1"));
  EXPECT_TRUE(machines.Includes("::ffff:10.255.0.1"));
  EXPECT_FALSE(machines.Includes("11.0.0.1"));
  EXPECT_FALSE(machines.Includes("unknown"));
}

TEST(MachineList, AStarIsEveryMachineAndNothingIsNone) {
  EXPECT_TRUE(MachineList("*").Includes("10.0.0.1"));
  EXPECT_FALSE(MachineList("").Includes("10.0.0.1"));
}

}  // namespace
}  // namespace cairn
