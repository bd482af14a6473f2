// The loop's thread.
#include "ipc/event_loop.h"

#include "common/threads.h"

namespace cairn::ipc {
namespace {

thread_local const EventLoop* current_loop = nullptr;

}  // namespace

EventLoop::EventLoop(std::string thread_name) : work_(io_.get_executor()) {
  thread_ = std::thread([this, name = std::move(thread_name)] {
    SetThreadName(name);
    current_loop = this;
    io_.run();
  });
}

EventLoop::~EventLoop() { Finish(); }

const EventLoop* EventLoop::Current() { return current_loop; }

void EventLoop::Finish() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

}  // namespace cairn::ipc
