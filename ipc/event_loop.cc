// The loop's thread.
#include "ipc/event_loop.h"

#include "common/threads.h"

namespace cairn::ipc {
namespace {

thread_local const EventLoop* current_loop = nullptr;

// Posts to a loop until it begins to end. Thread-safe.
class LoopTasks : public TaskQueue {
 public:
  // `io` must live until End.
  explicit LoopTasks(boost::asio::io_context& io) : io_(&io) {}
  void Run(absl::AnyInvocable<void()> task) override {
    {
      MutexLock lock(mu_);
      if (io_ != nullptr) {
        boost::asio::post(*io_, std::move(task));
        return;
      }
    }
    task();
  }
  void End() {
    MutexLock lock(mu_);
    io_ = nullptr;
  }

 private:
  Mutex mu_;
  boost::asio::io_context* io_ GUARDED_BY(mu_);
};

}  // namespace

EventLoop::EventLoop(std::string thread_name)
    : work_(io_.get_executor()), tasks_(std::make_shared<LoopTasks>(io_)) {
  thread_ = std::thread([this, name = std::move(thread_name)] {
    SetThreadName(name);
    current_loop = this;
    io_.run();
  });
}

EventLoop::~EventLoop() { Finish(); }

const EventLoop* EventLoop::Current() { return current_loop; }

void EventLoop::Finish() {
  static_cast<LoopTasks&>(*tasks_).End();  // what it took before will run
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

}  // namespace cairn::ipc
