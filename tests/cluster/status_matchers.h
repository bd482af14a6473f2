// ASSERT_OK and friends: a failing status prints itself.
#pragma once

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& status) {
  return status.status();
}

// What ASSERT_OK checks.
template <typename T>
::testing::AssertionResult IsOk(const char* expression, const T& result) {
  if (result.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << expression << ": " << StatusOf(result).ToString();
}

}  // namespace cairn::testing

#define ASSERT_OK(expression) ASSERT_PRED_FORMAT1(::cairn::testing::IsOk, expression)
#define EXPECT_OK(expression) EXPECT_PRED_FORMAT1(::cairn::testing::IsOk, expression)
#define CAIRN_ASSERT_ASSIGN_(tmp, lhs, expression) \
  auto tmp = (expression);                         \
  ASSERT_OK(tmp);                                  \
  lhs = *std::move(tmp)
#define CAIRN_ASSERT_CONCAT_INNER_(a, b) a##b
#define CAIRN_ASSERT_CONCAT_(a, b) CAIRN_ASSERT_CONCAT_INNER_(a, b)
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  CAIRN_ASSERT_ASSIGN_(CAIRN_ASSERT_CONCAT_(assigned_, __LINE__), lhs, expression)
