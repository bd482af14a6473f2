// fsck over the wire: the stream, its outcome, readers that go away.
#include "namenode/grpc/fsck_reactor.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include "namenode/grpc/testing/grpc_fixture.h"

namespace cairn::namenode {
namespace {

using testing::GrpcServerTest;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Runs fsck and returns the text and the outcome.
std::pair<std::string, v1::FsckOutcome> Fsck(v1::AdminService::Stub& admin, bool files) {
  ::grpc::ClientContext context;
  context.AddMetadata(wire::kUserHeader, "joe");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::FsckRequest request;
  request.set_path("/d");
  request.set_files(files);
  auto reader = admin.Fsck(&context, request);
  std::string text;
  v1::FsckOutcome outcome = v1::FSCK_OUTCOME_UNSPECIFIED;
  for (v1::FsckResponse piece; reader->Read(&piece);) {
    EXPECT_EQ(outcome, v1::FSCK_OUTCOME_UNSPECIFIED) << "nothing follows the outcome";
    text += piece.text();
    outcome = piece.outcome();
  }
  const ::grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return {text, outcome};
}

TEST_F(GrpcServerTest, FsckStreamsMoreTextThanIsBuffered) {
  constexpr int kDirectories = 40'000;
  std::thread walker;
  names_.on_walk = [&](const auto& visit, DoneVoid done) {
    walker = std::thread([visit, done = std::move(done)]() mutable {
      FileStatus status;
      status.type = FileType::kDirectory;
      for (int i = 0; i < kDirectories; ++i) {
        if (!visit(fmt::format("/d/a-directory-with-a-rather-long-name-{}", i), status)) break;
      }
      done(absl::OkStatus());
    });
  };
  Start();
  const auto [text, outcome] = Fsck(*admin_, true);
  server_->Shutdown(5000);
  walker.join();
  EXPECT_EQ(outcome, v1::FSCK_OUTCOME_HEALTHY);
  EXPECT_THAT(text, StartsWith("FSCK started by joe (auth:SIMPLE) from /127.0.0.1 for path /d at"));
  EXPECT_THAT(text, HasSubstr(fmt::format(" Total dirs:\t\t\t{}\n", kDirectories)));
  EXPECT_THAT(text, HasSubstr("rather-long-name-39999 <dir>\n"));
}

TEST_F(GrpcServerTest, FsckOfAMissingPathIsAnOutcome) {
  names_.on_walk = [](const auto&, DoneVoid done) { done(errors::FileDoesNotExist("/d")); };
  Start();
  const auto [text, outcome] = Fsck(*admin_, false);
  EXPECT_EQ(outcome, v1::FSCK_OUTCOME_NOT_FOUND);
  EXPECT_THAT(text, HasSubstr("Path '/d' does not exist"));
}

TEST_F(GrpcServerTest, FsckEndsWhenItsReaderIsGone) {
  std::thread walker;
  std::atomic<bool> stopped{false};
  names_.on_walk = [&](const auto& visit, DoneVoid done) {
    walker = std::thread([visit, &stopped, done = std::move(done)]() mutable {
      FileStatus status;
      status.type = FileType::kDirectory;
      while (visit(std::string(1000, 'x'), status)) {
      }
      stopped = true;
      done(absl::OkStatus());
    });
  };
  Start();
  {
    ::grpc::ClientContext context;
    context.AddMetadata(wire::kUserHeader, "joe");
    v1::FsckRequest request;
    request.set_path("/d");
    request.set_files(true);
    auto reader = admin_->Fsck(&context, request);
    v1::FsckResponse piece;
    EXPECT_TRUE(reader->Read(&piece));
    context.TryCancel();
    while (reader->Read(&piece)) {
    }
    EXPECT_FALSE(reader->Finish().ok());
  }
  server_->Shutdown(5000);
  ASSERT_TRUE(walker.joinable());
  walker.join();
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace cairn::namenode
