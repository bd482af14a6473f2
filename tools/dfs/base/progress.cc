// Progress.
#include "tools/dfs/base/progress.h"

#include "tools/dfs/base/format.h"

namespace cairn::dfs {
namespace {

constexpr int64_t kQuietMs = 1000;
constexpr int64_t kRefreshMs = 200;
constexpr size_t kBarWidth = 20;

}  // namespace

std::string ProgressLine(const std::string& name, int64_t done, int64_t total, int64_t elapsed_ms) {
  const int64_t rate =
      static_cast<int64_t>(static_cast<double>(done) * 1000 / static_cast<double>(elapsed_ms));
  const std::string rate_text = HumanSize(rate, "B") + "/s";
  if (total <= 0) return fmt::format("{}  {}, {}", name, HumanSize(done, "B"), rate_text);
  const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<size_t>(part * kBarWidth);
  std::string bar(filled, '=');
  if (filled < kBarWidth) bar += '>';
  bar.resize(kBarWidth, ' ');
  std::string eta = "-:--";
  if (rate > 0) {
    const int64_t left = (std::max<int64_t>(0, total - done) + rate - 1) / rate;
    eta = left >= 3600 ? fmt::format("{}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60)
                       : fmt::format("{}:{:02}", left / 60, left % 60);
  }
  return fmt::format("{} {:3.0f}% [{}] {} of {}, {}, ETA {}", name, part * 100, bar,
                     HumanSize(done, "B"), HumanSize(total, "B"), rate_text, eta);
}

Progress::Progress(std::FILE* out, bool is_terminal, const Clock& clock, std::string name,
                   int64_t total)
    : out_(out),
      enabled_(is_terminal),
      clock_(clock),
      name_(std::move(name)),
      total_(total),
      started_ms_(clock.MonotonicMs()),
      shown_ms_(started_ms_ + kQuietMs - kRefreshMs) {}

Progress::~Progress() {
  if (shown_) {
    fmt::print(out_, "\r\x1b[K");
    std::fflush(out_);
  }
}

void Progress::Add(int64_t bytes) {
  done_ += bytes;
  if (!enabled_) return;
  const int64_t now_ms = clock_.MonotonicMs();
  if (now_ms - shown_ms_ < kRefreshMs) return;
  shown_ms_ = now_ms;
  shown_ = true;
  fmt::print(out_, "\r\x1b[K{}", ProgressLine(name_, done_, total_, now_ms - started_ms_));
  std::fflush(out_);
}

}  // namespace cairn::dfs
