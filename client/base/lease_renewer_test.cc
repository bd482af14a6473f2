// Leases are renewed while files are open, and lost ones abort their files.
#include "client/base/lease_renewer.h"

#include <gtest/gtest.h>

#include "common/testing/manual_clock.h"

namespace cairn::client {
namespace {

// Far longer than a test runs: rounds are made by hand.
constexpr int64_t kNever = 3'600'000;

struct Holder : LeaseHolder {
  void Abort(const absl::Status& status) override { why = status; }
  absl::Status why;
};

TEST(LeaseRenewer, RenewsOnlyWhileAFileIsOpen) {
  ManualClock clock;
  int renewals = 0;
  LeaseRenewer renewer(kNever, clock, [&] {
    ++renewals;
    return absl::OkStatus();
  });
  renewer.RunOnce();
  EXPECT_EQ(renewals, 0);
  Holder holder;
  renewer.Add(&holder);
  renewer.RunOnce();
  EXPECT_EQ(renewals, 1);
  renewer.Remove(&holder);
  renewer.RunOnce();
  EXPECT_EQ(renewals, 1);
}

TEST(LeaseRenewer, FailuresAbortTheFilesOnlyAfterTheHardLimit) {
  ManualClock clock;
  absl::Status answer = absl::UnavailableError("refused");
  LeaseRenewer renewer(kNever, clock, [&] { return answer; });
  Holder holder;
  renewer.Add(&holder);
  clock.Advance(kLeaseHardLimitMs);
  renewer.RunOnce();
  EXPECT_TRUE(holder.why.ok());
  answer = absl::OkStatus();
  renewer.RunOnce();  // starts the limit anew
  answer = absl::UnavailableError("refused");
  clock.Advance(kLeaseHardLimitMs);
  renewer.RunOnce();
  EXPECT_TRUE(holder.why.ok());
  clock.Advance(1);
  renewer.RunOnce();
  EXPECT_NE(std::string(holder.why.message()).find("Failed to renew lease"), std::string::npos);
}

TEST(LeaseRenewer, ItsThreadRenewsByItself) {
  Mutex mu;
  CondVar renewed;
  int renewals = 0;
  Holder holder;
  LeaseRenewer renewer(1, SystemClock(), [&] {
    MutexLock lock(mu);
    ++renewals;
    renewed.NotifyAll();
    return absl::OkStatus();
  });
  renewer.Add(&holder);
  {
    MutexLock lock(mu);
    while (renewals < 3) renewed.Wait(mu);
  }
  renewer.Stop();
}

}  // namespace
}  // namespace cairn::client
