// Increments and reports that overtake each other.
#include "namenode/blocks/model/report_sequence.h"

#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

TEST(ReportSequence, AReportMayNotSpeakOfWhatChangedAfterItsNumber) {
  ReportSequence sequence;
  EXPECT_TRUE(sequence.NoteChange(1, 5));
  EXPECT_TRUE(sequence.NoteChange(2, 9));
  EXPECT_TRUE(sequence.Usable(7));
  EXPECT_TRUE(sequence.MaySpeakOf(1, 7));
  EXPECT_FALSE(sequence.MaySpeakOf(2, 7));
  EXPECT_TRUE(sequence.MaySpeakOf(3, 7));
}

TEST(ReportSequence, RepeatedAndOvertakenIncrementsAreIgnored) {
  ReportSequence sequence;
  EXPECT_TRUE(sequence.NoteChange(1, 5));
  EXPECT_FALSE(sequence.NoteChange(1, 5));
  EXPECT_FALSE(sequence.NoteChange(1, 4));
  EXPECT_TRUE(sequence.NoteChange(1, 6));
}

TEST(ReportSequence, AFinishedReportOutdatesWhatCameBeforeItsNumber) {
  ReportSequence sequence;
  EXPECT_TRUE(sequence.NoteChange(1, 5));
  EXPECT_TRUE(sequence.NoteChange(2, 9));
  sequence.Finish(7);
  EXPECT_FALSE(sequence.NoteChange(3, 6));
  EXPECT_FALSE(sequence.Usable(7));
  EXPECT_FALSE(sequence.Usable(6));
  EXPECT_TRUE(sequence.Usable(8));
  EXPECT_FALSE(sequence.MaySpeakOf(2, 8)) << "still remembered";
}

TEST(ReportSequence, AReportOlderThanForgottenChangesCannotBeUsed) {
  ReportSequence sequence(/*limit=*/10);
  for (int64_t number = 1; number <= 20; ++number) sequence.NoteChange(number, number);
  EXPECT_FALSE(sequence.Usable(9)) << "change 10 is forgotten";
  EXPECT_TRUE(sequence.Usable(10));
  EXPECT_FALSE(sequence.MaySpeakOf(11, 10));
}

}  // namespace
}  // namespace cairn::namenode
