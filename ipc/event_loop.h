// A thread that runs one Boost.Asio context.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "common/task_queue.h"

namespace cairn::ipc {

// Everything that belongs to a loop is used on its thread only, so that it needs no locks.
// Thread-safe.
class EventLoop {
 public:
  explicit EventLoop(std::string thread_name);
  // Joins; see Finish.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  boost::asio::io_context& io() { return io_; }
  // The loop whose thread this is; null on other threads.
  static const EventLoop* Current();
  // Runs `task` soon on the loop's thread.
  template <typename Task>
  void Post(Task&& task) {
    boost::asio::post(io_, std::forward<Task>(task));
  }
  // The loop as a queue of tasks that may outlive it.
  const std::shared_ptr<TaskQueue>& tasks() const { return tasks_; }
  // Lets the thread end as soon as nothing is left to wait for, and joins it. What is posted
  // afterwards never runs. Not on the loop's thread.
  void Finish();

 private:
  boost::asio::io_context io_{1};  // one thread
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::shared_ptr<TaskQueue> tasks_;
  std::thread thread_;
};

}  // namespace cairn::ipc
