// What is shown of an error.
#include "tools/dfs/base/errors.h"

#include <gtest/gtest.h>

#include "common/types/errors.h"

namespace cairn::dfs {
namespace {

TEST(Errors, OfAMessageTheFirstLineIsShown) {
  EXPECT_EQ(ErrorText(absl::UnknownError("one\ntwo")), "one");
  EXPECT_EQ(ErrorText(absl::UnknownError("one")), "one");
}

TEST(Errors, TheAddressesThatCouldNotBeReachedAreShown) {
  const absl::Status status = errors::NotEnoughTargets("/f", 0, 1, 1, 1, "\nThe addresses");
  EXPECT_EQ(ErrorText(status), status.message());
}

}  // namespace
}  // namespace cairn::dfs
